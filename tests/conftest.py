"""The validation page: what the long checks measured, written by ``make validate``."""

from __future__ import annotations

import faulthandler
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before numpy is loaded: many small matrices on a shared machine are slower with BLAS threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Examples are the same in every run, and a busy machine is no reason to fail.
settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

INTRODUCTION = """# Validation

Written by `make validate`: every long check of the suite, the numbers it measured, and whether it
passed. The short checks of `make test` are not listed. A failed row is a defect, or a target that
is missed and said so.

"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--validation-page", metavar="FILE", help="write what the long checks measured to FILE"
    )
    parser.addoption(
        "--images", action="store_true", help="keep the dashboard's pictures in docs/images"
    )


def pytest_unconfigure() -> None:
    """Give threads that tests have left two minutes to end, then say where they are, and fail."""
    faulthandler.dump_traceback_later(120, exit=True, file=sys.__stderr__)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    report.purpose = (getattr(item, "obj", None).__doc__ or "").strip().split("\n")[0]
    report.long_check = item.get_closest_marker("validate") is not None
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    page = terminalreporter.config.getoption("--validation-page")
    if not page:
        return
    rows: dict[str, list[str]] = defaultdict(list)
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            if getattr(report, "long_check", False) and (
                report.when == "call" or outcome == "error"
            ):
                rows[report.location[0]].append(_row(report, outcome))
    sections = _sections(Path(page))
    for file, lines in rows.items():
        title = Path(file).stem.removeprefix("test_").replace("_", " ")
        known = sections.setdefault(title, {})
        known.update({_check(line): line for line in lines})
    head = "| check | outcome | measured | seconds |\n|---|---|---|---|\n"
    body = "".join(
        f"\n## {title}\n\n{head}{''.join(sorted(sections[title].values()))}"
        for title in sorted(sections)
    )
    temporary = Path(page).with_suffix(".tmp")
    temporary.write_text(INTRODUCTION + _machine() + body, encoding="utf-8")
    os.replace(temporary, page)
    terminalreporter.write_line(f"validation page: {page}")


def _sections(page: Path) -> dict[str, dict[str, str]]:
    """Return the rows of the page by file and check: what this session does not run is kept."""
    sections: dict[str, dict[str, str]] = {}
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    for part in text.split("\n## ")[1:]:
        title, rest = part.split("\n\n", 1)
        rows = [line + "\n" for line in rest.splitlines()[2:] if line.startswith("| ")]
        sections[title] = {_check(row): row for row in rows}
    return sections


def _check(row: str) -> str:
    return row.split("|")[1].split(":")[0].strip()


def _row(report: pytest.TestReport, outcome: str) -> str:
    name = report.location[2].removeprefix("test_").replace("_", " ")
    measured = "; ".join(
        f"{key} {value:.5g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in report.user_properties
    )
    purpose = f": {report.purpose}" if report.purpose else ""
    return f"| {name}{purpose} | {outcome} | {measured} | {report.duration:.0f} |\n".replace(
        "||", "| |"
    )


def _machine() -> str:
    import networkx
    import numba
    import numpy
    import scipy

    versions = ", ".join(
        f"{module.__name__} {module.__version__}" for module in (numpy, scipy, networkx, numba)
    )
    return f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores.\n"
