"""Links to what is shown, in another language or for a class."""

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.text.language import LANGUAGES, current, tr

_links = declare("view_links")


def view_links(*, key: str) -> None:
    """Draw a link for each language that the page is not in, and one to the presenter's view."""
    others = [["lang", word, name] for word, name in LANGUAGES.items() if word != current()]
    _draw([*others, ["present", "1", tr("Presenter's view")]], key)


def leave_presenting(*, key: str) -> None:
    """Draw the link from the presenter's view to the same with all controls."""
    _draw([["present", "", tr("Leave presenter's view")]], key)


def _draw(links: list[list[str]], key: str) -> None:
    _links(pack("view_links", {"links": links}), key=key)
