"""A finished run: its table, and the answers that are read off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.scenario.cases import declared_values
from sociophysics.statistics import holm, standard_error
from sociophysics.store import (
    Folder,
    Place,
    check_shape,
    open_store,
    place_of,
)
from sociophysics.study.results import comparison
from sociophysics.study.results.grid import Grid
from sociophysics.study.results.kept_run import manifest_in, scenario_of, table_in
from sociophysics.study.results.windows import Window, burn_in, constant_temperature, windows_of
from sociophysics.words import html_card, number_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sociophysics.scenario import Case, Scenario

__all__ = ["Run"]

EVENT_COLUMNS = ("design", "replica", "sweep", "event")


class Run:
    """What one scenario measured, and how its designs differ.

    Parameters
    ----------
    table : DataFrame
        One row per frame: ``design``, swept keys under their dotted names, ``replica``,
        ``sweep``, then one column per observable.
    manifest : mapping
        Scenario, hash, versions, seeds, kernel; ``users`` is the number of users.
    scenario : Scenario
    directory : path or str, optional
        The folder, or the address in an object store, where the run is kept.
    events : DataFrame, optional
        What acted when: interventions, replicas stopped early.
    """

    def __init__(
        self,
        *,
        table: pd.DataFrame,
        manifest: Mapping[str, Any],
        scenario: Scenario,
        directory: Place | None = None,
        events: pd.DataFrame | None = None,
    ) -> None:
        self.table = table
        self.manifest = dict(manifest)
        self.scenario = scenario
        self.directory = None if directory is None else place_of(directory)
        self.events = pd.DataFrame(columns=list(EVENT_COLUMNS)) if events is None else events
        self._compared: dict[str, pd.DataFrame] = {}

    def __repr__(self) -> str:
        designs, points, replicas = self.grid.shape
        return f"Run({designs} designs x {points} points x {replicas} replicas)"

    @classmethod
    def open(cls, directory: Place) -> Run:
        """Read a run from its folder, or an address such as ``s3://bucket/run``.

        Nothing in it is executed or unpickled.

        Raises
        ------
        InputError
            The folder, its manifest or its table is missing or damaged.
        """
        store = open_store(directory)
        if isinstance(store, Folder) and not store.path.is_dir():
            raise InputError(f"{store.place} is not a folder; give the output folder of a run.")
        manifest = manifest_in(store)
        table = table_in(store, "results.parquet")
        check_shape(store, manifest, "run")
        scenario = scenario_of(manifest, store)
        events = "events.parquet"
        return cls(
            table=table,
            manifest=manifest,
            scenario=scenario,
            directory=directory,
            events=table_in(store, events) if events in store.names() else None,
        )

    def sql(self, statement: str) -> pd.DataFrame:
        """Return what a SELECT of DuckDB's SQL finds in ``results`` and ``events``.

        Parameters
        ----------
        statement : str
            One SELECT. Swept keys have their dotted names, in double quotes. To read a run that
            is on disk without loading it: ``sp.study.query``.

        Raises
        ------
        InputError
            The statement is not one SELECT or not valid, or DuckDB (the extra ``sql``) is missing.
        """
        from sociophysics.study.queries import query_frames

        return query_frames({"results": self.table, "events": self.events}, statement)

    def plot(
        self,
        observable: str,
        *,
        along: str | None = None,
        at: Mapping[str, Any] | None = None,
        axes: Axes | None = None,
    ) -> Axes:
        """Draw an observable: one line per design, with 95 % bands over replicas.

        Parameters
        ----------
        observable : str
            One that was recorded, or a statistic such as ``susceptibility``.
        along : str, optional
            A swept key with numbers, or ``"sweep"`` for the course of time; the first swept key
            by default.
        at : mapping, optional
            Values of the other swept keys; those that the scenario declares by default.
        axes : matplotlib Axes, optional
            Drawn into; a new figure by default.

        Returns
        -------
        matplotlib Axes
            To be changed as any other.

        Raises
        ------
        InputError
            The run recorded no such observable, or swept no such key or value.
        """
        from sociophysics.study.results.plots import draw

        return draw(self, observable, along=along, at=at, axes=axes)

    def users(
        self,
        design: str | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        replicas: Sequence[int] | None = None,
    ) -> pd.DataFrame:
        """Return the users by name with their attributes and their stances at the end.

        A run keeps no stances: one case is computed again, and held against the run's table.

        Parameters
        ----------
        design : str, optional
            The first by default.
        at : mapping, optional
            Values of swept keys; those that the scenario declares by default.
        replicas : sequence of int, optional
            All by default.

        Returns
        -------
        DataFrame
            A row per user: the attributes, ``stance_0``, ``stance_1``, ... per replica, and
            ``mean_stance``.

        Raises
        ------
        InputError
            No such design, point or replica, or files or code that are no longer the run's.
        """
        from sociophysics.study.results.final_stances import final_users

        return final_users(self, design, at, replicas)

    def walls(
        self,
        design: str | None = None,
        *,
        at: Mapping[str, Any] | None = None,
        replica: int = 0,
    ) -> pd.DataFrame:
        """Return the ties on which stances stand against the tie's sign, the strongest first.

        Parameters
        ----------
        design, at
            As for ``users``.
        replica : int

        Returns
        -------
        DataFrame
            Columns ``user``, ``other``, ``stance``, ``stance_of_other``, ``coupling``; of a
            directed tie ``user`` is who listens.

        Raises
        ------
        InputError
            As ``users``.
        """
        from sociophysics.study.results.final_stances import final_walls

        return final_walls(self, design, at, replica)

    def _repr_html_(self) -> str:
        designs, points, replicas = self.grid.shape
        size = (
            f"{number_of(designs, 'design')}, {number_of(points, 'swept point')}, "
            f"{number_of(replicas, 'replica')}"
        )
        rows = {
            "question": self.scenario.question,
            "size": size,
            "observables": ", ".join(self.observables),
            "folder": "in memory" if self.directory is None else str(self.directory),
        }
        return html_card(self.scenario.title or self.scenario.name, rows)

    @cached_property
    def grid(self) -> Grid:
        """The table as an array of designs, swept points and replicas, for the last window."""
        return self._grids[-1]

    @cached_property
    def _grids(self) -> tuple[Grid, ...]:
        """One grid per window, in order of time; the last holds the whole table."""
        document, n = self.scenario.canonical(), self.manifest.get("users")
        windows = windows_of(document)

        def grid(table: pd.DataFrame, place: int) -> Grid:
            def first(design: str, point: dict[str, Any]) -> int:
                found = windows(point)
                alone = len(found) == 1
                return burn_in(document, design, point) if alone else found[place].first

            return Grid(
                table=table,
                burn_in=first,
                temperature=lambda design, point: constant_temperature(document, design, point),
                n=n,
            )

        last = grid(self.table, -1)
        found = [windows(last.point(k)) for k in range(len(last.points))]
        most = max(map(len, found))
        grids = [last]
        for place in range(2, most + 1):
            ends = np.array([w[-place].last if len(w) >= place else -1.0 for w in found])
            rows = self.table["sweep"].to_numpy() <= ends[last.point_of_row]
            grids.insert(0, grid(self.table[rows], -place))
        return tuple(grids)

    def windows(self, point: Mapping[str, Any] | None = None) -> tuple[Window, ...]:
        """Return the stretches of time that have a mean each, at one swept point.

        Acts and the turns of schedules end a window; a run without either has one.
        """
        return windows_of(self.scenario.canonical())(dict(point or {}))

    def cases(self, point: Mapping[str, Any]) -> list[Case]:
        """Return the case of every design at one swept point."""
        changes = {f"sweep.{key}": [value] for key, value in point.items()}
        return self.scenario.replace(changes).cases() if changes else self.scenario.cases()

    @cached_property
    def declared(self) -> dict[str, Any]:
        """The swept point that the scenario's own tables declare, where answers stand.

        The first swept value of a key that declares none, or one that is not in the table.
        """
        values = declared_values(self.scenario.canonical(), self.swept)
        point = {}
        for key in self.swept:
            there = self.grid.points[key]
            point[key] = there.iloc[0]
            if key in values and (there == values[key]).any():
                point[key] = there[there == values[key]].iloc[0]
        if not (self.grid.points == pd.Series(point)).all(axis=1).any():
            return self.grid.point(0)
        return point

    @property
    def designs(self) -> list[str]:
        """Names of the designs; the first is the reference."""
        return self.grid.designs

    @property
    def swept(self) -> list[str]:
        """Dotted names of the swept keys."""
        return self.grid.keys

    @property
    def observables(self) -> list[str]:
        """Names of the recorded observables."""
        return self.grid.observables

    @property
    def statistics(self) -> list[str]:
        """Names of the statistics of the magnetization's series that the table allows."""
        return self.grid.statistics

    def compare(self, observable: str, *, p_values: bool = False) -> pd.DataFrame:
        """Return each design against the reference (the first design), paired by replica.

        One number per replica: the mean over the recorded frames of a window in which the
        observable is defined; a replica stopped before it counts with its last frame. Without
        interventions and schedules the window is what follows the burn-in; with them there is one
        row per window, in order of time (`windows`). For a statistic of a series (`statistics`)
        it is that statistic over the same frames.

        Parameters
        ----------
        observable : str
            One of `observables` or `statistics`.
        p_values : bool
            Fill ``p_holm``.

        Returns
        -------
        DataFrame
            ``design``, swept keys, ``observable``, ``replicas``, ``mean`` and ``sd`` over
            replicas, ``difference`` to the reference with its paired 95 % interval (``low``,
            ``high``), ``effect`` = difference over the spread between the reference's users
            (NaN where the observable is no mean over users), and ``p_holm``: NaN, or corrected
            over all rows of this observable. Then ``in_units`` and ``unit``, the difference in
            natural units; ``spread`` between users; the ``window`` and its sweeps ``from`` and
            ``to``; ``early`` and ``late``, the means of its halves; ``settled``: "yes", "no" if
            the observable still moves, "driven" if a schedule moves it, "unknown"; the two states
            ``lower`` and ``upper`` that replicas are in, if they are, and the ``share`` of them
            in the upper one with its exact interval (of an observable with a sign, the states of
            its size). Rows of the
            reference have NaN for what compares with it.

        Raises
        ------
        InputError
            The observable was not recorded; the sentence lists what was.
        """
        if observable not in self._compared:
            self._compared[observable] = self._compare(observable)
        rows = self._compared[observable].copy()
        p = rows.pop("p")
        place = list(rows.columns).index("effect") + 1
        rows.insert(place, "p_holm", holm(p) if p_values else np.nan)
        return rows

    def _compare(self, observable: str) -> pd.DataFrame:
        windows = windows_of(self.scenario.canonical())
        camps = len(self.manifest.get("camps") or ()) or 2
        found: list[pd.DataFrame] = []
        for place, grid in enumerate(reversed(self._grids), start=1):

            def window(point: dict[str, Any], place: int = place) -> Window:
                return windows(point)[-place]

            found.insert(0, comparison.compare(grid, observable, window=window, camps=camps))
        if len(found) == 1:
            return found[0]
        rows = pd.concat(found, ignore_index=True)
        # Designs, points and windows stay in the order in which they first appear.
        last = found[-1]
        order = {tuple(cell): k for k, cell in enumerate(last[["design", *self.swept]].to_numpy())}
        cells = [order[tuple(cell)] for cell in rows[["design", *self.swept]].to_numpy()]
        return rows.iloc[np.argsort(cells, kind="stable")].reset_index(drop=True)

    def replicas_of(self, observable: str, rows: pd.DataFrame) -> list[NDArray[np.float64]]:
        """Return the numbers of the replicas behind rows of `compare`, one array per row."""
        places = []
        for grid in self._grids:
            points = {tuple(cell): k for k, cell in enumerate(grid.points.to_numpy(dtype=object))}
            places.append((grid, points, grid.values(observable)))
        counted = rows.groupby(["design", *self.swept], sort=False).cumcount(ascending=False)
        found = []
        for row, back in zip(rows.to_dict("records"), counted, strict=True):
            grid, points, values = places[-1 - back]
            d = grid.designs.index(row["design"])
            k = points[tuple(row[key] for key in self.swept)]
            found.append(values[d, k, grid.present[d, k]])
        return found

    @cached_property
    def claims(self) -> pd.DataFrame:
        """What became of the scenario's claims, one row each, in the order of the file.

        Columns ``text``, ``verdict`` (holds, fails, undecided), ``number`` over the replicas with
        its 95 % interval (``low``, ``high``), ``replicas``, ``relation`` and ``bound``, what it is
        compared with.
        """
        from sociophysics.study.results.verdicts import Verdict, verdicts

        return pd.DataFrame(verdicts(self), columns=list(Verdict._fields))

    def compare_all(self, *, p_values: bool = False) -> pd.DataFrame:
        """Return `compare` of every observable, then of every statistic, as one table."""
        names = [*self.observables, *self.statistics]
        if not names:
            raise InputError("this run recorded no observable; add names to [observe] and rerun.")
        tables = [self.compare(name, p_values=p_values) for name in names]
        return pd.concat(tables, ignore_index=True)

    def melting(
        self, observable: str = "camp_polarization", along: str = "dynamics.temperature"
    ) -> pd.DataFrame:
        """Return where each design's camps melt: half of the largest mean, zero being mixed.

        The first swept value at which the mean over replicas falls through half its largest
        value along the sweep, interpolated linearly. The interval reaches from the last value at
        which the mean is clearly above half to the first at which it is clearly below (95 %
        `mean_interval` of each replica's value minus half of its own at the largest mean): it
        holds the noise of the replicas and the spacing of the sweep, between whose values nothing
        was simulated. Sweep finer around it for a narrower one.

        Parameters
        ----------
        observable : str
            0 means mixed, e.g. camp_polarization.
        along : str
            A swept key with numbers.

        Returns
        -------
        DataFrame
            ``design``, the other swept keys, the value under the last part of the key's name
            (``temperature``), ``low``, ``high``, ``note``. NaN with a note where it is not
            reached: "above 1.1" if more than half is left at the end of the sweep, "never held
            apart" if the largest mean does not exceed three standard deviations of fair coins,
            ``3 / sqrt(users)``, by its 95 % interval (corrected for picking the largest).

        Raises
        ------
        InputError
            ``along`` was not swept, or the observable not recorded.
        """
        return comparison.melting(self.grid, observable, along=along)

    def series_statistics(self) -> pd.DataFrame:
        """Return susceptibility, Binder cumulant and autocorrelation time of the magnetization.

        Susceptibility and Binder cumulant are those of the moments of all replicas together, with
        the jackknife over replicas for bias and error (`statistics.pseudo_values`); the
        autocorrelation time is the mean of each replica's.

        Returns
        -------
        DataFrame
            ``design``, swept keys, ``statistic``, ``replicas``, ``mean``, ``standard_error``
            (NaN for one replica). No rows if neither ``magnetization`` nor
            ``abs_magnetization`` was recorded. Susceptibilities are NaN where the temperature
            changes with time or is 0.
        """
        grid = self.grid
        rows: list[dict[str, Any]] = []
        for name in grid.statistics:
            values = grid.values(name)
            for d, k in np.ndindex(values.shape[:2]):
                own = values[d, k, grid.present[d, k]]
                if own.size:
                    row = {"design": grid.designs[d], **grid.point(k), "statistic": name}
                    numbers = {"mean": own.mean(), "standard_error": standard_error(own)}
                    rows.append(row | {"replicas": own.size, **numbers})
        columns = ["design", *grid.keys, "statistic", "replicas", "mean", "standard_error"]
        return pd.DataFrame(rows, columns=columns)
