"""Links to what is shown in the other languages."""

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.text.language import LANGUAGES, current

_switch = declare("language_switch")


def language_switch(*, key: str) -> None:
    """Draw a link for each language that the page is not in; it loads the same view."""
    others = [[word, name] for word, name in LANGUAGES.items() if word != current()]
    _switch(pack("language_switch", {"languages": others}), key=key)
