"""A component's script and its address."""

import re

import pytest

from explorer.components import declared
from explorer.text import language


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


@pytest.mark.parametrize(("name", "words"), [("nothing", "en"), ("..", "en"), ("cost", "xx")])
def test_nothing_else_is_served_as_a_script(name, words):
    with pytest.raises(LookupError):
        declared.script(name, words)
