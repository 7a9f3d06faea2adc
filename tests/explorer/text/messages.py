"""What a source file gives to be translated, read without running it."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

from tests.explorer.text.page_strings import _literal, _name

_SHOWN = ("alt", "aria-label", "title")  # attributes that `html_in` translates


def messages_of(path: Path) -> list[str]:
    """The English of each sentence, with its placeholders in braces."""
    return _READERS[path.suffix](path.read_text("utf-8"))


def of_python(code: str) -> list[str]:
    """The first argument of each `tr` and `N_`, where it is a constant."""
    return [
        node.args[0].value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and _name(node.func).split(".")[-1] in ("tr", "N_")
        and isinstance(node.args[0], ast.Constant)
    ]


def of_javascript(code: str) -> list[str]:
    """The text of each tr`...`, {0} for its first value; those inside others, too."""
    found = []
    for match in re.finditer(r"(?<![\w.])tr`", code):
        said, inner, _ = _literal(code, match.end() - 1, gap="\0")
        parts = said.split("\0")
        found.append("".join(f"{part}{{{i}}}" for i, part in enumerate(parts))[: -len("{0}")])
        if len(inner) > 9:
            raise ValueError(f"{said!r} has more than nine values")
    return found


def of_html(page: str) -> list[str]:
    """Its texts, and the attributes that are shown or read out."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.extend(value for name, value in attrs if name in _SHOWN and value)

        def handle_data(self, data):
            if data.strip():
                found.append(data.strip())

    Reader().feed(page)
    return found


_READERS = {".html": of_html, ".js": of_javascript, ".py": of_python}
