"""One process per package, asked over a pipe, with a limit on every answer."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from benchmarks.install import ENVIRONMENT, why_missing

HERE = Path(__file__).parent / "peers"
SYSTEM_PYTHON = Path("/usr/bin/python3")  # Debian's, which has graph-tool
PACKAGES = (
    "sociophysics",
    "graph_tool",
    "dwave",
    "openjij",
    "mesa",
    "peapods",
    "thrml",
    "ndlib",
    "cnvm",
)
ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
    )
} | {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
MEMORY = 10 * 2**30  # bytes one worker may allocate
HELLO_LIMIT = 60.0  # seconds to import a package


class Failed(Exception):
    """A worker gave no answer; the text says why, for the table."""

    def __init__(self, text: str, *, slow: bool = True) -> None:
        super().__init__(text)
        self.slow = slow  # time or memory ran out, and a larger graph is not worth trying


def interpreter(package: str) -> Path:
    """Return the Python that has a package."""
    if package == "sociophysics":
        return Path(sys.executable)
    if package == "graph_tool":
        return SYSTEM_PYTHON
    return ENVIRONMENT / "bin" / "python"


class Worker:
    """The process of one package; use it as a context.

    Raises
    ------
    Failed
        From every request: timed out, ended, not installed, or what the package raised.
    """

    def __init__(self, package: str, *, script: Path | None = None) -> None:
        self.package = package
        self.entries: dict[str, dict[str, Any]] = {}
        self.versions = ""
        self._closed = False
        self._said, name = tempfile.mkstemp()  # what it prints, read if it ends
        os.unlink(name)
        path = script or HERE / f"with_{package}.py"
        environment = os.environ | ONE_THREAD | {"WORKER_MEMORY": str(MEMORY)}
        try:
            self._process = subprocess.Popen(
                [interpreter(package) if script is None else sys.executable, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=environment,
            )
        except OSError as problem:
            os.close(self._said)
            raise Failed(self._missing(str(problem)), slow=False) from problem

    def __enter__(self) -> Self:
        try:
            hello = self.ask(HELLO_LIMIT, ask="hello")
        except Failed as problem:
            self.close()
            raise Failed(self._missing(str(problem)), slow=False) from problem
        self.entries, self.versions = hello["entries"], hello["versions"]
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _missing(self, problem: str) -> str:
        return f"not installed here: {why_missing(self.package) or problem}"

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return self._process.poll() is None

    def ask(self, limit: float, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer, within a limit of seconds."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or not self.alive:
            raise Failed(self._last_words())
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError as problem:
            raise Failed(self._last_words()) from problem
        line, end = b"", time.monotonic() + limit
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                self.close()
                raise Failed(f"timed out after {limit:.0f} s")
            part = os.read(stdout.fileno(), 1 << 16)
            if not part:
                raise Failed(self._last_words())
            line += part
        answer: dict[str, Any] = json.loads(line)
        if "unsuitable" in answer:
            raise Failed(answer["unsuitable"], slow=False)
        if "slow" in answer:
            raise Failed(answer["slow"])
        if "problem" in answer:
            raise Failed(answer["problem"], slow=False)
        return answer

    def _last_words(self) -> str:
        """Return why a process ended: its last line, or its signal."""
        code = self._process.wait(5)
        if self._closed:
            return "was ended"
        said = os.pread(self._said, 1 << 20, 0)
        lines = said.decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else f"ended with status {code}"

    def close(self) -> None:
        """End the process."""
        if self._closed:
            return
        self._closed = True
        if self.alive:
            self._process.kill()
        self._process.wait()
        os.close(self._said)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # the request it did not live to read
                    pipe.close()
