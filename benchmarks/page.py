"""``docs/benchmarks.md`` from the measurements."""

from __future__ import annotations

from statistics import median

from benchmarks.graphs import GRAPHS, LEVELS, TABLES
from benchmarks.store import Record, Store
from benchmarks.targets import BEST, broken, cost, figures, targets

FIGURE = "images/benchmark_rates.png"
PREFACE = """# Benchmarks

Written by `make bench`; do not edit. Rates are millions of attempted single-user updates per
second (M updates/s) on one core, by processor time, so that waiting for a busy core does not
count; sharing its caches does. Every number is the median of {rounds} rounds, with the range
over them. Rounds of all packages alternate, each package in a process of its own, all from the
same graph and the same stances. What a package spends on converting its input is not counted.
On a shared machine differences below a third mean little.
"""
SAME_LAW = """Speed is worth nothing if another law is sampled, so each entry is first run on a
few users whose law is known exactly: 8 users with signs +-1, 8 users with real weights and fields
(where it has them), or a 3 x 3 torus. *Law*: p-value (chi-squared) of the joint stances of all
users in {short:,} independent runs, two sweeps after everybody was at +1, against the exact law of
the order and rule it claims; far from equilibrium, so this tests the dynamics. *Energy* and
*users*: after 60 sweeps, {long:,} runs, how many standard errors the mean energy is off
Boltzmann's, and the mean stance of the user who is furthest off. A right sampler fails a line with
probability 1e-4.
"""
LAW_NOTES = """
- A permutation updates everybody once per sweep in a new random order; sequential is by label,
  or by color in thrml. Each is another dynamics with the same equilibrium.
- Heat bath and Metropolis differ in the flip probability at the same equilibrium.
- openjij's generator hardly tells seeds apart in its first draws; the check warms it up first.
- peapods shows no stances, so only its energy is checked.
"""
RATES = """Entries are ordered by their rate at the critical temperature; *ours* is how many times
faster the {best} kernel is there (below 1: that entry wins). The energy per user after the rounds
shows that all are in the same state, up to its fluctuations; other orders relax at another pace.
A voter model means that
the package has no Ising dynamics: it is another model, and only its time per update is compared.
"""
COLUMNS = "| entry | order | low | crit | high | ours, crit | energy, crit |"


def build(store: Store) -> str:
    """Return the page."""
    about = store.section("about")[-1]
    lines = [
        PREFACE.format(rounds=about["rounds"]),
        f"{about['machine']}; Python {about['python']}; {about['versions']}. "
        f"{_versions(store)} Load average (1, 5, 15 minutes) when it began: {about['load']}; "
        f"when it ended: {about['load_end']}. A load above the number of cores means that other "
        "work ran beside the measurement.",
        "",
        *_failures(store),
        "## What was aimed at",
        "",
        "The random 10-regular graph at the critical temperature unless said otherwise.",
        "",
        "| | aim | measured (range) | reached |",
        "|---|---|---|---|",
        *targets(store),
        "",
        f"![Rate against size at three temperatures]({FIGURE})",
        "",
        "Random 10-regular graphs with signs +-1. Bars are the range over the rounds. A curve ends "
        "where a package ran out of time or memory, or was not measured. * Another order or "
        "rule than random-sequential heat bath, see the next section.",
        "",
        *_unmeasured(store),
        *(f"{GRAPHS[r['graph']].title}: {r['problem']}.\n" for r in store.section("skipped")),
        *_law(store, about),
        *_rates(store),
        *_missing(store),
        *_pages(store),
        *_costs(store),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _unmeasured(store: Store) -> list[str]:
    """Say which graphs or temperatures a run that was ended early has not come to."""
    skipped = {record["graph"] for record in store.section("skipped")}
    lacking = {
        graph.title: [x for x in LEVELS if not store.has("done", graph=name, level=x)]
        for name, graph in GRAPHS.items()
        if name not in skipped
    }
    said = [f"{title} ({', '.join(levels)})" for title, levels in lacking.items() if levels]
    return [f"Not measured in this run: {'; '.join(said)}.", ""] if said else []


def _versions(store: Store) -> str:
    known = [r["versions"] for r in store.section("packages")[1:] if r["problem"] is None]
    return f"Compared with: {', '.join(known)}." if known else "Nothing to compare with."


def _failures(store: Store) -> list[str]:
    failed = [f"{record['entry']} ({record['system']})" for record in broken(store)]
    if not failed:
        return []
    return [f"**The law was rejected for: {'; '.join(failed)}.**", ""]


def _law(store: Store, about: Record) -> list[str]:
    head = "| entry | users | order, rule | law, p | energy (exact) | energy | users | holds |"
    lines = [
        "## The same law",
        "",
        SAME_LAW.format(**about),
        head,
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in store.section("law"):
        entry = record["entry"]
        if record["problem"] is not None:
            lines.append(f"| {entry} | {record['system']} | {record['problem']} | | | | | |")
            continue
        p = f"{record['law_p']:.2g}" if "law_p" in record else ""
        users = f"{record['users_z']:.1f}" if "users_z" in record else ""
        lines.append(
            f"| {entry} | {record['system']} | {record['order']}, {record['rule']} | {p} "
            f"| {record['found']:.3f} ({record['exact']:.3f}) | {record['energy_z']:+.1f} "
            f"| {users} | {'yes' if record['holds'] else '**no**'} |"
        )
    return [*lines, LAW_NOTES]


def _rates(store: Store) -> list[str]:
    best = BEST.split(", ")[1]
    lines = ["## Rates", "", RATES.format(best=best)]
    orders = {r["entry"]: r["model"] or r["order"] for r in store.section("law")}
    skipped = {r["graph"]: r["problem"] for r in store.section("skipped")}
    for graph in TABLES:
        records = store.find("rates", graph=graph.name)
        if not records and graph.name not in skipped:
            continue
        warm = {r["level"]: r["temperature"] for r in records if "temperature" in r}
        share = {r["level"]: r["flips"] for r in records if "flips" in r and r["entry"] == BEST}
        shown = [
            f"{level} T = {warm[level]:.2f}"
            + (f" ({share[level]:.2g} flips per update)" if level in share else "")
            for level in LEVELS
            if level in warm
        ]
        lines += [f"### {graph.title}", ""]
        if graph.name in skipped:
            lines += [f"Not measured: {skipped[graph.name]}.", ""]
            continue
        lines += ["; ".join(shown) + ".", "", COLUMNS, "|---|---|---|---|---|---|---|"]
        lines += [*_rows(records, orders), ""]
    return lines


def _rows(records: list[Record], orders: dict[str, str]) -> list[str]:
    """Return a row per entry, the fastest first, those without any rate last."""
    entries = list(dict.fromkeys(record["entry"] for record in records))
    by = {(record["entry"], record["level"]): record for record in records}

    def middle(entry: str, level: str = "crit") -> float:
        record = by.get((entry, level))
        return median(record["rates"]) if record and record.get("rates") else 0.0

    def cell(entry: str, level: str) -> str:
        record = by.get((entry, level))
        if record is None:
            return ""
        if record["problem"] is not None:
            return str(record["problem"]).replace("|", "/").replace("\n", " ")[:160]
        rates = record["rates"]
        spread = f"{figures(min(rates))} - {figures(max(rates))}"
        return f"**{figures(median(rates))}** ({spread})"

    rows = []
    for entry in sorted(entries, key=middle, reverse=True):
        cells = [cell(entry, level) for level in LEVELS]
        if len({c for c in cells if c}) == 1 and not middle(entry):
            cells = ["", next(c for c in cells if c), ""]
        ours = middle(BEST) / middle(entry) if middle(entry) and middle(BEST) else 0.0
        energy = by.get((entry, "crit"), {}).get("energy")
        rows.append(
            f"| {entry} | {orders.get(entry, '')} | {' | '.join(cells)} "
            f"| {figures(ours) if ours else ''} | {'' if energy is None else f'{energy:.3f}'} |"
        )
    return rows


def _missing(store: Store) -> list[str]:
    lines = [f"- {r['package']}: {r['problem']}" for r in store.section("packages") if r["problem"]]
    return ["### Not compared with", "", *lines, ""] if lines else []


def _pages(store: Store) -> list[str]:
    lines: list[str] = []
    for record in store.section("pages"):
        lines += [f"## {record['title']}", "", *record["lines"], ""]
    return lines


def _costs(store: Store) -> list[str]:
    threads, processes, building = (cost(store, k) for k in ("threads", "processes", "building"))
    lines = ["## Replicas on two cores", ""]
    lines += [
        "By the clock on the wall, so another program that runs at the time counts. Threads and "
        "processes change no number. Eight replicas: threads within one trajectory on the "
        "10-regular graph of 1e4 users; worker processes on a scenario of 2e4 users, their start "
        "and the table included.",
        "",
        "| | one | two | speed-up (range) |",
        "|---|---|---|---|",
    ]
    for name, seconds in (("threads", threads), ("worker processes", processes)):
        if seconds:
            one, two = median(seconds["one"]), median(seconds["two"])
            turns = [a / b for a, b in zip(seconds["one"], seconds["two"], strict=True)]
            shown = f"{median(turns):.2f} ({min(turns):.2f} - {max(turns):.2f})"
            lines.append(f"| {name} | {one:.2f} s | {two:.2f} s | {shown} |")
    lines += ["", "## Building a system", "", "One million ties, 200,000 users.", ""]
    lines += ["| from | time | range |", "|---|---|---|"]
    for name, values in building.items():
        lines.append(
            f"| {name} | **{median(values):.3f} s** | {min(values):.3f} - {max(values):.3f} s |"
        )
    failed = [r for r in store.section("costs") if r.get("problem")]
    lines += ["", *(f"{r['name']} was not measured: {r['problem']}" for r in failed)]
    return lines
