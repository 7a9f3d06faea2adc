"""The image and its shuffled patches, with the predictions of both."""

from collections.abc import Callable

import numpy as np

from explorer.components.declared import declare
from explorer.components.packing import pack
from explorer.records import ShuffleResult
from explorer.results import Failure, Pending
from explorer.text.formatting import max_difference

_shuffle = declare("shuffle", sends=("again",))


def shuffle_payload(
    original: np.ndarray,
    shuffled: np.ndarray,
    answers: ShuffleResult | Pending | Failure,
    *,
    names: tuple[str, ...],
    truth: int | None,
    moves: bool = True,
    rev: str = "",
) -> bytes:
    """The two images, and the class probabilities of both, or what is said in their place.

    Args:
        original: (side, side, 3) uint8, as the model saw it.
        shuffled: the same with its patches moved.
        answers: the four predictions; or what they wait for, or why there are none.
        names: of the classes.
        truth: index of the true label, or None.
        moves: whether there are patches that can change places.
        rev: what the drawn figure carries as `data-rev`, for tests in a browser.
    """
    header = {
        "size": len(original),
        "classes": list(names),
        "truth": truth,
        "moves": moves,
        "rev": rev,
    }
    arrays = {"original": original, "shuffled": shuffled}
    if isinstance(answers, ShuffleResult):
        header["notes"] = [max_difference(answers.moved), max_difference(answers.moved_without)]
        four = (
            answers.original,
            answers.shuffled,
            answers.original_without,
            answers.shuffled_without,
        )
        arrays["answers"] = np.stack(four).astype(np.float32)
    else:
        kind = "error" if moves and isinstance(answers, Failure) else "waiting"
        header["absent"] = {"kind": kind, "what": answers.message, "then": answers.hint}
    return pack("shuffle", header, **{k: np.ascontiguousarray(v) for k, v in arrays.items()})


def shuffle(data: bytes, *, key: str, on_again: Callable[[], None]) -> None:
    """Draw what `shuffle_payload` packed.

    Args:
        data: the payload.
        key: of the element.
        on_again: called before the run that another order is asked for with.
    """
    _shuffle(data, key=key, again=on_again)
