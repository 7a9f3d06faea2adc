"""Logit lens: predictions after each block, per patch, with patch logits and token norms."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import client, components
from explorer.client.results import Reading
from explorer.components.attribution_tiles.component import Group, Tile, map_tiles, tiles_payload
from explorer.components.patch_predictions.component import answers_by_patch, answers_payload
from explorer.figures.explaining import logit_lens, token_norms
from explorer.text.formatting import signed
from explorer.views.attention import view_state
from explorer.views.attention.common import (
    CHANGED,
    Asked,
    as_csv,
    as_npz,
    chart,
    colours,
    download,
    in_its_place,
    quiet,
)
from explorer.views.attention.findings import (
    logit_lens_finding,
    patch_logits_finding,
    patch_predictions_finding,
    token_norms_finding,
)
from vitcore.interpret.token_norms import high_norm_tokens
from vitcore.intervention import Intervention

HEIGHT = 480


def draw(asked: Asked) -> None:
    """Four figures of one forward pass, with the interventions."""
    changes = view_state.changes(asked.model, asked.picture, asked.patch_size)
    reading = asked.reading
    if changes != Intervention():
        reading = client.reading(
            asked.model, asked.picture, asked.patch_size, intervention=changes, slot="lens"
        )
        if not isinstance(reading, Reading):
            in_its_place(reading, height=HEIGHT)
            return
        quiet(CHANGED)
    answer = int(reading.early[-1].argmax())
    other = asked.other if asked.other != answer else asked.answer
    left, right = st.columns([10, 11], gap="large")
    with left:
        _early(asked, reading, answer, other)
    with right:
        _by_patch(asked, reading, answer, other)
    if asked.config.pooling == "mean" and reading.votes is not None:
        left, right = st.columns([10, 11], gap="large")
        with left:
            _votes(asked, reading, answer, other)
        with right:
            _norms(reading)
    else:
        _norms(reading)
    row = st.container(horizontal=True, gap="small")
    name = asked.file("early")
    download(
        "Predictions (CSV)", lambda: early_csv(reading, asked.names), f"{name}.csv",
        key="early_csv", place=row,
    )  # fmt: skip
    download("Arrays (NPZ)", lambda: npz(reading), f"{name}.npz", key="early_npz", place=row)


def _early(asked: Asked, reading: Reading, answer: int, other: int) -> None:
    components.figure_heading("Logit lens", logit_lens_finding(reading.early, asked.names))
    figure = logit_lens(reading.early, asked.names, answer=answer, other=other, colours=colours())
    chart(figure, "attention_early")
    components.how_to_read(
        "attention_logit_lens",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def _by_patch(asked: Asked, reading: Reading, answer: int, other: int) -> None:
    components.figure_heading(
        "Per-patch predictions",
        patch_predictions_finding(reading.early_by_patch, asked.names, answer),
    )
    answers_by_patch(
        answers_payload(
            reading.picture,
            reading.early_by_patch,
            reading.grid,
            names=asked.names,
            coloured=(answer, other),
            file=asked.file("patches.png"),
            rev=f"{asked.mark}·{answer}·{other}",
        ),
        key="attention_by_patch",
    )
    components.how_to_read(
        "attention_patch_predictions_class_token"
        if asked.config.pooling == "class"
        else "attention_patch_predictions",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def _votes(asked: Asked, reading: Reading, answer: int, other: int) -> None:
    votes, names = reading.votes, asked.names
    components.figure_heading("Patch logits", patch_logits_finding(votes, names, answer, other))
    # A class has its color here as in the curves; gray is below zero.
    maps = {
        f"{names[answer]} logit": (votes[:, answer], ("third", "first")),
        f"{names[other]} logit": (votes[:, other], ("third", "second")),
        "Difference": (votes[:, answer] - votes[:, other], ("second", "first")),
    }
    tiles = tuple(
        Tile(
            name=name,
            said=name.lower(),
            note=f"mean {signed(float(values.mean()))}",
            values=values.reshape(reading.grid),
            scale=_ends(values),
            signed=True,
            ends=ends,
            testing=False,
        )
        for name, (values, ends) in maps.items()
    )
    map_tiles(
        tiles_payload(
            reading.picture,
            (Group(name="Mean over patches = model logit", tiles=tiles),),
            file=asked.file("votes.png"),
            rev=f"votes·{asked.mark}·{answer}·{other}",
        ),
        key="attention_votes",
    )
    components.how_to_read(
        "attention_patch_logits",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def _ends(values: np.ndarray) -> tuple[str, str, str]:
    most = f"{float(np.abs(values).max()):.1f}"
    return f"−{most}", "0", f"+{most}"


def _norms(reading: Reading) -> None:
    outliers = high_norm_tokens(reading.norms, num_prefix_tokens=reading.prefix)
    components.figure_heading(
        "Token norms", token_norms_finding(reading.norms, outliers, prefix=reading.prefix)
    )
    figure = token_norms(
        reading.norms,
        outliers,
        prefix=reading.prefix,
        columns=reading.grid[1],
        colours=colours(),
    )
    chart(figure, "attention_norms")
    components.how_to_read(
        "attention_token_norms", code=components.source_of("vitcore/interpret/token_norms.py")
    )


def early_csv(reading: Reading, names: tuple[str, ...]) -> str:
    """A row for the image and each patch after each block: the probability of each class."""
    rows = []
    for place, (whole, patches) in enumerate(
        zip(reading.early, reading.early_by_patch, strict=True)
    ):
        rows.append([place, "image", "", *whole])
        for patch, shares in enumerate(patches):
            row, column = divmod(patch, reading.grid[1])
            rows.append([place, row + 1, column + 1, *shares])
    return as_csv(["after block", "row", "column", *names], rows)


def npz(reading: Reading) -> bytes:
    """Logit lens, patch logits and token norms."""
    arrays = {
        "early": reading.early,
        "early_by_patch": reading.early_by_patch,
        "norms": reading.norms,
        "logits": reading.logits,
    }
    if reading.votes is not None:
        arrays["votes"] = reading.votes
    return as_npz(**arrays)
