"""A model's predictions on the first test images, computed chunk by chunk and kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from explorer.client.models import labeled
from explorer.client.session import ask_model
from explorer.client.tasks import forward_pass
from explorer.client.tasks.chunk_size import evaluation_chunk_size
from explorer.data import WHOLE
from explorer.records import Evaluation
from explorer.results import Failure, Pending, Ready, Result
from explorer.selection import ModelRef, Selection
from explorer.text.language import tr

_AHEAD = 6  # chunks that are asked for before the page runs again

Chunk = tuple[np.ndarray, float]  # logits (n, C), and the seconds that they took


def evaluate(selection: Selection, source: str, count: int) -> Result[Evaluation]:
    """A model's predictions on the first test images, as many as there are by now.

    The rest is computed in chunks, between which the worker serves others, and only while a page
    asks again: what is there stays, so it resumes where it was left. A chunk does not rerun the
    page, which looks again by itself.

    Args:
        selection: model and patch size.
        source: "cifar10" or "sketch10".
        count: how many images, in the order of the dataset.
    """
    model, patch_size = labeled(selection.model), selection.patch_size
    if isinstance(model, Failure):
        return model

    def ask(start: int, number: int) -> Result[Chunk]:
        return ask_model(
            forward_pass.test_logits,
            model,
            (source, start, number, patch_size),
            patch_size=patch_size,
            message=tr(
                "Evaluating {count} images (P = {size})…", count=f"{count:,}", size=patch_size
            ),
            background=True,
            notify=False,
        )

    return _chunks(model, source, patch_size).gather(count, ask)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={ModelRef: repr})
def _chunks(model: ModelRef, source: str, patch_size: int) -> Chunks:  # noqa: ARG001
    size = evaluation_chunk_size(model.config, patch_size)
    return Chunks(WHOLE, size, model.config.classes)


class Chunks:
    """The predictions of one model at one patch size on one dataset, as they come in.

    Args:
        whole: images there are.
        size: of a chunk, the last one excepted.
        classes: C.
    """

    def __init__(self, whole: int, size: int, classes: int) -> None:
        self.whole, self.size = whole, size
        self._logits = np.empty((whole, classes), np.float32)
        self._seconds: dict[int, float] = {}  # by start, of those that are there

    def gather(
        self, wanted: int, ask: Callable[[int, int], Result[Chunk]]
    ) -> Ready[Evaluation] | Failure:
        """Ask for what is still to come of the first `wanted` images, a few chunks at a time.

        Args:
            wanted: images.
            ask: for the chunk of a start and a count.

        Returns:
            The images from the first on, as far as they are there without a gap.
        """
        wanted, pending = min(wanted, self.whole), []
        for start, count in self.missing(wanted):
            result = ask(start, count)
            if isinstance(result, Failure):
                return result
            if isinstance(result, Pending):
                pending.append(result)
                if len(pending) == _AHEAD:
                    break
            else:
                self._logits[start : start + count], self._seconds[start] = result.value
        missing = self.missing(wanted)
        done = min(missing[0][0], wanted) if missing else wanted
        found = Evaluation(
            logits=self._logits[:done].copy(),
            wanted=wanted,
            seconds=sum(self._seconds[start] for start in range(0, done, self.size)),
        )
        return Ready(found, pending[0] if pending else None)

    def missing(self, wanted: int) -> list[tuple[int, int]]:
        """Start and count of the chunks that are still to come for the first `wanted`."""
        return [
            (start, min(self.size, self.whole - start))
            for start in range(0, wanted, self.size)
            if start not in self._seconds
        ]
