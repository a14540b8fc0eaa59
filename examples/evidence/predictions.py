"""What the model predicts for each study of the table of evidence, beside what was found.

Two camps of 500 with 22.6 % of ties across, mean degree 20, identity field .4, T = 1.2; each
study's change of feed is a trial on 10 % of the users. Nothing is fitted to what was found.
`python examples/evidence/predictions.py` prints the table of docs/evidence.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sociophysics as sp

SOCIETY = """
seed = 2026
network = {kind = "planted_partition", n = 1000, communities = 2, k_in = 15.48, k_out = 4.52}
couplings = {kind = "uniform", normalize = "degree"}
field = {kind = "camps", values = [0.4, -0.4]}
dynamics = {temperature = 1.2, sweeps = 300, start = "camps"}
observe = {every = 5}
feed = {kind = "chronological", strength = 0.3}
trial = {at = 60, settle = 60, share = [0.1], treatment = {hold = 1}, outcome = ["own_side"]}
sweep = {replicas = 8}
"""


class Study(NamedTuple):
    """One study: its name, what was done in the model's words, and what was found."""

    name: str
    control: dict[str, Any]
    treatment: dict[str, Any]
    found: str
    verdict: str


def feed(kind: str, **keys: Any) -> dict[str, Any]:
    """Return the table of a feed of strength .3."""
    return {"kind": kind, "strength": 0.3, **keys}


STUDIES = (
    Study(
        "Nyhan et al. 2023",
        feed("diversity", epsilon=0.463),
        {"feed": feed("diversity", epsilon=0.638)},
        "like-minded .537 to .362 (recalled); attitudes: none of 8 moved, "
        ".12 SD excluded (recalled)",
        "inside the bound; 7 of 8 estimates lie within .03 (recalled), the model's just outside",
    ),
    Study(
        "Guess et al. 2023 (chronological feed)",
        feed("engagement"),
        {"feed": feed("chronological")},
        "no significant change of polarization",
        "agrees",
    ),
    Study(
        "Guess et al. 2023 (no reshares)",
        feed("popularity", alpha=1.0),
        {"feed": feed("chronological")},
        "no significant change of attitudes",
        "agrees only if an effect this small counts as none",
    ),
    Study(
        "Milli et al. 2025",
        feed("chronological"),
        {"feed": feed("engagement")},
        "in-group perception +.081 SD, out-group -.171 SD after a tweet",
        "other outcomes; direction agrees",
    ),
    Study(
        "Piccardi et al. 2025",
        feed("outrage"),
        {"feed": {"kind": "none"}},
        "warmth to the other party +2 of 100 degrees",
        "other outcome; direction agrees",
    ),
    Study(
        "Levy 2021",
        feed("diversity", epsilon=0.3),
        {"feed": feed("diversity", epsilon=0.4)},
        "affective polarization -1 of 100 degrees, -.03 SD (recalled); opinions: none",
        "size agrees with the former (its interval holds -.03), MISS for opinions",
    ),
    Study(
        "Bail et al. 2018",
        feed("chronological"),
        {"feed": feed("bridging")},
        "Republicans further apart, +.11 to +.59 SD (recalled); Democrats: none",
        "MISS: the opposite direction; no user of the model moves away from what is shown",
    ),
    Study(
        "Stray et al. 2026",
        feed("engagement"),
        {"feed": feed("bridging")},
        "affective polarization -.03 SD",
        "direction agrees; MISS: more than twice as large",
    ),
    Study(
        "Brady et al. 2026",
        feed("engagement"),
        {"feed": feed("diversity")},
        "diversified against engagement: -.065 (relative) of intergroup content",
        "other outcome",
    ),
)


def effects(study: Study) -> dict[str, float]:
    """Return direct and total effect in SD with the direct one's interval, and the multiplier."""
    scenario = sp.Scenario.from_toml(SOCIETY).replace(
        {"feed": study.control, "trial.treatment": study.treatment}
    )
    table = sp.experiments.trial(scenario, workers=1).effects.set_index(["estimand", "share"])
    direct, total = table.loc[("direct", 0.1)], table.loc[("total", 1.0)]
    return {
        "direct": direct["value_sd"],
        "low": direct["low_sd"],
        "high": direct["high_sd"],
        "total": total["value_sd"],
        "multiplier": table.loc[("multiplier", 1.0)]["value"],
    }


def lines(studies: Sequence[Study] = STUDIES) -> Iterator[str]:
    """Yield the rows of the table in Markdown."""
    direct = "direct, 10 % treated (SD of own side)"
    yield f"| study | in the model | {direct} | total | found | verdict |"
    yield "|---|---|---|---|---|---|"
    for study in studies:
        e = effects(study)
        to = study.treatment["feed"]["kind"]
        way = f"{study.control['kind']} to {to}"
        if study.control["kind"] == to:
            way += f" ({study.control['epsilon']} to {study.treatment['feed']['epsilon']})"
        direct = f"{e['direct']:+.3f} [{e['low']:+.3f}, {e['high']:+.3f}]"
        cells = (study.name, way, direct, f"{e['total']:+.3f}", study.found, study.verdict)
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print("\n".join(lines()))
