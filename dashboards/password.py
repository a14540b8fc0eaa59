"""A password for shared hosts: asked before anything of the application is reached.

Solara's own sign-in is OAuth, a paid add-on with an outside provider. This gate stands in front of
the application: without its cookie a visitor gets a plain page with one field, and neither a page,
nor a socket, nor a file, nor a count of what the server does.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import secrets
import time
from collections import Counter
from urllib.parse import parse_qs, quote

from .asgi import App, Receive, Scope, Send, address, cookie, headers, refuse

__all__ = ["COOKIE", "LOGIN", "PASSWORD", "Sessions", "behind_password"]

PASSWORD = "SOCIOPHYSICS_DASHBOARD_PASSWORD"
COOKIE = "sociophysics-login"
LOGIN = "/login"
DAY = 24 * 3600.0  # seconds after which the password is asked again
MOST_SESSIONS = 10_000  # the oldest is signed out
WAIT = 1.0  # seconds until a wrong password is answered; only who sent it waits
AT_ONCE = 10  # wrong passwords of one address on which it waits no longer than that
MOST_WAITING = 200  # of one address; more are turned away unread
LONGEST_FORM = 4096  # bytes
MOST_FIELDS = 10
# What a browser asks for by itself: no page to show a form in.
PARTS = ("/static/", "/jupyter/", "/_solara/", "/resourcez", "/readyz", "/favicon")


class Sessions:
    """Browsers that gave the password, by a random word that only they have, for a day.

    Examples
    --------
    >>> sessions = Sessions()
    >>> word = sessions.open(now=0.0)
    >>> sessions.known(word, now=DAY - 1), sessions.known(word, now=DAY), sessions.known("", now=0)
    (True, False, False)
    """

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def open(self, now: float) -> str:
        """Return the word of a new session."""
        while len(self._ends) >= MOST_SESSIONS:
            self._ends.pop(next(iter(self._ends)))
        word = secrets.token_urlsafe(32)
        self._ends[word] = now + DAY
        return word

    def known(self, word: str, now: float) -> bool:
        """Whether this word is of a session that has not ended."""
        end = self._ends.get(word)
        if end is not None and now >= end:
            del self._ends[word]
            return False
        return end is not None


def behind_password(app: App, *, password: str, root: str = "") -> App:
    """Return the application behind a question for the password.

    Parameters
    ----------
    app : callable
        An ASGI application.
    password : str
    root : str
        The path under which a proxy shows the pages, such as "/lab".
    """
    sessions, waiting = Sessions(), Counter[str]()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or sessions.known(
            cookie(scope, COOKIE), time.monotonic()
        ):
            await app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == LOGIN and scope["method"] == "POST":
            await _enter(scope, receive, send)
        elif scope["type"] == "http" and not scope["path"].startswith(PARTS):
            await _ask(scope, receive, send, _asked_for(scope))
        else:
            text = "This dashboard asks for a password; open its first page to give it.\n"
            await refuse(scope, receive, send, status=401, text=text)

    async def _ask(
        scope: Scope, receive: Receive, send: Send, wanted: str, *, wrong: str = ""
    ) -> None:
        page = _page(root + LOGIN, wanted, wrong)
        await refuse(scope, receive, send, status=200, text=page, kind="text/html; charset=utf-8")

    async def _enter(scope: Scope, receive: Receive, send: Send) -> None:
        form = await _form(receive)
        given, wanted = form.get("password", ""), _own_path(form.get("wanted", ""))
        who = address(scope)
        if waiting[who] >= MOST_WAITING:
            text = "Too many wrong passwords came from this address; wait a minute.\n"
            await refuse(scope, receive, send, status=429, text=text)
        elif hmac.compare_digest(given.encode(), password.encode()):
            word = sessions.open(time.monotonic())
            ways = {"location": root + quote(wanted, safe="/?&=%+,;:@!$*'()~-._"),
                    "set-cookie": _cookie(word, root, _encrypted(scope))}  # fmt: skip
            await refuse(scope, receive, send, status=303, text="", more=ways)
        else:
            waiting[who] += 1
            try:
                # The right password never waits for those of others. Guesses of one address that
                # come together wait the longer, so that together they are no faster.
                await asyncio.sleep(WAIT * max(1.0, waiting[who] / AT_ONCE))
            finally:
                waiting[who] -= 1
                if not waiting[who]:
                    del waiting[who]
            wrong = "That is not the password of this dashboard; try again."
            await _ask(scope, receive, send, wanted, wrong=wrong)

    return guarded


def _encrypted(scope: Scope) -> bool:
    """Whether the visitor came over https, here or at a proxy that says so.

    Believed of everyone: who claims it without need gets a cookie that their browser keeps back.
    """
    return scope.get("scheme") == "https" or headers(scope).get("x-forwarded-proto") == "https"


def _cookie(word: str, root: str, encrypted: bool) -> str:
    # No expiry: it ends with the browser, and after a day the server does not know it anymore.
    secure = "; Secure" if encrypted else ""
    return f"{COOKIE}={word}; Path={root or '/'}; HttpOnly; SameSite=Lax{secure}"


async def _form(receive: Receive) -> dict[str, str]:
    """Return the fields of a posted form; of one that is too long or has too many, none."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or len(body) > LONGEST_FORM:
            return {}
        if not message.get("more_body", False):
            break
    try:
        text = body.decode("utf-8", "replace")
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _asked_for(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return _own_path(scope["path"] + (f"?{query}" if query else ""))


def _own_path(path: str) -> str:
    r"""Return a path of ours, "/" for what could lead to another site.

    Examples
    --------
    >>> _own_path("/runs?run=a"), _own_path("//evil.example"), _own_path("/\\evil.example")
    ('/runs?run=a', '/', '/')
    """
    fine = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if fine and "\\" not in path and not path.startswith(LOGIN) else "/"


def _page(action: str, wanted: str, wrong: str) -> str:
    alert = f'<p role="alert">{html.escape(wrong)}</p>' if wrong else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sociophysics</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }}
main {{ width: min(22rem, calc(100vw - 4rem)); padding: 2rem; border-radius: 12px;
  border: 1px solid color-mix(in srgb, CanvasText 18%, Canvas); }}
h1 {{ margin: 0 0 .5rem; font-size: 1.5rem; letter-spacing: -.01em; }}
p {{ margin: 0 0 1.25rem; }}
[role=alert] {{ color: light-dark(#a40000, #ff9d9d); }}
label {{ display: block; margin-bottom: .25rem; font-weight: 600; }}
input, button {{ box-sizing: border-box; width: 100%; padding: .6rem .75rem; font: inherit;
  border-radius: 8px; border: 1px solid color-mix(in srgb, CanvasText 45%, Canvas); }}
button {{ margin-top: 1rem; border: 0; background: #1f3a6e; color: #fff; cursor: pointer; }}
</style>
</head>
<body>
<main>
<h1>sociophysics</h1>
<p>This dashboard asks for a password.</p>
{alert}<form method="post" action="{html.escape(action)}">
<input type="hidden" name="wanted" value="{html.escape(wanted)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
  autofocus>
<button>Open the dashboard</button>
</form>
</main>
</body>
</html>
"""
