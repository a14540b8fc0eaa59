"""``sociophysics dashboard``: the pages in a browser."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

import sociophysics
from sociophysics.errors import InputError

__all__ = ["dashboard"]

PASSWORD = "SOCIOPHYSICS_DASHBOARD_PASSWORD"
RUNS = "SOCIOPHYSICS_RUNS"
ROOT = re.compile(r"(/[A-Za-z0-9._~-]+)+")
NEEDED = ("solara", "solara_assets", "anywidget", "ipyvuetify", "uvicorn")

Port = Annotated[int, typer.Option(help="Port of the pages.", min=1, max=65535)]
Host = Annotated[
    str, typer.Option(help="Address to serve on; other than 127.0.0.1, others can reach it.")
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(help="A host name or address under which others open the pages; repeatable."),
]
RootPath = Annotated[
    str, typer.Option(help="Path under which a proxy shows the pages, such as /lab.")
]
Runs = Annotated[Path, typer.Option(help="Folder in which runs are looked for and kept.")]


def dashboard(
    port: Port = 8765,
    host: Host = "127.0.0.1",
    runs: Runs = Path("runs"),
    allow_host: AllowHost = None,
    root_path: RootPath = "",
) -> None:
    """Serve the dashboard to a browser until interrupted (Ctrl+C).

    Set SOCIOPHYSICS_DASHBOARD_PASSWORD to let only those in who know it.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"the dashboard needs {missing[0]}, which is not installed; install it with "
            "pip install 'sociophysics[dashboard]', or run make setup in the repository."
        )
    names, root = [_host_name(name) for name in allow_host or []], _root(root_path)
    _check_port(host, port)
    if host in ("0.0.0.0", "::") and not names:
        print(
            "sociophysics: only this machine can open the pages until you name, with --allow-host, "
            "each host name or address that others type into their browser.",
            file=sys.stderr,
        )
    if host not in ("127.0.0.1", "localhost", "::1") and not os.environ.get(PASSWORD):
        print(
            f"sociophysics: everyone who can reach {host} can use this dashboard and see its "
            f"runs; set {PASSWORD} to ask for a password.",
            file=sys.stderr,
        )
    print(f"The dashboard is starting at http://{_shown(host)}:{port}", flush=True)
    folder, module = _pages()
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        RUNS: str(runs.absolute()),
    }
    # -P: no module of the folder that a person happens to be in may pass for one of ours.
    words = [sys.executable, "-P", "-m", module, "--host", host, "--port", str(port)]
    words += [f"--root-path={root}", *(f"--allow-host={name}" for name in names)]
    os.execve(sys.executable, words, environment)


def _pages() -> tuple[Path, str]:
    """Return the folder to import from and the module that serves: installed, or in a checkout."""
    package = Path(sociophysics.__file__).parent
    if (package / "dashboards").is_dir():
        return package.parent, "sociophysics.dashboards.serve"
    if (package.parent / "dashboards" / "serve.py").is_file():
        return package.parent, "dashboards.serve"
    raise InputError("this installation has no dashboards folder; install sociophysics again.")


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(
                f"the dashboard cannot use {host}:{port} ({error.strerror or error}); choose "
                f"another port with --port, such as --port {port + 1 if port < 65535 else 8765}."
            ) from None


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:.]{2,45}", name):
        raise InputError(
            f"--allow-host is {name[:80]!r}; give a host name or an address alone, such as "
            "lab.example.org, without https:// and without a port."
        )
    return name


def _root(path: str) -> str:
    root = path.rstrip("/")
    if root and not ROOT.fullmatch(root):
        raise InputError(
            f"--root-path is {path[:80]!r}; give a path that begins with / and has letters, "
            "digits and . _ ~ - in it, such as /lab."
        )
    return root


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
