"""What stands in another language says the same: files, formulas, values and references."""

import json
import re
from collections import Counter
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).parents[3] / "explorer"
ENGLISH, CHINESE = ROOT / "text" / "en", ROOT / "text" / "zh"
NAMES = sorted(path.stem for path in ENGLISH.glob("*.md"))
TOURS = ("vit", "five", "cnn")
MOST_WORDS, SIGNS_A_WORD = 80, 1.6

CJK = r"[\u3400-\u9fff]"
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.S)
LINK = re.compile(r"\[[^]]*\]\([^)]*\)")
PLACEHOLDER = re.compile(r"\{\{\w+\}\}|\{\w+\}")
WORDS = re.compile(r"\\text\{[^}]*\}")  # within a formula
CODE = re.compile(r"`[^`]*`")
# What a reference says in any language: names, first words of titles, years, numbers, addresses.
CITED = re.compile(r"https?://[^)\s]+|[A-Z][\w&]*|\d[\d.]*\d|\d")
# What stands before a reference, and the name of a link.
LABEL = re.compile(
    r"(?:Curves|Occlusion|Registers|Relevance|Rollout|Sin-cos|Total variation)(?=: )"
    r"|2-D(?= as)|\[[^]]*\]"
)
HALF_WIDTH = re.compile(rf"(?:{CJK}|[“”）》])[,.:;()?!]|[,:;(?!]{CJK}")
PHRASES = ("title", "text", "question", "reveal", "why")


def read(folder, name):
    """The text of a file, its source apart."""
    text = (folder / f"{name}.md").read_text("utf-8").strip()
    body, _, last = text.rpartition("\n\n")
    return (body, last) if last.startswith("Source: ") else (text, "")


def prose(text):
    return LINK.sub(" ", FORMULA.sub(" ", text))


def half_width(text):
    """Signs of half width where Chinese has its own."""
    return HALF_WIDTH.findall(CODE.sub("", LINK.sub("", FORMULA.sub("", text))))


def phrases(raw):
    """Every string of a tour that is shown, in order."""
    if isinstance(raw, list):
        return [said for one in raw for said in phrases(one)]
    if not isinstance(raw, dict):
        return []
    found = []
    for name, value in raw.items():
        if name in PHRASES:
            found.append(value)
        elif name == "options":
            found += value
        elif name == "links":
            found += [said for _, *said_of_link in value for said in said_of_link]
        else:
            found += phrases(value)
    return found


def test_every_help_text_is_in_each_language():
    assert sorted(path.stem for path in CHINESE.glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_help_text_has_the_same_formulas_and_placeholders(name):
    english, chinese = (read(folder, name)[0] for folder in (ENGLISH, CHINESE))
    for pattern in (FORMULA, CODE):
        found = [
            Counter(WORDS.sub("", part) for part in pattern.findall(text))
            for text in (english, chinese)
        ]
        assert found[0] == found[1]
    values = [PLACEHOLDER.findall(FORMULA.sub("", text)) for text in (english, chinese)]
    assert Counter(values[0]) == Counter(values[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_help_text_has_the_same_source(name):
    english, chinese = (read(folder, name)[1] for folder in (ENGLISH, CHINESE))
    assert bool(chinese) == bool(english)
    if re.search(r"\d", english):  # a reference; else a remark, which is translated as a whole
        found = [CITED.findall(LABEL.sub("", text)) for text in (english, chinese)]
        assert found[0] == found[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_help_text_in_chinese_is_as_short(name):
    body = prose(read(CHINESE, name)[0])
    signs, words = re.findall(CJK, body), re.findall(r"[A-Za-z][\w’'-]*", re.sub(CJK, " ", body))
    assert len(signs) / SIGNS_A_WORD + len(words) <= MOST_WORDS


@pytest.mark.parametrize("path", sorted(CHINESE.iterdir()), ids=lambda path: path.name)
def test_chinese_has_punctuation_of_its_own(path):
    if path.suffix == ".md":
        said = list(read(CHINESE, path.stem))
    else:
        said = [entry.msgstr for entry in polib.pofile(str(path))]
    assert not {text: found for text in said if (found := half_width(text))}


def test_half_width_signs_are_found_beside_chinese_alone():
    assert half_width("块(块), 块. a: b") == ["块(", "块)", "块."]
    assert half_width("块：N = 4, 5（P = 2）；图像块 (2, 3)，$块.$ `块.` 90.2%") == []


def test_every_phrase_of_a_tour_is_translated_with_its_placeholders():
    shown = [
        said
        for file in (*(f"tours/{tour}.json" for tour in TOURS), "text/article.json")
        for said in phrases(json.loads((ROOT / file).read_text("utf-8")))
    ]
    entries = polib.pofile(str(CHINESE / "tours.po"))
    pages = {  # what a page says as well, once for both
        entry.msgid
        for path in CHINESE.glob("*.po")
        for entry in (polib.pofile(str(path)) if path.stem != "tours" else ())
        if not entry.msgctxt
    }
    assert [entry.msgid for entry in entries] == [
        said for said in dict.fromkeys(shown) if said not in pages
    ]
    for entry in entries:
        asked, given = (PLACEHOLDER.findall(text) for text in (entry.msgid, entry.msgstr))
        assert entry.msgstr
        assert Counter(asked) == Counter(given), entry.msgid
