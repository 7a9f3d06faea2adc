"""What stands before every route: which hosts and origins are answered, and what browsers allow."""

from __future__ import annotations

import secrets
from fnmatch import fnmatch
from urllib.parse import SplitResult, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer import logs
from explorer.sessions import server_sessions

COOKIE = "vit_explorer_visitor"  # proves on a shared server whose run it is
_COOKIE_RULES = "HttpOnly; SameSite=Lax; Path=/; Max-Age=31536000"
_HERE = {"localhost", "127.0.0.1", "::1"}
CLOSED = "/_stcore/metrics"  # names of caches and numbers of sessions
PROBES = ("/_stcore/health", "/healthz", "/metrics")  # asked by an address; the last has a key
# Streamlit writes styles into the page, and runs components' scripts from blobs; Plotly compiles.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


class Security:
    """ASGI middleware.

    The settings are Streamlit's: `server.allowedHosts` names the hosts that are answered (`*.`
    before those of a domain), so that no site can rebind its name to this machine; Streamlit asks
    it for sessions alone. `server.corsAllowedOrigins` names other sites that may open a session,
    or show the app in a frame.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        logs.begin_request()
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        reads = scope.get("method") in ("GET", "HEAD")
        if not host_allowed(host) and not (reads and scope["path"].endswith(PROBES)):
            name = "".join(one for one in _name(host) if one.isprintable())[:100]
            said = f"{name} is not an allowed host. Add it to server.allowedHosts."
            refusal = PlainTextResponse(said, 421)
        elif scope["path"].endswith(CLOSED):
            refusal = PlainTextResponse("Not found.", 404)
        elif scope["type"] == "websocket" and not origin_allowed(headers.get("origin", ""), host):
            refusal = PlainTextResponse("Origin not allowed.", 403)
        elif scope["type"] == "websocket" and server_sessions().ending:
            refusal = PlainTextResponse("The server is shutting down.", 503)
        elif scope["type"] == "websocket":
            with server_sessions().one():
                await self._app(scope, receive, send)
            return
        else:
            comes_again = COOKIE in cookie_parser(headers.get("cookie", ""))
            await self._app(scope, receive, _with_headers(send, new=not comes_again))
            return
        if scope["type"] == "websocket" and refusal.status_code != 503:
            await send({"type": "websocket.close", "code": 1008})  # as 403, before it is accepted
        else:
            await refusal(scope, receive, _with_headers(send))


def host_allowed(host: str) -> bool:
    """Whether requests to a host are answered; it may have a port."""
    allowed, name = st.get_option("server.allowedHosts"), _name(host)
    return not allowed or any(fnmatch(name, one.strip().lower().rstrip(".")) for one in allowed)


def origin_allowed(origin: str, host: str) -> bool:
    """Whether a page of an origin may open a session: this server's own, or one that is named."""
    if not st.get_option("server.enableCORS"):
        return True
    named = {one.rstrip("/") for one in st.get_option("server.corsAllowedOrigins")}
    return bool(origin) and (_split(origin).netloc == host or origin in named)


def shared() -> bool:
    """Whether others than the person at this machine may come: their hosts are named, or all."""
    allowed = set(st.get_option("server.allowedHosts"))
    return not allowed or not allowed <= _HERE


def _with_headers(send: Send, *, new: bool = False) -> Send:
    """Send with the headers; a `new` visitor of a shared server gets a cookie with the page."""

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if new and shared() and headers.get("content-type", "").startswith("text/html"):
                proof = f"{COOKIE}={secrets.token_urlsafe(24)}"
                headers.append("Set-Cookie", f"{proof}; {_COOKIE_RULES}")
            origins = st.get_option("server.corsAllowedOrigins")
            headers["Content-Security-Policy"] = " ".join([POLICY, *origins])
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"
        await send(message)

    return sends


def _name(host: str) -> str:
    return (_split(f"//{host}").hostname or "").rstrip(".")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
