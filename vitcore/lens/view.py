"""What `show` returns: a view that draws itself in a notebook, or writes itself into a file."""

from __future__ import annotations

import base64
import os
import reprlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vitcore.interpret.selective_head import selective_head
from vitcore.lens import page
from vitcore.lens.given import whole
from vitcore.lens.initial import InitialView
from vitcore.lens.inputs import Tokens
from vitcore.lens.payload import as_text, check_size, view_payload
from vitcore.lens.words import finding, shape

_LARGEST_PNG = 250_000  # bytes
INFERNO = (  # as in view.css
    *("#000004", "#1B0C41", "#4A0C6B", "#781C6D", "#A52C60"),
    *("#CF4446", "#ED6925", "#FB9B06", "#F7D13D", "#FCFFA4"),
)


class AttentionView:
    """An interactive view of all attention maps of one image.

    The last value of a notebook's cell draws itself; `save` writes a file that opens offline.
    Where no script may run, on GitHub or in a mail's preview, a still image stands instead.

    Attributes:
        finding: one line about the most selective head, on which the view opens.
    """

    def __init__(
        self,
        attention: Sequence[np.ndarray],
        image: np.ndarray,
        tokens: Tokens,
        *,
        title: str = "",
        prediction: str = "",
        blocks: Sequence[int] | None = None,
        heads: Sequence[int] | None = None,
        compact: bool | None = None,
        iframe: bool = False,
        initial: InitialView | None = None,
    ) -> None:
        """A view of arrays that are ready to be drawn; `show` makes them of what people have.

        Args:
            attention: (H, T, T) of each block of the whole model.
            image: (height, width, 3) uint8.
            tokens: grid and prefix.
            title: above the view.
            prediction: beside it.
            blocks: which to draw, counted from 0; by default all.
            heads: likewise.
            compact: six bits for each weight in place of eight.
            iframe: whether a notebook gets a frame of its own.
            initial: what is shown first, and the intervention that attention and image are of.
        """
        depth, (count, length, _) = len(attention), attention[0].shape
        blocks, heads = _chosen("blocks", blocks, depth), _chosen("heads", heads, count)
        (rows, columns), prefix = tokens.grid, len(tokens.prefix)
        summaries = 2 if count > 1 else 1  # rollout, and the mean where there are several heads
        check_size((len(heads) + summaries) * len(blocks), length, rows * columns)
        drawn = np.stack([attention[block][list(heads)] for block in blocks])
        found = selective_head(drawn, tokens.grid, num_prefix_tokens=prefix)
        query = initial.patch if initial else found.patch
        maps = drawn[:, :, prefix + query, prefix:]
        self._maps = maps.reshape(len(blocks), len(heads), rows, columns).copy()
        self._query = divmod(query, columns)
        self._named = [str(i + 1) for i in blocks], [str(i + 1) for i in heads]
        self._image, self._title, self._prediction = image, title, prediction
        self.finding = finding(
            replace(found, block=blocks[found.block], head=heads[found.head]), tokens.prefix
        )
        self._note = initial.note if initial else ""
        self._shape = shape(
            depth, count, tokens.grid, tokens.prefix, drawn=(len(blocks), len(heads))
        )
        self._frame = (
            page.frame_height(len(blocks), len(heads) + summaries, tokens.grid) if iframe else ""
        )
        self._text = as_text(
            view_payload(
                attention,
                image,
                tokens,
                title=title,
                prediction=prediction,
                finding=self.finding,
                shape=self._shape,
                start=(found.block, found.head, found.patch),
                blocks=blocks,
                heads=heads,
                compact=compact,
                initial=initial,
            )
        )

    def __repr__(self) -> str:
        return f"<AttentionView: {self._shape}>"

    def _repr_html_(self) -> str:
        if self._frame:
            return page.framed(self.html(), height=self._frame)
        return self._fragment(self._png, "trust this notebook, or run the cell again")

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """What a notebook stores: the view, a still image of it, and a line of text."""
        made = {
            "text/html": self._repr_html_,
            "image/png": lambda: base64.b64encode(self._png).decode(),
            "text/plain": self.__repr__,
        }
        kinds = [k for k in made if (not include or k in include) and k not in (exclude or ())]
        return {kind: made[kind]() for kind in kinds}, {}

    def html(self) -> str:
        """One HTML document that needs nothing else."""
        body = self._fragment(self._png, "open this file in a browser")
        return page.document(body, title=self._title or "Attention")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write `html` to a file and return its path.

        Raises:
            OSError: where no file can be written or another than HTML stands, with what to do.
        """
        return page.write(self.html(), path)

    def _fragment(self, still: bytes, how: str) -> str:
        name = secrets.token_hex(6)
        return page.fragment(name, self._text, still=still, said=self._said, how=how)

    @property
    def _said(self) -> str:
        return self._note or self.finding

    @cached_property
    def _png(self) -> bytes:
        from vitcore.lens.figure import as_png, heads_figure  # Pillow

        row, column = self._query
        prediction = f"Prediction: {self._prediction}" if self._prediction else ""
        lines = (prediction, self._said, f"{self._shape}. Query ({row + 1}, {column + 1}).")
        pixels = heads_figure(
            self._maps,
            self._image,
            INFERNO,
            title=self._title or "Attention",
            lines=[line for line in lines if line],
            query=self._query,
            named=self._named,
        )
        return as_png(pixels, _LARGEST_PNG)


def _chosen(name: str, chosen: Sequence[int] | None, count: int) -> tuple[int, ...]:
    if chosen is None:
        return tuple(range(count))
    try:
        indices = tuple(map(whole, chosen))
    except TypeError:
        indices = ()
    if not indices or len(set(indices)) < len(indices) or not all(0 <= i < count for i in indices):
        raise ValueError(
            f"{name} must be different integers from 0 to {count - 1}, got {reprlib.repr(chosen)}."
        )
    return indices
