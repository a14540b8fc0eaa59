"""Short parts of one shape are parsed once, and every one of them is checked bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sociophysics.scenario import Scenario
from sociophysics.store import Folder
from sociophysics.study import alike, plan
from sociophysics.study import parts as run_parts
from sociophysics.study.alike import Forms
from sociophysics.study.parts import CorruptPart, PartColumns, read_columns, read_part
from tests.ensemble_stub import simulate


@pytest.fixture
def kept(scenario: Scenario, tmp_path: Path) -> tuple[Folder, list[run_parts.Part]]:
    """Return the store of all parts of the small run, written as runs write them."""
    store, parts = Folder(tmp_path), list({each.name: each for each in plan(scenario)}.values())
    (tmp_path / "parts").mkdir()
    for part in parts:
        data = run_parts.PartData(*simulate(part.settings, part.replicas))
        data.table.iloc[0, -1] = [np.nan, np.inf, -0.0, 5e-324][len(part.point) % 4]
        run_parts.write_part(store, part, data)
    return store, parts


def test_files_of_one_shape_are_parsed_once_and_read_the_same(
    kept: tuple[Folder, list[run_parts.Part]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, parts = kept
    alone = {part.name: read_part(store, part) for part in parts}
    parsed: list[int] = []
    real = run_parts._decoded

    def decoded(data: bytes, forms: Forms | None) -> tuple[run_parts.Columns, bytes]:
        parsed.append(len(data))
        return real(data, forms)

    monkeypatch.setattr(run_parts, "_decoded", decoded)
    for part, found in read_columns(store, parts):
        assert isinstance(found, PartColumns)
        table = pd.DataFrame(found.columns)
        pd.testing.assert_frame_equal(table, alone[part.name].table, check_exact=True)
        assert found.events == alone[part.name].events
    assert (
        len(parsed)
        == len({(Path(store.path) / "parts" / f"{p.name}.parquet").stat().st_size for p in parts})
        < len(parts) / 4
    )


def test_no_flipped_bit_of_a_part_of_a_known_shape_goes_unseen(
    kept: tuple[Folder, list[run_parts.Part]],
) -> None:
    store, parts = kept
    first, second = (part for part in parts if len(part.replicas) == 5), None
    first, second = next(first), next(first)
    forms = Forms()
    run_parts._parsed(first, store.read(run_parts.file_of(first.name)), forms)
    whole = store.read(run_parts.file_of(second.name))
    right = run_parts._parsed(second, whole, forms)
    unseen = []
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        try:
            found = run_parts._parsed(second, bytes(flipped), forms)
        except CorruptPart:
            continue
        unseen.append(place)
        assert found.events == right.events
        for name, values in right.columns.items():
            np.testing.assert_array_equal(found.columns[name], values)
    # What Parquet itself does not look at, such as its version's name.
    assert len(unseen) < len(whole) / 5


def test_a_part_of_another_name_or_of_an_older_writer_is_read_as_before(
    kept: tuple[Folder, list[run_parts.Part]],
) -> None:
    store, parts = kept
    five = [part for part in parts if len(part.replicas) == 5]
    forms = Forms()
    run_parts._parsed(five[0], store.read(run_parts.file_of(five[0].name)), forms)
    with pytest.raises(CorruptPart, match="another part"):
        run_parts._parsed(five[1], store.read(run_parts.file_of(five[0].name)), forms)
    older = store.path / "older.parquet"
    arrow = pq.read_table(store.path / run_parts.file_of(five[1].name))
    for keys in ({}, {"compression": "none", "use_dictionary": False}, {"row_group_size": 7}):
        pq.write_table(arrow, older, write_page_checksum=True, **keys)
        forms = Forms()
        for _ in range(2):  # its own form is learned, or not, by the first reading
            found = run_parts._parsed(five[1], older.read_bytes(), forms)
            for name, values in found.columns.items():
                np.testing.assert_array_equal(values, arrow[name].to_numpy())


def test_forms_stay_few(
    kept: tuple[Folder, list[run_parts.Part]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "MOST", 4)
    store, parts = kept
    forms = Forms()
    for length in range(9):
        events = [{"sweep": 1, "kind": "heat", "replica": None, "why": "x" * length}]
        data = run_parts.PartData(simulate(parts[0].settings, parts[0].replicas)[0], events)
        run_parts.write_part(store, parts[0], data)
        assert (
            run_parts._parsed(parts[0], store.read(run_parts.file_of(parts[0].name)), forms).events
            == events
        )
    assert len(forms._forms) == 4
