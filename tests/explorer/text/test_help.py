"""Every help text: short, drawn somewhere, and whole in each language."""

import re
from pathlib import Path

import pytest

from explorer.text import help_text

TEXTS = Path(__file__).parents[3] / "explorer" / "text"
NAMES = sorted(path.stem for path in (TEXTS / "en").glob("*.md"))
SOURCES = "\n".join(path.read_text("utf-8") for path in TEXTS.parent.rglob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_help_text_has_at_most_80_words_besides_formulas(name):
    prose = re.sub(
        r"\$\$.*?\$\$|\$[^$]*\$|\[[^]]*\]\([^)]*\)", " ", help_text(name).body, flags=re.S
    )
    assert 10 <= len(re.findall(r"[^\W\d_][\w’'-]*", prose)) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_every_help_text_is_drawn(name):
    assert f'"{name}"' in SOURCES


def test_the_last_paragraph_may_be_a_source():
    assert help_text("overview").source.startswith("Dosovitskiy")
    assert "Source" not in help_text("overview").body
