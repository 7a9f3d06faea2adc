"""The card of a guided tour, with its rings, veils and questions over the page's own figures."""

from __future__ import annotations

from collections.abc import Callable

from explorer.components.declared import declare

_tour = declare("tour", sends=("go", "told"))


def tour_card(
    data: bytes, *, key: str, on_go: Callable[[], None], on_told: Callable[[], None]
) -> None:
    """Draw the card that `tours.card.tour_payload` packed.

    Args:
        data: the payload.
        key: widget key.
        on_go: called before the next run when another step was asked for (`go`: its number, from
            0; -1 to leave; {"page": name} to leave for a page).
        on_told: called when a prediction was made.
    """
    _tour(data, key=key, go=on_go, told=on_told)
