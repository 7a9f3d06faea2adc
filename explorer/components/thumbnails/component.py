"""Thumbnails of which one is selected: one radio group, one tab stop."""

from collections.abc import Callable, Sequence

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack

_thumbnails = declare("thumbnails", sends=("index",))


def thumbs(
    images: np.ndarray,
    indices: Sequence[int],
    labels: Sequence[str],
    chosen: int | None,
    key: str,
    on_change: Callable[[], None] | None = None,
) -> int | None:
    """Show images to choose from.

    Args:
        images: (n, side, side, 3) uint8.
        indices: (n,) what each image is called by the caller; one of them comes back.
        labels: (n,) words for pointer and screen reader.
        chosen: the index that is ringed, or None.
        key: widget key; during `on_change`, `picked(key, indices)` reads what was clicked.
        on_change: called before the next run when an image was clicked.

    Returns:
        The index that was clicked just now, else None.

    Raises:
        ValueError: if the three lengths differ or the images are not (n, side, side, 3).
    """
    if images.ndim != 4 or images.shape[-1] != 3 or images.shape[1] != images.shape[2]:
        raise ValueError(f"images must be (n, side, side, 3), got {images.shape}")
    if not len(images) == len(indices) == len(labels):
        raise ValueError(
            "images, indices and labels must be as many, "
            f"got {len(images)}, {len(indices)} and {len(labels)}"
        )
    numbers = [int(index) for index in indices]
    header = {
        "indices": numbers,
        "labels": list(labels),
        "chosen": None if chosen is None else int(chosen),
        "size": int(images.shape[1]),
    }
    data = pack("thumbnails", header, rgb=np.ascontiguousarray(images, dtype=np.uint8))
    # A trigger, not state: state that is replayed later overwrites a newer choice.
    result = _thumbnails(data, key=key, index=on_change)
    return _one_of(result.index, numbers)


def picked(result: object, indices: Sequence[int]) -> int | None:
    """What was clicked, from `st.session_state[key]` inside `on_change`, or None."""
    return _one_of(getattr(result, "index", None), [int(index) for index in indices])


def _one_of(value: object, allowed: Sequence[int]) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and value in allowed else None
