"""Lines of text written from the numbers they are about."""

from collections.abc import Sequence

import numpy as np

from vitcore.config import PATCH_SIZES
from vitcore.lens.words import percent

UNDECIDED = 1e-3  # spread of probabilities under which a model prefers nothing


def prediction(probabilities: np.ndarray, label: int | None, names: tuple[str, ...]) -> str:
    """The predicted class and, where the true label is known, whether it is correct.

    Args:
        probabilities: (C,), sums to 1.
        label: index of the image's class, or None.
        names: of the C classes.
    """
    if float(np.ptp(probabilities)) < UNDECIDED:
        return f"none, every class has {percent(float(probabilities.mean()))}"
    top = int(probabilities.argmax())
    said = f"{names[top]}, {percent(float(probabilities[top]))}"
    if label is None:
        return said
    return f"{said} ({'correct' if top == label else f'true label: {names[label]}'})"


def facts(
    *,
    patch_size: int,
    side: int,
    prefix: Sequence[str],
    tokens: int,
    image_size: int,
    seconds: float | None,
) -> str:
    """How many tokens there are and what they cost, as one line of Markdown.

    Args:
        patch_size: P.
        side: patches along one side.
        prefix: the tokens before the patches, as `prefix_counts` has them.
        tokens: in all.
        image_size: pixels along one side of the image.
        seconds: of one warm forward pass, where it was measured.
    """
    summands = " + ".join([counted(side * side, "patch"), *prefix])
    parts = [f"**{counted(tokens, 'token')}** = {summands}"]
    if image_size % patch_size:
        size = side * patch_size
        parts.append(
            f"resized to {size}\u00a0×\u00a0{size} ({patch_size} does not divide {image_size})"
        )
    scores = counted(tokens * tokens, "attention score")
    parts.append(f"{tokens:,}² = {scores} per head")
    if seconds is not None:
        milliseconds = 1e3 * seconds
        digits = 0 if milliseconds >= 9.5 else 1
        parts.append(f"forward pass {milliseconds:.{digits}f}\u00a0ms")
    return f":small[{'  ·  '.join(parts)}]"


def sizes_caption(sizes: tuple[int, ...], dataset: str, images: int) -> str:
    """What stands above the predictions at all patch sizes.

    Args:
        sizes: that the model was trained at; () where nobody says.
        dataset: whose test accuracy stands below them.
        images: of that data; 0 where none was measured.
    """
    if set(PATCH_SIZES) <= set(sizes):
        trained = ", trained at all nine (FlexiViT)"
    else:
        trained = f", trained at P = {', '.join(map(str, sizes))}" if sizes else ""
    test = f" Test: {images:,} {dataset} images." if images else ""
    return f"One set of weights{trained}.{test}"


def sizes_help(sizes: tuple[int, ...]) -> str | None:
    """How one set of weights comes to serve all patch sizes."""
    if not sizes:
        return None
    if len(sizes) > 1:
        return (
            "FlexiViT: each training step used a random patch size, with patch and position "
            "embeddings resized to it."
        )
    return (
        "At other patch sizes, patch and position embeddings are resized; the blocks saw no such "
        "tokens in training."
    )


def counted(count: int, noun: str) -> str:
    """A number and its noun, in the plural where it is not one."""
    ending = "es" if noun.endswith(("ch", "ss")) else "s"
    return f"{count:,} {noun if count == 1 else noun + ending}"
