"""What the attention of each block is given, asked for through the client like every reading."""

from __future__ import annotations

from explorer import client
from explorer.client.results import AttentionInputs, Problem, Waiting
from explorer.client.tasks import attention_tasks
from explorer.state import Picture


def attention_inputs(
    model: str, picture: Picture, patch_size: int
) -> AttentionInputs | Waiting | Problem:
    """The tokens of the selected image as they enter each block's attention.

    Args:
        model: one of `client.model_names()`.
        picture: the selected image.
        patch_size: P.
    """
    return client.ask(
        attention_tasks.attention_inputs,
        model,
        (picture.pixels, patch_size),
        key=(picture.key, patch_size),
        patch_size=patch_size,
        what=f"Running the model (P = {patch_size})…",
    )
