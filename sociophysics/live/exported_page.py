"""``sp.export``: a society in one HTML file, whose reader changes what acts on it and watches.

The page needs no server and asks nobody for anything; its kernel is the Python engine's, draw for
draw (``exported/kernel.js``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sociophysics.arguments import asks
from sociophysics.errors import InputError
from sociophysics.live.exported_society import society
from sociophysics.machine import given_path
from sociophysics.report.html import escape, save

if TYPE_CHECKING:
    from sociophysics.scenario import Scenario

__all__ = ["export"]

SOCIETY = '<script id="society" type="application/json">'  # by which a page is known
FILES = Path(__file__).parent / "exported"
EXPLAINED = (
    "A dot is a user: filled for, a ring against. Each sweep draws as many users as there are; who "
    "is drawn listens to friends and opponents and to the feed, and takes a stance by chance, more "
    "surely the lower the temperature. The feed looks at the stances once a sweep.",
    "The page computes what the Python package computes, flip by flip. “Take it home” saves a "
    "scenario of what you did; <code>sociophysics run FILE</code> repeats it to the same stances.",
    "A model shows what could follow from its rules. It does not say what people will do.",
)


@asks
def export(scenario: Scenario, file: str | Path, *, design: str | None = None) -> Path:
    """Write a society as a page whose reader changes feed, strength and temperature.

    Parameters
    ----------
    scenario : Scenario
        Of at most 5,000 users, the heat bath, and no interventions: its reader acts.
    file : path
        Ends in ``.html``; appears whole or not at all. An earlier page is replaced, no other file.
    design : str, optional
        The design that the page begins with, the first by default; the feeds of designs that
        differ in nothing else are offered beside the usual ones.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        The page's kernel cannot repeat the scenario, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from sociophysics.scenario import CROWD, Scenario
    >>> crowd = Scenario.from_toml(CROWD)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export(crowd, f"{folder}/crowd.html").name
    'crowd.html'
    """
    if given_path(file, "the page").suffix.lower() not in (".html", ".htm"):
        raise InputError(f"the file is {str(file)!r}; give a name that ends in .html.")
    _require_ours(Path(file))
    text = _page(society(scenario, design))
    try:
        return save(text, file)
    except OSError as error:
        raise InputError(
            f"{file} cannot be written: {error.strerror or error}; give another place."
        ) from None


def _require_ours(file: Path) -> None:
    """Raise if something is there that is no exported page."""
    try:
        ours = not os.path.lexists(file) or (
            file.is_file() and SOCIETY.encode() in file.read_bytes()
        )
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror or error}; give another place."
        ) from None
    if not ours:
        raise InputError(
            f"{file} exists and is no page of export, and nothing is overwritten; give "
            "another name."
        )


def _page(told: dict[str, Any]) -> str:
    style = _text("page.css")
    script = _text("kernel.js") + _text("page.js")
    allowed = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    # Nothing in the data may end the element that holds them.
    data = json.dumps(told, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    left_out = "".join(f"<li>{escape(each)}</li>" for each in told["left_out"])
    more = f"<p>Feeds that are not offered here:</p><ul>{left_out}</ul>" if left_out else ""
    about = "".join(f"<p>{each}</p>" for each in EXPLAINED)
    question = f'<p class="question">{escape(told["question"])}</p>' if told["question"] else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(told['title'])}</title><style>{style}</style></head>\n<body><main>\n"
        f"<h1>{escape(told['title'])}</h1>{question}\n{BODY}"
        f"<details><summary>What this is</summary>{about}{more}</details>\n</main>\n"
        f"{SOCIETY}{data}</script>\n"
        f"<script>{script}</script></body></html>\n"
    )


def _text(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


BODY = """<div class="split">
<section class="stage" aria-label="The society">
<canvas id="network" role="img" aria-label="The network: users and their ties"></canvas>
<p class="key"><span><i class="up"></i>for</span><span><i class="down"></i>against</span></p>
<canvas id="course" role="img" aria-label="The course of time: shares in percent"></canvas>
</section>
<section class="controls" aria-label="What acts">
<div class="pair"><button id="run" class="first" type="button">Run</button>
<button id="step" type="button">One sweep</button></div>
<label>Feed<select id="feed"></select></label>
<label><span>Strength of the feed<output id="strength-said" for="strength"></output></span>
<input id="strength" type="range"></label>
<label><span>Temperature (noise)<output id="temperature-said" for="temperature"></output></span>
<input id="temperature" type="range"></label>
<label>Speed<select id="speed"></select></label>
<label>Another course<select id="replica"></select></label>
<div class="pair"><button id="again" type="button">Start again</button>
<button id="take" type="button">Take it home</button></div>
<dl id="numbers"></dl>
<p id="said" class="hidden" role="status" aria-live="polite"></p>
</section></div>
"""
