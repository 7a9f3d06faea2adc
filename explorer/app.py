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

from explorer import client
from explorer.security import Security


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict]:
    """Start the worker first: it imports TensorFlow while this process imports its own."""
    client.start_worker()
    import explorer.sidebar  # noqa: F401 - what every page needs

    # Streamlit collects garbage after every run: what was imported need not be walked each time.
    gc.collect()
    gc.freeze()
    try:
        yield {}
    finally:
        client.stop_worker()


def say(error: Exception) -> bool:
    """Show an error that no page caught, in a callback for instance, as a sentence."""
    from explorer.components import placeholder

    placeholder(client.unexpected(error))
    return True


app = st.App("main.py", lifespan=lifespan, middleware=[Middleware(Security)], on_script_error=say)
