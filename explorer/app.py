"""The server: starts the model's worker process with it and ends it at shutdown."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# `streamlit run` puts only this file's folder on the path.
ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st

from explorer import services


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict]:
    services.start_worker()
    try:
        yield {}
    finally:
        services.stop_worker()


app = st.App("main.py", lifespan=lifespan)
