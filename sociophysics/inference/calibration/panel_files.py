"""Panels in the three-file form: users, ties (of every wave, perhaps), stances by wave."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError, did_you_mean
from sociophysics.society import networks

__all__ = ["Source", "read_panel", "read_rows"]

DATA = ("network", "stances", "exposure", "treated", "camp")
NETWORK = ("path", "nodes", "camp", "coupling", "directed", "source", "target", "weight")
KEYS = (*NETWORK, "symmetrize")
TABLES = (".csv", ".tsv", ".parquet")
YEAR = 365.25  # days
YES, NO = {"1", "true", "yes", "1.0"}, {"0", "false", "no", "0.0"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """What the files say, users in the order of the network.

    Attributes
    ----------
    graphs : tuple of Graph
        One, or one per wave.
    stances : int8 array, shape (waves, n)
        0 where it is not known.
    times : float array, shape (waves,)
        Numbers of the waves, or days where ``dated``.
    labels : tuple of float
        Numbers of the waves.
    shown : array, shape (waves, n), or None
    treated : bool array, shape (n,), or None
    camp : str
        Node attribute of the camps.
    """

    graphs: tuple[nx.Graph, ...]
    stances: NDArray[np.int8]
    times: NDArray[np.float64]
    labels: tuple[float, ...]
    dated: bool = False
    shown: NDArray[np.float64] | None = None
    treated: NDArray[np.bool_] | None = None
    camp: str = "camp"


def read_panel(data: Mapping[str, Any], folder: Path | None = None) -> Source:
    """Return what a table ``[data]`` names.

    Parameters
    ----------
    data : mapping
        ``network`` (``path``, ``nodes`` and the other keys of networks of kind file), ``stances``
        (a table id, wave, stance, or a column of the users), perhaps ``exposure`` (id, wave,
        shown) and ``treated`` (a column of the users).
    folder : Path, optional
        What relative paths start from.

    Raises
    ------
    InputError
        A file or column that is not there or not understood, users whom the network does not
        have, waves out of order.
    """
    unknown = next((key for key in data if key not in DATA), None)
    if unknown is not None:
        raise InputError(f"{unknown} is not a key of [data]; {did_you_mean(unknown, DATA)}")
    network = data.get("network")
    if not isinstance(network, Mapping) or "path" not in network:
        raise InputError('[data] network is missing; give network = { path = "ties.csv" }.')
    keys = dict(network)
    keys.pop("kind", None)
    unknown = next((key for key in keys if key not in KEYS), None)
    if unknown is not None:
        raise InputError(f"{unknown} is not a key of [data] network; {did_you_mean(unknown, KEYS)}")
    camp = str(keys.pop("camp", "camp"))
    for key in ("path", "nodes"):
        if key in keys:
            keys[key] = str(_place(keys[key], folder))
    if "stances" not in data:
        return Source(
            graphs=_graphs(keys, None), stances=np.zeros((0, 0), np.int8), times=np.zeros(0),
            labels=(), camp=camp,
        )  # fmt: skip
    stances = data["stances"]
    if Path(str(stances)).suffix.lower() in TABLES:
        return _long(keys, _place(stances, folder), data, folder, camp)
    graphs = _graphs(keys, None)
    signs = [_sign(each, f"column {stances}") for each in _column(graphs[0], str(stances))]
    return Source(
        graphs=graphs, stances=np.array([signs], np.int8), times=np.zeros(1), labels=(1.0,),
        treated=_treated(graphs[0], data.get("treated")), camp=camp,
    )  # fmt: skip


def _long(
    keys: dict[str, Any], path: Path, data: Mapping[str, Any], folder: Path | None, camp: str
) -> Source:
    rows = read_rows(path, ("id", "wave", "stance"), optional=("date",))
    waves = _numbers(rows["wave"], path, "wave")
    _in_order(rows["id"], waves, path)
    labels = np.unique(waves)
    graphs = _graphs(keys, labels)
    users = {str(label): i for i, label in enumerate(graphs[0])}
    stances = np.zeros((labels.size, len(users)), np.int8)
    signs = [_sign(each, path.name) for each in rows["stance"]]
    stances[np.searchsorted(labels, waves), _users(rows, waves, users, path)] = signs
    times, dated = _times(rows, waves, labels, path)
    shown = None
    if "exposure" in data:
        shown = _exposure(_place(data["exposure"], folder), labels, users)
    return Source(
        graphs=graphs, stances=stances, times=times, labels=tuple(labels.tolist()), dated=dated,
        shown=shown, treated=_treated(graphs[0], data.get("treated")), camp=camp,
    )  # fmt: skip


def _place(path: object, folder: Path | None) -> Path:
    given = Path(str(path))
    if folder is not None and not given.is_absolute() and (folder / given).exists():
        return folder / given
    return given


def read_rows(
    path: Path, columns: tuple[str, ...], *, optional: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return some columns of a table as text, "" where there is nothing.

    Raises
    ------
    InputError
        No such file or column, or no rows.
    """
    try:
        networks.check_table(path)
        if path.suffix.lower() == ".parquet":
            from sociophysics.society.networks.parquet_tables import read_plain

            table = read_plain(path.read_bytes(), path.name).apply(_as_text)
        else:
            table = pd.read_csv(
                path, dtype=str, keep_default_na=False, encoding="utf-8-sig",
                sep="\t" if path.suffix.lower() == ".tsv" else ",",
            )  # fmt: skip
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; check the path.") from None
    except InputError:
        raise
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise InputError(f"{path.name} cannot be read ({error}); correct the file.") from None
    table.columns = [str(name).strip() for name in table.columns]
    for name in columns:
        if name not in table.columns:
            raise InputError(
                f"{path.name} has no column {name}; it has {', '.join(table.columns)}."
            )
    if table.empty:
        raise InputError(f"{path.name} has no rows; give at least one.")
    kept = [*columns, *(name for name in optional if name in table.columns)]
    return table[kept].apply(lambda column: column.str.strip())


def _as_text(column: pd.Series) -> pd.Series:
    """Return a column as texts, "" for nothing; rows that shared a text share it still."""
    texts = ["" if gone else str(value) for value, gone in zip(column, column.isna(), strict=True)]
    return pd.Series(texts, dtype=object)


def _numbers(column: pd.Series, path: Path, name: str) -> NDArray[np.float64]:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise InputError(
            f"{path.name}: row {bad[0] + 2} has {name} {column.iloc[bad[0]]!r}; give a number."
        )
    return np.asarray(numbers)


def _sign(text: object, place: str) -> int:
    """Return 1, -1, or 0 for a blank."""
    if text is None or (isinstance(text, float) and np.isnan(text)):
        return 0
    try:
        value = float(text) if str(text).strip() else 0.0  # type: ignore[arg-type]
    except ValueError:
        value = 2.0
    if value not in (-1.0, 1.0) and str(text).strip():
        raise InputError(f"{place} holds the stance {text!r}; allowed: 1, -1, or blank.")
    return int(value)


def _in_order(ids: pd.Series, waves: NDArray[np.float64], path: Path) -> None:
    """Refuse a user's rows that go back in time, or come twice."""
    table = pd.DataFrame({"id": ids.to_numpy(), "wave": waves})
    steps = table.groupby("id", sort=False)["wave"].diff()
    back = np.flatnonzero((steps <= 0).to_numpy())
    if not back.size:
        return
    row = table.iloc[back[0]]
    earlier = table["wave"][: back[0]][table["id"][: back[0]] == row["id"]]
    if (earlier == row["wave"]).any():
        raise InputError(
            f"{path.name}: user {row['id']!r} has two rows for wave {row['wave']:g}; give one."
        )
    raise InputError(
        f"{path.name}: waves are out of order: user {row['id']!r} has wave {row['wave']:g} after "
        f"wave {earlier.iloc[-1]:g}; sort the rows by wave."
    )


def _users(
    rows: pd.DataFrame, waves: NDArray[np.float64], users: Mapping[str, int], path: Path
) -> NDArray[np.int64]:
    found = rows["id"].map(users)
    missing = np.flatnonzero(found.isna())
    if missing.size:
        first = missing[0]
        raise InputError(
            f"{path.name}: user {rows['id'].iloc[first]!r} appears at wave {waves[first]:g}, but "
            "is not in the network; list everybody in its table of users (nodes)."
        )
    return np.asarray(found.to_numpy(dtype=np.int64))


def _times(
    rows: pd.DataFrame, waves: NDArray[np.float64], labels: NDArray[np.float64], path: Path
) -> tuple[NDArray[np.float64], bool]:
    """Return when the waves were: days where every wave has a date, else their numbers."""
    if "date" not in rows or (rows["date"] == "").all():
        return labels, False
    dated = rows.assign(wave=waves)[rows["date"] != ""]
    days = _days(dated["date"], path)
    spread = pd.DataFrame({"wave": dated["wave"].to_numpy(), "days": days}).groupby("wave")["days"]
    first, last = spread.min(), spread.max()
    if len(first) < labels.size:
        return labels, False
    for wave, next_wave in itertools.pairwise(labels):
        if last[wave] >= first[next_wave]:
            raise InputError(
                f"{path.name}: waves are out of order: wave {next_wave:g} has a date that is not "
                f"after that of wave {wave:g}; number waves in the order of time."
            )
    return np.asarray(spread.mean().to_numpy(dtype=np.float64)), True


def _days(column: pd.Series, path: Path) -> NDArray[np.float64]:
    if column.str.fullmatch(r"\d{4}").all():
        return np.asarray(column.astype(float).to_numpy() * YEAR)
    days = pd.to_datetime(column, errors="coerce", format="ISO8601")
    bad = np.flatnonzero(days.isna())
    if bad.size:
        raise InputError(
            f"{path.name} holds the date {column.iloc[bad[0]]!r}; write dates as 2026-11-30, or "
            "years as 2026."
        )
    return np.asarray((days - pd.Timestamp(0)) / pd.Timedelta(days=1), dtype=np.float64)


def _exposure(
    path: Path, labels: NDArray[np.float64], users: Mapping[str, int]
) -> NDArray[np.float64]:
    rows = read_rows(path, ("id", "wave", "shown"))
    waves = _numbers(rows["wave"], path, "wave")
    there = np.isin(waves, labels)
    if not there.all():
        raise InputError(f"{path.name} has wave {waves[~there][0]:g}, which has no stances.")
    who = _users(rows, waves, users, path)
    values = _numbers(rows["shown"].replace("", "0"), path, "shown")
    if (np.abs(values) > 1).any():
        raise InputError(f"{path.name} holds a mean stance beyond -1 to 1 in column shown.")
    shown = np.zeros((labels.size, len(users)))
    shown[np.searchsorted(labels, waves), who] = values
    return shown


def _column(graph: nx.Graph, name: str) -> list[Any]:
    found = nx.get_node_attributes(graph, name)
    if not found:
        known = sorted({key for _, each in graph.nodes(data=True) for key in each})
        raise InputError(f"{name} is not a column of the users; {did_you_mean(name, known)}")
    return [found.get(node) for node in graph]


def _treated(graph: nx.Graph, name: object) -> NDArray[np.bool_] | None:
    if name is None:
        return None
    values = [str(each).strip().lower() for each in _column(graph, str(name))]
    bad = next((each for each in values if each not in YES | NO), None)
    if bad is not None:
        raise InputError(f"the column {name} holds {bad!r}; give 1 or 0 for every user.")
    treated = np.array([each in YES for each in values])
    if treated.all() or not treated.any():
        raise InputError(f"the column {name} has one group only; a trial needs both.")
    return treated


def _graphs(keys: dict[str, Any], labels: NDArray[np.float64] | None) -> tuple[nx.Graph, ...]:
    """Return the network, or that of every wave where the ties have a column ``wave``."""
    path = Path(keys["path"])
    if labels is None or path.suffix.lower() not in (".csv", ".tsv") or not path.exists():
        return (networks.read(**keys),)
    networks.check_table(path)
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    ties = pd.read_csv(path, dtype=str, keep_default_na=False, sep=separator, encoding="utf-8-sig")
    if "wave" not in ties.columns:
        return (networks.read(**keys),)
    waves = _numbers(ties["wave"], path, "wave")
    ties = ties.drop(columns="wave")
    with tempfile.TemporaryDirectory() as folder:
        if "nodes" not in keys:
            # Everybody who is ever tied is there at every wave.
            ends = [keys.get("source") or "source", keys.get("target") or "target"]
            everybody = pd.unique(ties[ends].to_numpy().ravel())
            keys = {**keys, "nodes": str(Path(folder) / "users.csv")}
            pd.DataFrame({"id": everybody}).to_csv(keys["nodes"], index=False)
        graphs: list[nx.Graph] = []
        if not np.isin(labels[:-1], waves).any():
            raise InputError(f"{path.name} has ties of waves at which there are no stances.")
        for wave in labels:
            now = waves == wave
            if not now.any():
                graphs.append(_untied(graphs, keys, ties, folder, separator))
                continue
            file = Path(folder) / path.name
            ties[now].to_csv(file, index=False, sep=separator)
            graphs.append(networks.read(**{**keys, "path": str(file)}))
    return tuple(graphs)


def _untied(
    graphs: list[nx.Graph], keys: dict[str, Any], ties: pd.DataFrame, folder: str, separator: str
) -> nx.Graph:
    """Return the users without the ties, of a wave at which nobody is tied."""
    if not graphs:
        file = Path(folder) / "first.csv"
        ties[:1].to_csv(file, index=False, sep=separator)
        graph = networks.read(**{**keys, "path": str(file)})
    else:
        graph = graphs[0].copy()
    graph.clear_edges()
    return graph
