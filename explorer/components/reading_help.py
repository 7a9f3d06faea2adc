"""The two folded notes below a figure: how to read it, and the code that computed it."""

import ast
import threading
from functools import lru_cache
from pathlib import Path

import streamlit as st

from explorer.text import help_text
from explorer.text.language import tr

_ROOT = Path(__file__).resolve().parents[2]
_one_parse = threading.Lock()  # two at once can raise SystemError (CPython gh-106905)


def how_to_read(name: str, *, code: str = "", example: str = "", **values: object) -> None:
    """Draw the expanders "How to read this" and "Show the code", side by side.

    Args:
        name: of the help text, a file of `explorer/text`; unique on the page.
        code: source text of what ran, as `source_of` gives it; "" where nothing was computed.
        example: the same step in plain Keras, a file of `vitcore/examples`, shown first; "" for
            none.
        values: put into the text in place of their names in double braces.
    """
    _notes(name, code, example, values)


@st.fragment
def _notes(name: str, code: str, example: str, values: dict[str, object]) -> None:
    """Filled once opened: formulas and code are the heaviest scripts a browser has to load."""
    # Not columns, which are two elements more in each run of a page; its style is in page.css.
    row = st.container(key=f"reading_help_{name}", horizontal=True)
    noted = row.expander(
        tr("How to read this"), type="compact", key=f"reading_{name}", on_change="rerun"
    )
    if noted.open:
        body, source = help_text(name)
        for key, value in values.items():
            body = body.replace(f"{{{{{key}}}}}", str(value))
        with noted:
            st.markdown(body)
            if source:
                st.caption(source)
    shown = row.expander(tr("Show the code"), type="compact", key=f"code_{name}", on_change="rerun")
    if shown.open:
        with shown:
            if example:
                st.caption(tr("In plain Keras."))
                st.code(source_of(f"vitcore/examples/{example}.py"), language="python")
            if code:
                st.caption(tr("The source that computed this figure."))
                st.code(code, language="python")


@lru_cache(maxsize=64)
def source_of(file: str, *names: str) -> str:
    """The source text of functions or classes, read from the file without importing it.

    Importing could load TensorFlow, which the app process must never do.

    Args:
        file: path below the folder that holds `vitcore` and `explorer`, such as
            "vitcore/tracing.py".
        names: functions or classes of the file's top level, or `Class.method`. None: all of it.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file does not define one of the names.
    """
    text = (_ROOT / file).read_text(encoding="utf-8")
    if not names:
        return text
    return "\n\n".join(_definition(text, name, file) for name in names)


def _definition(text: str, name: str, file: str) -> str:
    with _one_parse:
        body = ast.parse(text).body
    node = None
    for part in name.split("."):
        found = [item for item in body if getattr(item, "name", None) == part]
        if not found:
            raise ValueError(f"names must be defined in the file, got {name!r} and {file!r}")
        node = found[0]
        body = node.body
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines)
