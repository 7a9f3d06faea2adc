"""Images with two lines of text below each, of which a click selects one."""

from collections.abc import Callable, Sequence

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

_gallery = declare("gallery", sends=("number",))


def gallery(
    images: np.ndarray,
    numbers: Sequence[int],
    captions: Sequence[tuple[str, str]],
    labels: Sequence[str],
    *,
    chosen: int | None,
    label: str,
    key: str,
    on_change: Callable[[], None] | None = None,
) -> int | None:
    """Show images to select from.

    Args:
        images: (n, side, side, 3) uint8.
        numbers: (n,) what each image is called by the caller; one of them comes back.
        captions: (n,) two short lines each.
        labels: (n,) for pointer and screen reader.
        chosen: the number that is ringed, or None.
        label: of all of them together, for a screen reader.
        key: widget key; during `on_change`, `chosen_number` reads what was clicked.
        on_change: called before the next run when an image was clicked.

    Returns:
        The number that was clicked just now, else None.

    Raises:
        ValueError: if the lengths differ or the images are not (n, side, side, 3).
    """
    if images.ndim != 4 or images.shape[-1] != 3 or images.shape[1] != images.shape[2]:
        raise ValueError(f"images must have shape (n, side, side, 3), got {images.shape}")
    counts = [len(part) for part in (images, numbers, captions, labels)]
    if len(set(counts)) > 1:
        raise ValueError(
            f"images, captions and labels must be as many as the indices, got {counts}"
        )
    allowed = [int(number) for number in numbers]
    header = {
        "numbers": allowed,
        "captions": [list(caption) for caption in captions],
        "labels": list(labels),
        "chosen": chosen,
        "label": label,
        "size": int(images.shape[1]),
    }
    data = pack("gallery", header, rgb=np.ascontiguousarray(images, dtype=np.uint8))
    # A trigger, not state: state that is replayed later overwrites a newer choice.
    result = _gallery(data, key=key, number=on_change)
    return chosen_number(result, allowed)


def chosen_number(result: object, numbers: Sequence[int]) -> int | None:
    """What was clicked, from `st.session_state[key]` inside `on_change`, or None."""
    clicked = getattr(result, "number", None)
    whole = isinstance(clicked, int) and not isinstance(clicked, bool)
    return clicked if whole and clicked in [int(number) for number in numbers] else None
