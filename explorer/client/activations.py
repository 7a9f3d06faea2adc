"""Forward passes of the selected image, with all their activations."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer.client.models import weights
from explorer.client.partial_results import in_parts
from explorer.client.session import ask
from explorer.client.tasks import attention_tasks, encoder_tasks, forward_pass, token_tasks
from explorer.records import (
    NORM_BATCH,
    AttentionInputs,
    BlockPass,
    ModelOutput,
    NormSample,
    ShuffleResult,
    TokenMaps,
)
from explorer.results import Failure, Ready, Result, all_ready
from explorer.selection import ModelRef, Selection
from explorer.text.language import tr
from vitcore.interpret.filters import embed_patches
from vitcore.intervention import Intervention
from vitcore.numpy_forward import numpy_forward
from vitcore.patches import patchify, pi_resize


def forward(selection: Selection, *, newest: bool = False) -> Result[ModelOutput]:
    """One forward pass with the selection's intervention.

    It waits 0.4 s at most; then it is `Pending`, and the page runs again once there is news.

    Args:
        selection: what it is about.
        newest: drop what was asked before with another intervention, as a person changes it.
    """
    return ask(
        forward_pass.forward,
        selection,
        selection.intervention if selection.intervened else None,
        message=_running(selection),
        slot="intervention" if newest else None,
        here=partial(_forward_here, selection),
    )


def _forward_here(selection: Selection) -> ModelOutput:
    """The same in NumPy: a page shows its prediction before TensorFlow is imported."""
    if isinstance(selection.model, Failure):
        raise ValueError(selection.model.message)
    config, weights_now = selection.model.config, weights(selection.model)
    found = numpy_forward(
        config,
        weights_now,
        selection.image.pixels,
        patch_size=selection.patch_size,
        intervention=selection.intervention,
    )
    return forward_pass.model_output(
        config, weights_now, found, patch_size=selection.patch_size, seconds=None
    )


def patch_embedding(selection: Selection) -> np.ndarray:
    """The image's tokens before positions are added, (gh, gw, D) float32; needs no worker.

    Read-only, and the same for all who ask.

    Raises:
        ValueError: if the selection has no model.
        CheckpointError: if its files were damaged since it was resolved.
    """
    if isinstance(selection.model, Failure):
        raise ValueError(selection.model.message)
    return _embedded(selection.image.key, selection.patch_size, selection.model, selection)


@st.cache_resource(
    max_entries=128,
    show_spinner=False,
    hash_funcs={ModelRef: lambda model: (str(model.folder), model.stamp)},
)
def _embedded(
    image: str,  # noqa: ARG001 - by which the pixels are known
    patch_size: int,
    model: ModelRef,
    _selection: Selection,
) -> np.ndarray:
    weights_now = weights(model)
    tokens = embed_patches(
        patchify(_selection.model_input, patch_size),
        pi_resize(weights_now["patch_embedding/kernel"], patch_size),
        weights_now["patch_embedding/bias"],
        pixel_range=model.config.pixel_range,
    )
    tokens.setflags(write=False)
    return tokens


def attention_inputs(selection: Selection) -> Result[AttentionInputs]:
    """The tokens of the image as they enter each block's attention."""
    return ask(attention_tasks.attention_inputs, selection, message=_running(selection))


def dense_conv_difference(selection: Selection) -> Result[float]:
    """Largest difference between `Dense(flatten(patch))` and `Conv2D` on the image."""
    return ask(
        forward_pass.dense_conv_difference, selection, message=tr("Comparing Dense and Conv2D…")
    )


def block_pass(selection: Selection, block: int) -> Result[BlockPass]:
    """One block of the forward pass, from 0."""
    return ask(
        encoder_tasks.block_pass,
        selection,
        block,
        message=tr("Running block {block}…", block=block + 1),
        slot="encoder_block",
    )


def residual_ablation(selection: Selection) -> Result[np.ndarray]:
    """Probabilities without one side of each residual sum: (L, 2, 2, C)."""
    if isinstance(selection.model, Failure):
        return selection.model
    depth = selection.model.config.depth

    def ask_block(block: int, *, notify: bool) -> Result[Any]:
        return ask(
            encoder_tasks.without_parts,
            selection,
            block,
            message=tr("Ablating each residual connection…"),
            background=True,
            notify=notify,
        )

    blocks = reversed(range(depth))
    parts = in_parts([partial(ask_block, block) for block in blocks])
    if isinstance(parts, Failure):
        return parts
    return parts.pending or Ready(np.stack(parts.value[::-1]))


def norm_sample(selection: Selection, block: int) -> Result[NormSample]:
    """Tokens of a batch before a block's first LayerNorm, from 0."""
    source = "sketch10" if selection.image.is_own else selection.image.source
    return ask(
        encoder_tasks.norm_sample,
        selection,
        block,
        source,
        NORM_BATCH,
        message=tr("Running {count} images…", count=NORM_BATCH),
    )


def token_maps(selection: Selection) -> Result[TokenMaps]:
    """Cosine similarity and principal components of the patches' tokens, by block."""
    return ask(token_tasks.token_maps, selection, message=tr("Comparing tokens…"))


def shuffle_predictions(selection: Selection, order: np.ndarray) -> Result[ShuffleResult]:
    """Predictions of the image and its shuffled patches, with position embeddings and without.

    Args:
        selection: what it is about; its own intervention is left out.
        order: (N,) int, which patch stands at each place.
    """
    moves = {target: int(source) for target, source in enumerate(order)}
    interventions = (
        Intervention(),
        Intervention(patches=moves),
        Intervention(use_pos_embed=False),
        Intervention(patches=moves, use_pos_embed=False),
    )
    outputs = [forward(selection.under(intervention)) for intervention in interventions]
    return all_ready(*outputs).map(
        lambda four: ShuffleResult(*(output.probabilities for output in four))
    )


def _running(selection: Selection) -> str:
    return tr("Running the model (P = {size})…", size=selection.patch_size)
