"""Every string of a source file that can reach a page, read without running the file."""

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path

GAP = "…"  # stands for a value
_READ_OUT = ("alt", "aria-label", "placeholder", "title")  # attributes
_LABELS = (
    "caption",
    "help",
    "label",
    "name",
    "placeholder",
    "said",
    "text",
    "then",
    "title",
    "what",
)
_ON_PAGE = re.compile(r"textContent|\.title\b|aria-label|replaceChildren|\btext\(")
_CODE = re.compile(r"(==|\[|\bcase|(?<!append)(?<!replaceChildren)(?<!\btext)\()\s*$")
_SELECTOR = re.compile(r"^[.#[]|\[[\w-]+|>>>|^[\w-]*\.[\w.-]+( |$)|:nth|^(\w+ )?canvas\b")
_NOT_PROSE = re.compile(r"^(M|rgba?\(|\d{3} )?[\d\s…A-Zvhc.,()-]*$|\dpx\b|^[\w-]+:[^ ]|^--")
_UNREAD_KEYS = {
    *("clicks", "facts", "figure", "head", "id", "kind", "page", "picker", "pin", "ring", "set"),
    *("section", "then", "url", "veil"),
}


def strings_of(path: Path) -> list[str]:
    """What a person may read of a file: Python, JavaScript, HTML, CSS, Markdown or JSON."""
    return _READERS[path.suffix](path.read_text("utf-8"))


def of_html(text: str) -> list[str]:
    """Its text, and the attributes that are shown or read out."""
    found = []

    class Reader(HTMLParser):
        inside = ""

        def handle_starttag(self, tag, attrs):
            self.inside = tag
            found.extend(value for name, value in attrs if name in _READ_OUT and value)

        def handle_endtag(self, tag):
            self.inside = ""

        def handle_data(self, data):
            if self.inside not in ("style", "script") and data.strip():
                found.append(data.strip())

    Reader().feed(text)
    return found


def of_css(text: str) -> list[str]:
    return [said for said in re.findall(r'content:\s*"([^"]*)"', text) if said]


def of_markdown(text: str) -> list[str]:
    """Without formulas, and without "Right:" that says which of two figures is meant."""
    return [
        re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$|(?m:^|(?<=\. ))\**Right\**(?=:)", " ", text, flags=re.S)
    ]


def of_json(text: str) -> list[str]:
    """All but what is named by a key that no person reads."""

    def walk(value):
        if isinstance(value, dict):
            for key, part in value.items():
                if key not in _UNREAD_KEYS:
                    yield from walk(part)
        elif isinstance(value, list):
            for part in value:
                yield from walk(part)
        elif isinstance(value, str):
            yield re.sub(r"\{\w+\}", GAP, value)

    return list(walk(json.loads(text)))


def of_python(text: str) -> list[str]:
    """String constants that are prose; an f-string is one, with a gap for each value.

    Prose has a space or a capital letter, or is the value of an argument like `label`. Docstrings
    and what is logged are left out.
    """
    found = []

    def visit(node, label=False):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.Call) and _name(node.func).startswith("_log."):
            return
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else GAP for part in node.values]
            found.extend(_prose("".join(parts), label=label))
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    visit(part.value)
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.extend(_prose(node.value, label=label))
        for child in ast.iter_child_nodes(node):
            visit(child, isinstance(node, ast.keyword) and node.arg in _LABELS)

    visit(ast.parse(text))
    return found


def of_javascript(text: str) -> list[str]:
    """String literals that are prose, as of Python; a template is one, with gaps."""
    found, at, before = [], 0, ""
    while at < len(text):
        if text.startswith("//", at):
            at = _end(text, "\n", at)
        elif text.startswith("/*", at):
            at = _end(text, "*/", at) + 1
        elif text[at] == "/" and (not before.strip() or before.rstrip()[-1] in "(,=:[!&|?{};>"):
            at += re.match(r"/(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n])*/", text[at:]).end() - 1
        elif text[at] in "'\"`":
            said, inner, after = _literal(text, at)
            statement = re.split(r"[;{}\n]", before)[-1]
            label = bool(_ON_PAGE.search(statement)) and not _CODE.search(statement)
            found.extend(_prose(said, label=label))
            for code in inner:
                found.extend(of_javascript(f"x.textContent = {code}" if label else code))
            at, before = after - 1, before + "''"
        else:
            before = (before + text[at])[-400:]
        at += 1
    return found


def _literal(text: str, at: int, gap: str = GAP) -> tuple[str, list[str], int]:
    """The text of the literal that begins at `at`, the code inside it, and where it is over."""
    quote, said, inner = text[at], "", []
    at += 1
    while text[at] != quote:
        if text[at] == "\\":
            said, at = said + text[at + 1], at + 2
        elif quote == "`" and text.startswith("${", at):
            start = at = at + 2
            depth = 1
            while depth:
                if text[at] in "'\"`":
                    at = _literal(text, at)[2]
                    continue
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
            inner.append(text[start : at - 1])
            said += gap
        else:
            said, at = said + text[at], at + 1
    return said, inner, at + 1


def _prose(said: str, *, label: bool) -> list[str]:
    if "<style" in said or re.search(r"[{;]\s*[\w-]+:|^\s*[\w-]+: [^;]*;", said):
        said = re.sub(r"<style.*?</style>", "", said, flags=re.S)
        if "<" not in said:
            return []
    if re.search(r"<\w+[ >]", said):
        return of_html(said)
    said = said.strip()
    wanted = label or " " in said or re.match(r"[A-Z][a-z]", said)
    if not said or not wanted or _SELECTOR.search(said) or _NOT_PROSE.search(said):
        return []
    return [said]


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return getattr(node, "id", "")


def _end(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found


_READERS = {
    ".css": of_css,
    ".html": of_html,
    ".js": of_javascript,
    ".json": of_json,
    ".md": of_markdown,
    ".py": of_python,
}
