"""A scheduler and workers of dask as processes that can be killed; used by test_cluster."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QUIET = ["--no-dashboard"]
# In every process: nothing of a cluster may be left when a test ends.
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Site:
    """One scheduler, and workers of one thread each."""

    def __init__(self, folder: Path, workers: int, *, environment: dict[str, str] | None = None):
        self.port, self.folder = free_port(), folder
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OPENBLAS_NUM_THREADS": "1",
            "DASK_LOGGING__DISTRIBUTED": "critical",
            **(environment or {}),
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.scheduler = self._scheduler()
        self.workers = [self._worker() for _ in range(workers)]

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, *QUIET]
        with (self.folder / "site.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )

    def _scheduler(self) -> subprocess.Popen[bytes]:
        words = ["--host", "127.0.0.1", "--port", str(self.port)]
        process = self._start("dask_scheduler", *words)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            assert process.poll() is None, (self.folder / "site.log").read_text()
            time.sleep(0.05)
        pytest.fail("the scheduler did not start")

    def _worker(self) -> subprocess.Popen[bytes]:
        words = [self.address, "--nthreads", "1", "--no-nanny", "--death-timeout", "60"]
        return self._start("dask_worker", *words)

    def kill_a_worker(self, random: random.Random) -> None:
        """SIGKILL one worker, and start another in its place."""
        place = random.randrange(len(self.workers))
        self.workers[place].kill()
        self.workers[place].wait()
        self.workers[place] = self._worker()

    def restart_the_scheduler(self) -> None:
        """SIGKILL the scheduler; start it, and workers for it, again."""
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()
        self.scheduler = self._scheduler()
        self.workers = [self._worker() for _ in self.workers]

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
