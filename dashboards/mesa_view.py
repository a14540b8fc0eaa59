"""``SpinModel`` in Mesa's own SolaraViz: ``python -m dashboards.serve --app dashboards.mesa_view``.

For readers who know Mesa. The model is made inside ``Page``: one that is made when the module is
loaded would be shared, and stepped, by everyone who opens the page.
"""

from __future__ import annotations

from typing import Any

import solara
from mesa.visualization import SolaraViz, make_plot_component

import sociophysics as sp

__all__ = ["Page"]

SLIDERS: dict[str, dict[str, Any]] = {
    "n": {"type": "SliderInt", "value": 400, "label": "Users", "min": 50, "max": 2000, "step": 50},
    "temperature": {
        "type": "SliderFloat", "value": 1.0, "label": "Noise (temperature)",
        "min": 0.1, "max": 6.0, "step": 0.1,
    },
    "feed": {
        "type": "Select", "value": "none", "label": "Feed",
        "values": ["none", "chronological", "engagement", "bridging"],
    },
    "strength": {
        "type": "SliderFloat", "value": 0.5, "label": "Strength of the feed",
        "min": 0.0, "max": 3.0, "step": 0.1,
    },
    "rng": {"type": "SliderInt", "value": 1, "label": "Seed", "min": 0, "max": 1000, "step": 1},
}  # fmt: skip
OBSERVED = ("magnetization", "camp_polarization", "edge_agreement")


@solara.component
def Page() -> None:
    """Show the model, one per browser."""
    first = {name: slider["value"] for name, slider in SLIDERS.items()}
    model = solara.use_memo(lambda: sp.mesa_model.SpinModel(observe=OBSERVED, **first), [])
    SolaraViz(
        model,
        components=[make_plot_component(name) for name in OBSERVED],
        model_params={**SLIDERS, "observe": OBSERVED},
        name="A society as a spin system",
    )
