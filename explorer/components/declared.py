"""One component from its files, with the script and the style that all of them share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent


def declare(name: str, *, folder: str = "", scripts: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The component whose files are `name`.html, `name`.css and `name`.js; see `sources`."""
    html, css, js = sources(name, folder=folder, scripts=scripts)
    return st.components.v2.component(
        f"vit_explorer.{name}", html=html, css=css, js=js, isolate_styles=True
    )


def sources(name: str, *, folder: str = "", scripts: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """A component's page, style and script.

    Args:
        name: of the component and of its files.
        folder: below this one, where the files are.
        scripts: names of what its script consists of, in order; `name` where there is one.

    Returns:
        HTML, CSS and JavaScript; `base.css` and `base.js` stand in front of its own.
    """

    def read(file: str) -> str:
        return (_FOLDER / folder / file).read_text(encoding="utf-8")

    own = "".join(read(f"{script}.js") for script in scripts or (name,))
    base = [(_FOLDER / file).read_text(encoding="utf-8") for file in ("base.css", "base.js")]
    return read(f"{name}.html"), base[0] + read(f"{name}.css"), base[1] + own


def no_callback() -> None:
    """For a value that is read from the returned result: Streamlit still wants a callback."""
