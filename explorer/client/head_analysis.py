"""What heads do: ablations and metrics, on this image and on many."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer.client.activations import forward
from explorer.client.attribution import output_key
from explorer.client.metrics import HeadMetrics, joined, metrics_of
from explorer.client.models import labeled
from explorer.client.partial_results import in_parts
from explorer.client.result_cache import protect
from explorer.client.session import ask, ask_model
from explorer.client.tasks import analysis_tasks
from explorer.client.tasks.chunk_size import chunk_size
from explorer.data import cifar10_setup
from explorer.records import HeadRanking, ModelOutput
from explorer.results import Failure, Ready, Result
from explorer.selection import Selection
from explorer.text.language import tr
from vitcore.config import ViTConfig
from vitcore.inference import batch_size, probabilities
from vitcore.interpret.head_ablation import HeadEffects, head_effects


def head_metrics(selection: Selection) -> Result[HeadMetrics]:
    """Every head in numbers over this image, with the object where it is known.

    With patches moved or masked the object is not known.
    """
    model, output = selection.model, forward(selection, newest=selection.intervened)
    if isinstance(model, Failure):
        return model
    if not isinstance(output, Ready):
        return output
    mask = None if selection.intervention.patches else selection.image.mask
    key = *output_key(selection, output.value), mask is None, repr(selection.intervention)
    return output.map(lambda known: _metrics(key, model.config, known, mask))


def head_ablation(selection: Selection, class_index: int | None = None) -> Result[HeadRanking]:
    """What each head does to the prediction for this image.

    Args:
        selection: what it is about; its intervention is left out.
        class_index: the class asked about; default the predicted one.
    """
    selection, model = selection.baseline, selection.model
    if isinstance(model, Failure):
        return model
    blocks, heads = model.config.depth, model.config.num_heads
    passes = 1 + blocks * heads + blocks
    size = batch_size(model.config.tokens(selection.patch_size))

    def ask_batch(start: int, *, notify: bool) -> Result[Any]:
        return ask(
            analysis_tasks.without_some,
            selection,
            start,
            min(size, passes - start),
            message=tr("Ablating each head…"),
            background=True,
            notify=notify,
        )

    parts = in_parts([partial(ask_batch, start) for start in range(0, passes, size)])
    if isinstance(parts, Failure):
        return parts
    if parts.pending:
        return parts.pending

    def ranking(known: list[np.ndarray]) -> HeadRanking:
        logits = np.concatenate(known)[None]  # (1, V, C)
        of = int(logits[0, 0].argmax()) if class_index is None else class_index
        shown = probabilities(logits[0])  # (V, C)
        return HeadRanking(
            class_index=of,
            effects=head_effects(logits, np.array([of]), blocks=blocks, heads=heads),
            before=shown[0],
            heads=shown[1 : 1 + blocks * heads].reshape(blocks, heads, -1),
            blocks=shown[1 + blocks * heads :],
        )

    return parts.map(ranking)


def head_ablation_many(
    selection: Selection, source: str, *, images: int = 200
) -> Result[HeadEffects]:
    """What each head does to the predictions for the first test images, as far as known by now.

    It is computed in the background, a chunk at a time, while a page keeps asking.

    Args:
        selection: model and patch size.
        source: "cifar10" or "sketch10".
        images: how many, in the order of the data.
    """
    if isinstance(model := labeled(selection.model), Failure):
        return model

    def effects(parts: list[tuple[np.ndarray, np.ndarray]], config: ViTConfig) -> HeadEffects:
        logits, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
        return head_effects(logits, classes, blocks=config.depth, heads=config.num_heads)

    return _of_many(
        analysis_tasks.without_each_of_many,
        selection,
        source,
        images,
        passes=lambda config: 1 + config.depth * config.num_heads + config.depth,
        message=tr("Ablating each head on {count} images…", count=images),
        join=effects,
    )


def head_metrics_many(
    selection: Selection, source: str, *, images: int = 100
) -> Result[HeadMetrics]:
    """Every head in numbers over the first test images, as far as known by now.

    Args: see `head_ablation_many`.
    """
    return _of_many(
        analysis_tasks.metrics_of_many,
        selection,
        source,
        images,
        # Traced one by one, and measured: some four times the work of the pass alone.
        passes=lambda config: 4,  # noqa: ARG005
        message=tr("Computing head metrics on {count} images…", count=images),
        join=lambda parts, config: joined(parts),  # noqa: ARG005
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _metrics(
    key: tuple[Any, ...],  # noqa: ARG001 - of the forward pass, and whether there is a mask
    _config: ViTConfig,
    _output: ModelOutput,
    _mask: np.ndarray | None,
) -> HeadMetrics:
    found = metrics_of(
        _output.attention,
        _output.grid,
        image_size=(_config.image_size, _config.image_size),
        prefix=_output.num_prefix_tokens,
        pooling=_config.pooling,
        mask=_mask,
    )
    protect(found)
    return found


def _of_many(
    function: Callable[..., Any],
    selection: Selection,
    source: str,
    images: int,
    *,
    passes: Callable[[ViTConfig], int],
    message: str,
    join: Callable[[list[Any], ViTConfig], Any],
) -> Result[Any]:
    model, patch_size = selection.model, selection.patch_size
    if isinstance(model, Failure):
        return model
    if source == "cifar10" and not cifar10_setup.cifar10().ready:
        hint = tr("Select sketch10 as the image source.")
        return Failure(cifar10_setup.cifar10().sentence, hint)
    size = chunk_size(model.config, patch_size, passes(model.config))

    def ask_chunk(start: int, *, notify: bool) -> Result[Any]:
        return ask_model(
            function,
            model,
            (source, start, min(size, images - start), patch_size),
            patch_size=patch_size,
            message=message,
            background=True,
            notify=notify,
        )

    parts = in_parts([partial(ask_chunk, start) for start in range(0, images, size)])
    if isinstance(parts, Failure):
        return parts
    known = next((n for n, part in enumerate(parts.value) if part is None), len(parts.value))
    if known == 0 and parts.pending:  # no gaps: the first images, whichever came
        return parts.pending
    return Ready(join(parts.value[:known], model.config), parts.pending)
