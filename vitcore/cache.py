"""Where vitcore keeps its own files: data sets it converted and runs it trained."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder for everything vitcore writes: `VITCORE_HOME`, or the user's cache folder."""
    chosen = os.environ.get("VITCORE_HOME")
    return Path(chosen) if chosen else platformdirs.user_cache_path("vitcore")


def data_home() -> Path:
    """The folder of converted data sets."""
    return home() / "data"


def runs_home() -> Path:
    """The folder of training runs."""
    return home() / "runs"
