"""Every sentence of a page has its translation, with the same placeholders."""

import ast
import re
from collections import Counter
from dataclasses import fields
from functools import cache
from pathlib import Path

import polib
import pytest

from explorer.text import language
from tests.explorer.text import messages, page_strings
from vitcore.config import TrainConfig

ROOT = Path(__file__).parents[3]
CATALOGS = ROOT / "explorer" / "text" / "zh"
FILES = [
    *sorted(
        path.relative_to(ROOT).as_posix()
        for folder, suffixes in (
            ("explorer", (".html", ".js", ".py")),
            ("vitcore/lens/js", (".js",)),
        )
        for path in (ROOT / folder).rglob("*")
        # A notebook's view is English, and what is said to who does not reach a page, or of them.
        if path.suffix in suffixes and path.name not in ("view.js", "security.py", "untrusted.py")
    ),
    "vitcore/lens/words.py",
]
# Names, and what no page shows; formulas and units have no three letters in a row.
SAME = {
    *("*v*^{⊤}tanh(*W*_{1}… + *W*_{2}…)", "*v*^{⊤}tanh(*W*_{1}*q* + *W*_{2}*k*)"),
    *("Adam", "AdamW", "CIFAR-10", "FlexiViT", "GELU", "LayerNorm", "PNG", "ReLU", "sketch10"),
    *("English", "Source:", "ViT", "ViT Explorer"),
    *(r"^(?://|/\*) uses ([\w/ ]+)", "Color", "Colors"),
    "const MESSAGES = …;\nconst PRINT = …;",
    *("BatchNorm", "GroupNorm", "g(…) = GELU(…) = … · Φ(…) = …", "logits = pW + b"),
    "… = Σₖ heads(k)·W_O(k, …) + b = …",
    "p = mean(LN(z_L))",
}
# Whose strings are code that a page shows as code.
PROGRAMS = {
    "explorer/components/self_attention/numpy.js",
    "explorer/text/encoder_snippets.py",
    "explorer/text/image_code.py",
    "explorer/text/recompute.py",
    "explorer/views/attention/script.py",
}
# Files that write files in English: a notebook's lens, and images, whose font has no Chinese; and
# that speak to an operator's programs.
IN_ENGLISH = {
    *("explorer/timeline/export.py", "explorer/views/attention/lens_file.py"),
    *("explorer/metrics.py", "explorer/probes.py"),
}
IN_AN_IMAGE = {
    *("Attention to key …", "Attention of query …", "Attention of the class token"),
    *("Attention averaged over queries", ", with interventions"),
}
# Names in code: of fields, of help texts, of what a page shows the source of.
NAMED = (
    {field.name for field in fields(TrainConfig)}
    | {path.stem for path in CATALOGS.glob("*.md")}
    | {"Intervention", "function jacobianNorm"}
)
# What scripts say to the browser alone: keys of a keyboard, classes, CSS.
TO_THE_BROWSER = {
    *("Arrow", "Backspace", "Delete", "Enter", "Escape", "Tab"),
    *("cell …", "dot now", "grade …", "link key", "link key…", "link passed", "link passed…"),
    *("link tip", "link value", "link value…", "link weight", "link weight…", "name column"),
    *("name row", "point ……", "spot …"),
    *("key …", "test …-test", "… / span …"),
    *("auto repeat(…, 1fr)", "inset(…px 0 0 0)", "input, textarea", "linear-gradient(90deg, …)"),
    "url(…) 0 0 / 100% 100%",
    *("(pointer: coarse)", "(prefers-reduced-motion: reduce)"),
    "…, conic-gradient(#999 25%, #bbb 0 50%, #999 0 75%, #bbb 0)",
    *("ArrowDown", "ArrowUp", "aside legend", "bars logits", "bars two", "box …", "line heads"),
    *("row on-…", "span > span", "th span", "title head-name", "wire stream", "wire stream…"),
}
# What Python says to itself, to a file or a notebook: names of threads and tasks, keys, a log.
TO_ITSELF = {
    *("%{fullData.name}", "dispatcher", "first pass", "not warmed: …", "reg …", "register …"),
    *(
        "true \\\\ predicted",
        "run queue",
        "epoch …",
        "run …",
        "step …",
        "signal …",
        "Process killed (…).",
    ),
    *("… prefix tokens", "…, … × … patches"),
    *("… could not be started: …", "true \\ predicted"),
}
ICON = re.compile(r":material/\w+:")
PLACEHOLDER = re.compile(r"\{\w+(?:[:!][^}]*)?\}")


@cache
def entries(*names):
    return [
        entry
        for name in names or [path.stem for path in sorted(CATALOGS.glob("*.po"))]
        for entry in polib.pofile(str(CATALOGS / f"{name}.po"))
    ]


def with_gaps(message):
    return PLACEHOLDER.sub(page_strings.GAP, message).strip()


def same(said):
    words = ICON.sub("", PLACEHOLDER.sub("", said))
    return said in SAME or not re.search(r"[A-Za-z]{3}", words)


class WithoutErrors(ast.NodeTransformer):
    """A program's own errors are for its authors, as is what a module exports: no page shows it."""

    def visit_Raise(self, node):  # noqa: N802 - ast's name
        error = getattr(getattr(node.exc, "func", None), "id", "")
        own = error in (
            *("AssertionError", "BrokenExecutor", "KeyError", "RuntimeError", "TypeError"),
            "ValueError",
        )
        return ast.copy_location(ast.Pass(), node) if own else node

    def visit_Assign(self, node):  # noqa: N802 - ast's name
        exports = getattr(node.targets[0], "id", "") == "__all__"
        return ast.copy_location(ast.Pass(), node) if exports else node


def visible(path):
    if path.suffix != ".py":
        return [said for said in page_strings.strings_of(path) if said not in TO_THE_BROWSER]
    tree = WithoutErrors().visit(ast.parse(path.read_text("utf-8")))
    found = page_strings.of_python(ast.unparse(tree))
    return [said for said in found if said not in NAMED | IN_AN_IMAGE | TO_ITSELF]


def untranslated(file):
    """What a person may read of a file and no catalog has."""
    if file in PROGRAMS | IN_ENGLISH:
        return []
    path = ROOT / file
    # Python says a sentence for all places at once: `tr` has no place.
    known = {entry.msgid for entry in entries() if path.suffix != ".py" or not entry.msgctxt}
    given = messages.messages_of(path)
    missing = [message for message in given if message not in known and not same(message)]
    wrapped = {with_gaps(message) for message in given}
    return missing + [
        said for said in visible(path) if with_gaps(said) not in wrapped and not same(said)
    ]


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_translated(file):
    assert not untranslated(file)


def test_no_catalog_has_a_sentence_that_is_nowhere_said():
    said = {message for file in FILES for message in messages.messages_of(ROOT / file)}
    names = [path.stem for path in CATALOGS.glob("*.po") if path.stem != "tours"]
    assert not [entry.msgid for entry in entries(*names) if entry.msgid not in said]


def test_every_sentence_is_translated_once_with_its_placeholders():
    found = Counter((entry.msgctxt, entry.msgid) for entry in entries())
    assert not [message for message, times in found.items() if times > 1]
    for entry in entries():
        asked, given = PLACEHOLDER.findall(entry.msgid), PLACEHOLDER.findall(entry.msgstr)
        assert entry.msgstr
        assert Counter(asked) == Counter(given), entry.msgid


def said_on_import(code):
    """The messages of each `tr` outside of functions: they would be said in the first language."""

    def visit(node):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
        elif isinstance(node, ast.Lambda):
            inside = []
        else:
            if isinstance(node, ast.Call) and page_strings._name(node.func) in ("tr", "tr_within"):
                yield ast.unparse(node)
            inside = ast.iter_child_nodes(node)
        for child in inside:
            if child is not None:
                yield from visit(child)

    return list(visit(ast.parse(code)))


def test_nothing_is_translated_while_modules_are_imported():
    pages = {"explorer/main.py"}  # a script: it is run for each person
    files = [
        file for file in FILES if file.endswith(".py") and not file.startswith("explorer/views")
    ]
    assert not {
        file: found
        for file in files
        if file not in pages and (found := said_on_import((ROOT / file).read_text("utf-8")))
    }
    code = "A = tr('a')\ndef f(x=tr('b')):\n    tr('c')\nB = lambda: tr('d')"
    assert said_on_import(code) == ["tr('a')", "tr('b')"]


def test_messages_of_a_file():
    code = """tr("One {n}", n=1) + language.tr("Two " "lines") + N_("Three") + tr(name)"""
    assert sorted(messages.of_python(code)) == ["One {n}", "Three", "Two lines"]
    script = "tr`one…`; x.attr`no`; tr`${n} of ${f(`${m}`)} ${a ? tr`in ${b}` : ''}`; utr`no`"
    assert messages.of_javascript(script) == ["one…", "{0} of {1} {2}", "in {0}"]
    page = '<p title="A"><b>B</b> c <img alt="D" class="e"></p>'
    assert messages.of_html(page) == ["A", "B", "c", "D"]


@pytest.fixture
def german(monkeypatch):
    words = {"One {n}": "Eins {n}", "B": "Be", "A": "Ah", "{0} of {1}": "von {1} {0}", "x{0}y": "n"}
    monkeypatch.setattr(language, "catalog", lambda name, _="": words if name == "de" else {})
    language.follow(lambda: "de")
    yield
    language.follow(lambda: language.ENGLISH)


@pytest.mark.usefixtures("german")
def test_a_sentence_is_said_in_the_language_of_the_page():
    assert language.tr("One {n}", n=2) == "Eins 2"
    assert language.tr("Two {n}", n=2) == "Two 2"
    page = '<p class="B" title="A">\n  <b>B</b> B <i>Bo</i></p>'
    assert language.html_in("de", page) == '<p class="B" title="Ah">\n  <b>Be</b> Be <i>Bo</i></p>'
    assert language.html_in("en", page) == page
    assert language.messages_of("de", "tr`${a} of ${b}` x") == {"{0} of {1}": "von {1} {0}"}


def test_a_word_may_mean_something_else_in_one_component(tmp_path, monkeypatch):
    (tmp_path / "xx").mkdir()
    said = 'msgid "Mask"\nmsgstr "one"\n\nmsgctxt "scores"\nmsgid "Mask"\nmsgstr "other"\n'
    (tmp_path / "xx" / "words.po").write_text(said, "utf-8")
    monkeypatch.setattr(language, "_FOLDER", tmp_path)
    assert language.html_in("xx", "<b>Mask</b>", "cost") == "<b>one</b>"
    assert language.html_in("xx", "<b>Mask</b>", "scores") == "<b>other</b>"
    assert language.messages_of("xx", "tr`Mask`", "scores") == {"Mask": "other"}
