"""A password for shared hosts: asked once per browser session, before any page is made.

Solara's own sign-in is OAuth, a paid add-on with an outside provider. What it has for everyone is
the session cookie, known to the server only and the same in all tabs of a browser; this gate
remembers which sessions gave the password. A page behind the gate does not exist until then:
none of its components is made, so there is nothing a client could call.
"""

from __future__ import annotations

import hmac
import os
import threading
import time

import solara

from .markup import Banner, tag

__all__ = ["PASSWORD", "Login", "signed_in"]

PASSWORD = "SOCIOPHYSICS_DASHBOARD_PASSWORD"
WAIT = 1.0  # seconds that a wrong password costs everybody who is guessing

_sessions: set[str] = set()
_gate = threading.Lock()


def signed_in() -> bool:
    """Return whether this browser session may see the pages."""
    return not os.environ.get(PASSWORD) or solara.get_session_id() in _sessions


def _try(password: str) -> bool:
    with _gate:
        expected = os.environ.get(PASSWORD, "")
        right = hmac.compare_digest(password.encode(), expected.encode())
        if right:
            _sessions.add(solara.get_session_id())
        else:
            time.sleep(WAIT)
    return right


@solara.component
def Login(on_success: solara.Reactive[bool]) -> None:
    """Ask for the password."""
    password = solara.use_reactive("")
    wrong = solara.use_reactive(False)

    def enter(value: str) -> None:
        if value and _try(value):
            on_success.set(True)
        elif value:
            wrong.set(True)
            password.set("")

    with (
        solara.Div(classes=["sp-app", "sp-gate"]),
        solara.Div(classes=["sp-card", "sp-login"]),
    ):
        tag("h1", "sociophysics", css="sp-title")
        tag("p", "This dashboard asks for a password.", css="sp-lead")
        solara.InputText("Password", value=password, password=True, on_value=enter)
        if wrong.value:
            Banner("That is not the password of this dashboard; try again.", kind="error")
