"""The JSON schema of scenario files, for editors."""

from __future__ import annotations

from typing import Any

from sociophysics.scenario.document import Scenario

__all__ = ["scenario_schema"]


def scenario_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a scenario file.

    Examples
    --------
    >>> sorted(scenario_schema()["required"])
    ['seed']
    """
    schema = Scenario.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A sociophysics scenario"
    schema["description"] = "A question put to a society: network, couplings, noise, feeds, sweep."
    sweep = schema["$defs"]["Sweep"]
    sweep["patternProperties"] = {r"^[a-z_]+(\.[A-Za-z0-9_]+)+$": sweep["additionalProperties"]}
    sweep["additionalProperties"] = False
    return schema
