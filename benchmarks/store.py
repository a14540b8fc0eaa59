"""Measurements, written to a file as they land, so that a run that was cut short goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Store:
    """Records by section, in one JSON file; ``path=None`` keeps them in memory only."""

    def __init__(self, path: Path | None = None, *, resume: bool = False) -> None:
        self.path = path
        self.sections: dict[str, list[Record]] = {}
        if resume and path is not None and path.exists():
            self.sections = json.loads(path.read_text(encoding="utf-8"))

    def section(self, name: str) -> list[Record]:
        """Return the records of a section."""
        return self.sections.setdefault(name, [])

    def has(self, name: str, /, **keys: Any) -> bool:
        """Return whether a section holds a record with these values."""
        return bool(self.find(name, **keys))

    def find(self, name: str, /, **keys: Any) -> list[Record]:
        """Return the records of a section with these values."""
        wanted = keys.items()
        return [record for record in self.section(name) if wanted <= _plain(record).items()]

    def drop(self, name: str, /, **keys: Any) -> None:
        """Forget the records of a section with these values, of a measurement cut short."""
        found = [id(record) for record in self.find(name, **keys)]
        self.sections[name] = [r for r in self.section(name) if id(r) not in found]

    def add(self, name: str, /, **record: Any) -> None:
        """Add a record, and write the file."""
        self.section(name).append(record)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(self.sections, indent=1), encoding="utf-8")
            part.replace(self.path)


def _plain(record: Record) -> Record:
    return {key: value for key, value in record.items() if not isinstance(value, (list, dict))}
