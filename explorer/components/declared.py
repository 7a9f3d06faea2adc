"""One component from its three files, with the script and the style that all of them share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def declare(name: str) -> Callable[..., Any]:
    """The component whose files are `name`.html, `name`.css and `name`.js in this folder.

    `base.js` and `base.css` are put in front of its own script and style.
    """

    def read(file: str) -> str:
        return (_FOLDER / file).read_text(encoding="utf-8")

    return st.components.v2.component(
        f"vit_explorer.{name}",
        html=read(f"{name}.html"),
        css=read("base.css") + read(f"{name}.css"),
        js=read("base.js") + read(f"{name}.js"),
        isolate_styles=True,
    )


def no_callback() -> None:
    """For a value that is read from the returned result: Streamlit still wants a callback."""
