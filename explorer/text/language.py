"""The language of the pages: English stands in the code, another's sentences in a catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import polib

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh": "简体中文"}  # by their word in the URL

_FOLDER = Path(__file__).parent
_READ_OUT = ("alt", "aria-label", "title")
_ATTRIBUTE = r'(?<= {}=")[^"]+'
_HTML = re.compile("|".join(["(?<=>)[^<>]+(?=<)", *map(_ATTRIBUTE.format, _READ_OUT)]))
_BLANK = re.compile(r"\{\w+\}")
_SPACE_AFTER_FULL_STOP = re.compile(r"(?<=。) +$")  # it is as wide as two letters already
_ask: Callable[[], str] = lambda: ENGLISH  # noqa: E731
_known: ContextVar[str] = ContextVar("language")  # of this thread: asking takes 10 µs a time


def follow(ask: Callable[[], str]) -> None:
    """Ask a function which language the page is in: now, and in threads to come. English before."""
    global _ask
    _ask = ask
    _known.set(ask())


def current() -> str:
    """The language of the page that is run, a key of `LANGUAGES`."""
    try:
        return _known.get()
    except LookupError:
        _known.set(_ask())
        return _known.get()


def tr(message: str, **values: object) -> str:
    """A sentence in the language of the page, English where its catalog has none.

    Args:
        message: in English; tests collect them by the name of this function.
        values: what stands in braces, by name.
    """
    found = catalog(current()).get(message, message)
    return found.format(**values) if values else found


def tr_within(place: str, message: str) -> str:
    """A word that means something else in one place, the `msgctxt` of its entry."""
    return catalog(current(), place).get(message, message)


def N_(message: str) -> str:  # noqa: N802 - gettext's name for it
    """The message itself: it is translated where it is shown, not where it stands."""
    return message


def in_english(words: str, messages: tuple[str, ...]) -> str | None:
    """That of some messages which these words are, in any language."""
    for language in LANGUAGES:
        for message in messages:
            if words == catalog(language).get(message, message):
                return message
    return None


@cache
def catalog(language: str, component: str = "") -> Mapping[str, str]:
    """All sentences of a language by their English; empty for English.

    What a word means in one component alone, whose name is its `msgctxt`, comes before the rest.
    """
    files = sorted((_FOLDER / language).glob("*.po"))
    entries = [entry for file in files for entry in polib.pofile(str(file))]
    return {
        entry.msgid: entry.msgstr
        for place in ("", component)
        for entry in entries
        if (entry.msgctxt or "") == place
    }


def html_in(language: str, html: str, component: str = "") -> str:
    """A component's page: its texts, labels and titles in a language."""
    known = catalog(language, component)

    def said(match: re.Match[str]) -> str:
        text = match[0].strip()
        if text not in known:
            return match[0]
        return _SPACE_AFTER_FULL_STOP.sub("", match[0].replace(text, known[text]))

    return _HTML.sub(said, html)


def messages_of(language: str, script: str, component: str = "") -> dict[str, str]:
    """What a script may say: all whose fixed parts stand in it; {0} is its first value."""
    return {
        message: said
        for message, said in catalog(language, component).items()
        if all(part in script for part in _BLANK.split(message))
    }
