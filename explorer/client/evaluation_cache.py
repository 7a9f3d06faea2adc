"""A model's predictions on a test set, computed by the worker slice by slice and kept."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer import client
from explorer.client.evaluation import Answered, Slices, slice_size
from explorer.client.results import Problem
from explorer.client.tasks import forward_pass
from explorer.data import WHOLE
from vitcore import checkpoints
from vitcore.config import ViTConfig
from vitcore.messages import as_sentence


def evaluation(model: str, source: str, count: int, patch_size: int) -> Answered | Problem:
    """A model's predictions on the first test images, as many as there are by now.

    The rest is computed in slices, between which the worker serves others, and only while a page
    asks again: what is there stays, so it resumes where it was left. A slice does not rerun the
    page, which looks again by itself.

    Args:
        model: one of `client.model_names()`.
        source: "cifar10" or "sketch10".
        count: how many images, in the order of the dataset.
        patch_size: P.
    """
    if not model:
        return Problem("No models yet.", "Train one on the Train page.")
    try:
        folder = checkpoints.folder_of(model)
        stamp = checkpoints.stamp(folder)
        config, _ = client.weights(model)
    except (OSError, ValueError) as error:
        return Problem(as_sentence(str(error)), "Select another model.")

    def ask(start: int, number: int) -> Any:
        rest = (source, start, number, patch_size)
        return client.ask(
            forward_pass.answers,
            model,
            rest,
            key=rest,
            patch_size=patch_size,
            what=f"Evaluating {count:,} images (P = {patch_size})…",
            background=True,
            heeded=False,
        )

    return _slices(str(folder), stamp, source, patch_size, config).gather(count, ask)


@st.cache_resource(max_entries=32, show_spinner=False)
def _slices(
    folder: str,  # noqa: ARG001 - the first four name what is kept
    stamp: tuple[int, ...],  # noqa: ARG001 - new weights, new predictions
    source: str,  # noqa: ARG001
    patch_size: int,
    _config: ViTConfig,
) -> Slices:
    return Slices(WHOLE, slice_size(_config, patch_size), _config.classes)
