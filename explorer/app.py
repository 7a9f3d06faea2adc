"""The server: starts the model's worker process with it and ends it at shutdown."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# `streamlit run` puts only this file's folder on the path.
ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from explorer import client, logs, memory, metrics, probes, untrusted
from explorer.security import Security
from explorer.sessions import server_sessions


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict]:
    """Start the worker first: it imports TensorFlow while this process imports its own."""
    memory.return_large_blocks()
    logs.set_up()
    untrusted.guard()
    server_sessions().listen()
    client.start_worker()
    import explorer.sidebar  # noqa: F401 - what every page needs

    metrics.prepare()
    # Streamlit collects garbage after every run: what was imported need not be walked each time.
    gc.collect()
    gc.freeze()
    try:
        yield {}
    finally:
        client.stop_worker()


def script(request: Request) -> Response:
    """A component's script, whose address changes with it."""
    from explorer.components import declared

    try:
        text = declared.script(request.path_params["name"], request.path_params["words"])
    except LookupError:
        return Response(status_code=404)
    kept = {"cache-control": "max-age=31536000,immutable"}
    return Response(text, media_type="text/javascript", headers=kept)


def say(error: Exception) -> bool:
    """Show an error that no page caught, in a callback for instance, as a sentence."""
    from explorer.components import placeholder

    placeholder(client.unexpected(error))
    return True


app = st.App(
    "main.py",
    lifespan=lifespan,
    routes=[
        Route("/{base:path}scripts/{words}/{name}.js", script),
        Route("/{base:path}healthz", probes.health),
        Route("/{base:path}metrics", probes.scrape),
    ],
    middleware=[Middleware(Security)],
    on_script_error=say,
)
