"""The server: Solara's own application, closed to everything but the browser it is meant for.

Run as ``python -m dashboards.serve``; ``sociophysics dashboard`` does that. Three guards stand in
front of it: ``hosts`` (who asks), ``password``, and ``limits`` (how many tabs).
"""

from __future__ import annotations

import argparse
import os
import threading
import warnings

import sociophysics as sp

from .asgi import App
from .hosts import LOOPBACK, allowed_hosts, closed
from .limits import SOCKETS_PER_TAB, Tabs, limited
from .page_text import readable
from .password import PASSWORD, behind_password

__all__ = ["ENVIRONMENT", "guarded", "main"]

# Set before solara is imported, which reads its settings once. Nobody is counted, nobody is asked
# for a newer version, files that are not installed are not fetched from anywhere, and state is
# never pickled.
ENVIRONMENT = {
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_PROXY": "True",
    "SOLARA_ASSETS_CDN": "http://127.0.0.1:0/",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_STATE_BACKEND": "",
    "SOLARA_STATE_ALLOW_PICKLE": "False",
    "SOLARA_THEME_TITLE": "sociophysics",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_LOADER": "plain",
}
# What an administrator may set otherwise. A closed tab is forgotten at once, a lost connection
# within a minute instead of a day.
LIMITS = {
    "SOLARA_KERNEL_CULL_TIMEOUT": "45s",
    "SOLARA_KERNEL_MAX_PER_SESSION": "20",
    "SOLARA_KERNEL_MAX_COUNT": "100",
    "SOCIOPHYSICS_TABS_PER_ADDRESS": "50",
    "SOCIOPHYSICS_CONNECTIONS_PER_ADDRESS": "256",
}
# Solara's advice on https, which a page on this machine does not need, and its remark on a
# component of Mesa's.
QUIET = ("Cookies with samesite=none", ".*ComponentsView: `use_state` found")
LARGEST_MESSAGE = 16 * 2**20  # bytes of one websocket message; uploads come in pieces of 2 MiB


def guarded(app: App, tabs: Tabs, *, host: str, names: list[str], root: str) -> App:
    """Return an application behind the three guards, as the settings say."""
    password = os.environ.get(PASSWORD, "")
    inner = limited(readable(app), tabs)
    if password:
        inner = behind_password(inner, password=password, root=root)
    public = host not in LOOPBACK and not password
    return closed(inner, hosts=allowed_hosts(host, names), root=root, public=public)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="sociophysics dashboard")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--allow-host", action="append", default=[])
    parser.add_argument("--root-path", default="")
    parser.add_argument("--app", default=f"{__package__}.app", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    own = {
        **ENVIRONMENT,
        # Given, so that no visitor's header can say them.
        "SOLARA_ROOT_PATH": chosen.root_path,
        "SOLARA_BASE_URL": f"http://127.0.0.1:{chosen.port}{chosen.root_path}/",
        "SOLARA_APP": chosen.app,
    }
    os.environ.update({**LIMITS, **os.environ, **own})
    tabs = Tabs(
        _alive,
        per_browser=_count("SOLARA_KERNEL_MAX_PER_SESSION"),
        per_address=_count("SOCIOPHYSICS_TABS_PER_ADDRESS"),
        together=_count("SOLARA_KERNEL_MAX_COUNT"),
    )
    # Solara counts sockets with it, and lets those that are too many wait without a word.
    os.environ["SOLARA_KERNEL_MAX_COUNT"] = str(tabs.together * SOCKETS_PER_TAB)
    for message in QUIET:
        warnings.filterwarnings("ignore", message=message)
    # Deferred: they read the settings above.
    import uvicorn
    from solara.server.starlette import app

    from .connections import connections

    threading.Thread(target=_warm_up, daemon=True).start()
    uvicorn.run(
        guarded(app, tabs, host=chosen.host, names=chosen.allow_host, root=chosen.root_path),
        host=chosen.host,
        port=chosen.port,
        http=connections(_count("SOCIOPHYSICS_CONNECTIONS_PER_ADDRESS")),
        log_level="error",
        ws_max_size=LARGEST_MESSAGE,
        timeout_graceful_shutdown=2,
    )


def _alive() -> dict[str, str]:
    """Return the browser of every tab that Solara keeps, by the tab's name."""
    from solara.server import kernel_context

    return {name: each.session_id for name, each in kernel_context.contexts.copy().items()}


def _count(name: str) -> int:
    text = os.environ[name]
    if not text.isdecimal() or int(text) < 1:
        raise SystemExit(f"sociophysics: {name} is {text[:40]!r}; it must be a whole number >= 1.")
    return int(text)


def _warm_up() -> None:
    """Load the compiled kernels while the first page opens: the first run then starts at once."""
    system = sp.SpinSystem.from_edges([0, 1], [1, 2], n=3)
    sp.simulate(system, temperature=1.0, sweeps=1, seed=0, feed=sp.feeds.Chronological())


if __name__ == "__main__":
    main()
