"""Which models and scores the page shows."""

from __future__ import annotations

import sociophysics as sp

__all__ = ["MODELS", "SCORES"]

# Score to whether more is better.
SCORES = {
    "accuracy": True,
    "apre": True,
    "gmp": True,
    "brier": False,
    "ece": False,
    "auc": True,
    "auc_within": True,
}
MODELS = tuple(
    name.removeprefix("model_") for name in sp.glossary.GLOSSARY if name.startswith("model_")
)
