"""A component's messages: a script's address, and a payload that is sent once."""

import re
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from explorer.components import declared
from explorer.text import language


def page():
    import streamlit as st

    from explorer.components.declared import declare

    for key in ("one", "two"):
        declare("cost")(st.session_state.payloads[key], key=key)


@pytest.fixture
def sent(monkeypatch):
    """Run a page again with two payloads; what its two figures were sent."""
    monkeypatch.setattr(declared, "_LARGE", 100)
    app = AppTest.from_function(page)

    def sent(**payloads):
        app.session_state["payloads"] = payloads
        app.run()
        assert not app.exception
        return [element.proto.bytes for element in app.get("bidi_component")]

    sent.app = app
    return sent


def test_a_payload_is_sent_once_and_then_its_last_bytes(sent):
    large, other, small = bytes(range(200)), bytes(reversed(range(200))), b"small"
    first = sent(one=large, two=small)
    assert [message[:-16] for message in first] == [large, small]
    assert sent(one=large, two=small) == [first[0][-16:], first[1]]
    assert [message[:-16] for message in sent(one=other, two=large)] == [other, large]
    # One payload of each figure is held, the newest.
    assert sent(one=large, two=large)[0] == first[0]


def test_two_figures_do_not_share_what_they_were_sent(sent):
    one, two = sent(one=bytes(200), two=bytes(200))
    assert one[:-16] == two[:-16]
    assert one[-16:] != two[-16:]


def test_what_a_window_has_lost_is_sent_again(sent):
    first = sent(one=bytes(200), two=b"")[0]
    assert sent(one=bytes(200), two=b"")[0] == first[-16:]
    held = sent.app.session_state[declared._HELD]
    held.pop("one")  # as `_forget` does before the run
    assert sent(one=bytes(200), two=b"")[0] == first


def test_what_a_window_has_is_shown_again_without_its_payload(sent):
    payloads = bytes(200), b"small"
    first = sent(one=payloads[0], two=payloads[1])
    assert sent(one=None, two=None) == [message[-16:] for message in first]
    assert sent(one=payloads[0], two=None)[0] == first[0][-16:]


def test_a_window_has_what_it_was_sent_and_has_not_lost(sent):
    def has():
        held = sent.app.session_state[declared._HELD]
        with patch.object(declared.st, "session_state", {declared._HELD: held}):
            return [declared.in_window(key) for key in ("one", "two", "three")]

    sent(one=bytes(200), two=b"small")
    assert has() == [True, True, False]
    with patch.object(declared.st, "session_state", sent.app.session_state):
        declared._forget("one")
    assert has() == [False, True, False]


def test_a_script_is_asked_for_by_an_address_that_changes_with_it(monkeypatch):
    component = []
    register = lambda name, **files: component.append(files)  # noqa: E731
    monkeypatch.setattr(declared.st.components.v2, "component", register)
    for words in language.LANGUAGES:
        declared._component.__wrapped__("cost", words)
        assert declared.script("cost", words).decode() == declared.sources("cost", words)[2]
    addresses = [re.search(r"scripts/(\w+)/cost\.js\?(\w+)", one["js"]) for one in component]
    assert [address[1] for address in addresses] == list(language.LANGUAGES)
    assert len({address[2] for address in addresses}) == len(addresses)


@pytest.mark.parametrize(
    ("name", "words"),
    [("nothing", "en"), ("..", "en"), ("cost", "xx"), ("a" * 40_000, "en"), ("a\0", "en")],
)
def test_nothing_else_is_served_as_a_script(name, words):
    with pytest.raises(LookupError):
        declared.script(name, words)
