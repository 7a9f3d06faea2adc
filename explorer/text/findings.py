"""Lines of text written from the numbers they are about."""

from collections.abc import Sequence

import numpy as np

from explorer.text.language import N_, tr
from vitcore.config import PATCH_SIZES
from vitcore.lens.words import percent

UNDECIDED = 1e-3  # spread of probabilities under which a model prefers nothing
_NOUNS = {  # for one, for several
    "block": (N_("{count} block"), N_("{count} blocks")),
    "head": (N_("{count} head"), N_("{count} heads")),
    "image": (N_("{count} image"), N_("{count} images")),
    "patch": (N_("{count} patch"), N_("{count} patches")),
    "register": (N_("{count} register"), N_("{count} registers")),
    "score": (N_("{count} attention score"), N_("{count} attention scores")),
    "step": (N_("{count} step"), N_("{count} steps")),
    "token": (N_("{count} token"), N_("{count} tokens")),
}


def prediction(probabilities: np.ndarray, label: int | None, names: tuple[str, ...]) -> str:
    """The predicted class and, where the true label is known, whether it is correct.

    Args:
        probabilities: (C,), sums to 1.
        label: index of the image's class, or None.
        names: of the C classes.
    """
    if float(np.ptp(probabilities)) < UNDECIDED:
        share = percent(float(probabilities.mean()))
        return tr("none, every class has {share}", share=share)
    top = int(probabilities.argmax())
    said = {"label": names[top], "share": percent(float(probabilities[top]))}
    if label is None:
        return tr("{label}, {share}", **said)
    if top == label:
        return tr("{label}, {share} (correct)", **said)
    return tr("{label}, {share} (true label: {true})", true=names[label], **said)


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
            tr(
                "resized to {size} ({patch_size} does not divide {image_size})",
                size=f"{size}\u00a0×\u00a0{size}",
                patch_size=patch_size,
                image_size=image_size,
            )
        )
    scores = counted(tokens * tokens, "score")
    parts.append(tr("{tokens}² = {scores} per head", tokens=f"{tokens:,}", scores=scores))
    if seconds is not None:
        milliseconds = 1e3 * seconds
        digits = 0 if milliseconds >= 9.5 else 1
        time = f"{milliseconds:.{digits}f}\u00a0ms"
        parts.append(tr("forward pass {time}", time=time))
    return f":small[{'  ·  '.join(parts)}]"


def sizes_caption(sizes: tuple[int, ...], dataset: str, images: int) -> str:
    """What stands above the predictions at all patch sizes.

    Args:
        sizes: that the model was trained at; () where nobody says.
        dataset: whose test accuracy stands below them.
        images: of that data; 0 where none was measured.
    """
    if set(PATCH_SIZES) <= set(sizes):
        said = tr("One set of weights, trained at all nine (FlexiViT).")
    elif sizes:
        at = ", ".join(map(str, sizes))
        said = tr("One set of weights, trained at P = {sizes}.", sizes=at)
    else:
        said = tr("One set of weights.")
    if not images:
        return said
    return said + tr(" Test: {count} {dataset} images.", count=f"{images:,}", dataset=dataset)


def sizes_help(sizes: tuple[int, ...]) -> str | None:
    """How one set of weights comes to serve all patch sizes."""
    if not sizes:
        return None
    if len(sizes) > 1:
        return tr(
            "FlexiViT: each training step used a random patch size, with patch and position "
            "embeddings resized to it."
        )
    return tr(
        "At other patch sizes, patch and position embeddings are resized; the blocks saw no such "
        "tokens in training."
    )


def counted(count: int, noun: str) -> str:
    """A number and its noun, a key of `_NOUNS`, in the plural where it is not one."""
    one, several = _NOUNS[noun]
    return tr(one if count == 1 else several, count=f"{count:,}")
