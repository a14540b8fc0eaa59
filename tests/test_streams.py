"""No two things are drawn from one stream, unless it is said here why they may be."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import networkx as nx
import numpy as np

import sociophysics as sp
from sociophysics.experiments.avalanches import _random_fields
from sociophysics.streams import PURPOSES

PACKAGE = Path(sp.__file__).parent

# (purpose, words after it): why several places may draw from it.
SHARED = {
    ("dynamics", 1): "kernels of one trajectory, and cascades, whose copies have its noise",
    ("feed", 1): "one trajectory, and cascades, which show what it shows",
    ("interventions", 2): "cascades choose the seeds that the ordinary run chooses",
    ("couplings", 1): "kinds of couplings, of which a society has one",
    ("adoption", 0): "one simulated course, and many side by side in place of one",
    ("calibration", 1): "ways of a calibration: the panel's by counter, the summaries' by PCG64",
    ("fit", 0): "each fit hides cells, or leaves out roll calls, of its own data",
    ("null", 1): "each measure shuffles data of its own",
    ("trial", 2): "clusters by replica, and chances of exposure under a name of their own",
    ("null", 0): "each measure shuffles data of its own",
    ("observables", 0): "each measure samples objects of its own",
    ("bootstrap", 0): "each estimate resamples data of its own",
    ("bootstrap", 1): "each fit resamples data of its own",
    ("fit", 1): "each fit hides cells of its own data",
    ("start", 1): "trajectories, and chains that are cooled or tempered in place of one",
    ("start", 0): "chains of one fit each; trajectories start with their replica's number",
}
MODULES = {("couplings", 1): {"society/couplings.py", "society/glasses.py"}}  # nowhere else


def uses() -> dict[tuple[str, int], set[str]]:
    """Return where each stream is made, by purpose and number of further words."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            purpose = node.args[1]
            known = isinstance(purpose, ast.Constant) and purpose.value in PURPOSES
            if name in ("generator", "key", "sequence") and known:
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                found[purpose.value, len(node.args) - 2].add(place)
    return found


def test_what_draws_from_a_stream_that_something_else_draws_from_is_known() -> None:
    for stream, places in uses().items():
        modules = {place.split(":")[0] for place in places}
        assert len(places) == 1 or stream in SHARED, (stream, sorted(places))
        assert modules <= MODULES.get(stream, modules), (stream, sorted(places))


def test_the_scan_finds_the_streams() -> None:
    found = uses()
    assert len(found[("couplings", 1)]) == 7
    assert found[("fields", 1)] == {next(iter(found[("fields", 1)]))}
    assert len(found) > 15
    assert len(set(PURPOSES.values())) == len(PURPOSES)


def test_random_fields_and_random_couplings_of_one_seed_are_unrelated() -> None:
    n = 4000
    for replica in (None, 0, 3):
        couplings = sp.couplings.gaussian(nx.path_graph(n + 1), seed=5, replica=replica)
        drawn = couplings.J.diagonal(1)
        fields = _random_fields(n, 1.0, 5, replica)
        assert abs(np.corrcoef(drawn, fields)[0, 1]) < 4.5 / np.sqrt(n)
