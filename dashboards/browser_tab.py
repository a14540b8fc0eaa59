"""What belongs to one browser tab, and ends with it.

Solara keeps one kernel per tab. Whatever a page starts or stores outside its render tree (threads,
files, settings of the other pages) hangs here, and is stopped and removed when the kernel closes:
at once when the tab is closed, after the cull time-out when the connection is lost.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import solara
import solara.lab

__all__ = ["BrowserTab", "this_tab"]

_tabs: dict[str, BrowserTab] = {}


class BrowserTab:
    """State of one tab: an event that is set when it closes, its things by name, a folder."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self._things: dict[str, Any] = {}
        self._folder: Path | None = None
        self._lock = threading.RLock()

    def keep(self, name: str, make: Callable[[], Any]) -> Any:
        """Return the tab's thing of that name, made when it is first asked for."""
        with self._lock:
            if name not in self._things:
                self._things[name] = make()
            return self._things[name]

    def folder(self) -> Path:
        """Return the private folder of this tab, removed when it closes."""
        with self._lock:
            if self.closed.is_set():
                raise RuntimeError("the tab is closed, and its folder is gone")
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="sociophysics-"))
            return self._folder

    def close(self) -> None:
        """End the work of this tab and remove its files."""
        self.closed.set()
        with self._lock:
            self._things.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None


def this_tab() -> BrowserTab:
    """Return the tab that the calling code works for; a closed one if it has just been closed.

    A page may still render while its tab closes; what it starts then ends at once.

    Raises
    ------
    RuntimeError
        Outside of a browser's kernel.
    """
    tab = _tabs.get(solara.get_kernel_id())
    if tab is None:
        tab = BrowserTab()
        tab.close()
    return tab


def _opened() -> Callable[[], None]:
    name = solara.get_kernel_id()
    _tabs[name] = BrowserTab()

    def close() -> None:
        tab = _tabs.pop(name, None)
        if tab is not None:
            tab.close()

    return close


solara.lab.on_kernel_start(_opened)
