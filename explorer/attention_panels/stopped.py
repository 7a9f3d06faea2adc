"""What the model would answer after each block, patch by patch, with votes and lengths."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import components, services
from explorer.attention_panels import attention_state, words
from explorer.attention_panels.common import (
    Asked,
    as_csv,
    as_npz,
    chart,
    colours,
    download,
    in_its_place,
    quiet,
)
from explorer.attention_panels.sentences import (
    by_patch_title,
    early_title,
    norms_title,
    votes_title,
)
from explorer.components.answers_by_patch import answers_by_patch, answers_payload
from explorer.components.map_tiles import Group, Tile, map_tiles, tiles_payload
from explorer.figures.explaining import early_answers, token_lengths
from explorer.readings import Reading
from explorer.words.numerals import signed
from vitcore.intervention import Intervention
from vitcore.introspection.token_norms import long_patches

HEIGHT = 480


def draw(asked: Asked) -> None:
    """Four figures of one pass, with the changes that the lens made."""
    changes = attention_state.changes(asked.model, asked.picture, asked.patch_size)
    reading = asked.reading
    if changes != Intervention():
        reading = services.reading(
            asked.model, asked.picture, asked.patch_size, intervention=changes, slot="lens"
        )
        if not isinstance(reading, Reading):
            in_its_place(reading, height=HEIGHT)
            return
        quiet(words.CHANGED)
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
        "Answers (CSV)", lambda: early_csv(reading, asked.names), f"{name}.csv",
        key="early_csv", place=row,
    )  # fmt: skip
    download("All (NPZ)", lambda: npz(reading), f"{name}.npz", key="early_npz", place=row)


def _early(asked: Asked, reading: Reading, answer: int, other: int) -> None:
    st.subheader(early_title(reading.early, asked.names), anchor=False)
    figure = early_answers(
        reading.early, asked.names, answer=answer, other=other, colours=colours()
    )
    chart(figure, "attention_early")
    components.how_to_read_inline(
        text=words.STOPPED,
        formula=words.STOPPED_FORMULA,
        source=words.STOPPED_SOURCE,
        code=components.source_of("vitcore/introspection/early_answers.py", "early_answers"),
        key="attention_early",
    )


def _by_patch(asked: Asked, reading: Reading, answer: int, other: int) -> None:
    st.subheader(by_patch_title(reading.early_by_patch, asked.names, answer), anchor=False)
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
    apart = words.BY_PATCH_CLASS if asked.config.pooling == "class" else ""
    components.how_to_read_inline(
        text=words.BY_PATCH + apart,
        formula=None,
        source=words.STOPPED_SOURCE,
        code=components.source_of("vitcore/introspection/early_answers.py", "early_answers"),
        key="attention_by_patch",
    )


def _votes(asked: Asked, reading: Reading, answer: int, other: int) -> None:
    votes, names = reading.votes, asked.names
    st.subheader(votes_title(votes, names, answer, other), anchor=False)
    # A class has its colour here as in the curves; grey speaks against it.
    maps = {
        f"Votes for {names[answer]}": (votes[:, answer], ("third", "first")),
        f"Votes for {names[other]}": (votes[:, other], ("third", "second")),
        "Difference": (votes[:, answer] - votes[:, other], ("second", "first")),
    }
    tiles = tuple(
        Tile(
            name=name,
            said=name[0].lower() + name[1:],
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
            (Group(name="Each patch's own logit; the mean is the model's", tiles=tiles),),
            hint="Point at a patch to read its votes.",
            file=asked.file("votes.png"),
            rev=f"votes·{asked.mark}·{answer}·{other}",
        ),
        key="attention_votes",
    )
    components.how_to_read_inline(
        text=words.VOTES,
        formula=words.VOTES_FORMULA,
        source=words.VOTES_SOURCE,
        code=components.source_of("vitcore/introspection/early_answers.py", "early_answers"),
        key="attention_votes",
    )


def _ends(values: np.ndarray) -> tuple[str, str, str]:
    most = f"{float(np.abs(values).max()):.1f}"
    return f"−{most}", "0", f"+{most}"


def _norms(reading: Reading) -> None:
    outliers = long_patches(reading.norms, prefix=reading.prefix)
    st.subheader(norms_title(reading.norms, outliers, prefix=reading.prefix), anchor=False)
    figure = token_lengths(
        reading.norms,
        outliers,
        prefix=reading.prefix,
        columns=reading.grid[1],
        colours=colours(),
    )
    chart(figure, "attention_norms")
    components.how_to_read_inline(
        text=words.NORMS,
        formula=words.NORMS_FORMULA,
        source=words.NORMS_SOURCE,
        code=components.source_of("vitcore/introspection/token_norms.py"),
        key="attention_norms",
    )


def early_csv(reading: Reading, names: tuple[str, ...]) -> str:
    """A row for the picture and each patch after each block: the probability of each class."""
    rows = []
    for place, (whole, patches) in enumerate(
        zip(reading.early, reading.early_by_patch, strict=True)
    ):
        rows.append([place, "picture", "", *whole])
        for patch, shares in enumerate(patches):
            row, column = divmod(patch, reading.grid[1])
            rows.append([place, row + 1, column + 1, *shares])
    return as_csv(["after block", "row", "column", *names], rows)


def npz(reading: Reading) -> bytes:
    """Early answers, votes and lengths, as they are in a reading."""
    arrays = {
        "early": reading.early,
        "early_by_patch": reading.early_by_patch,
        "norms": reading.norms,
        "logits": reading.logits,
    }
    if reading.votes is not None:
        arrays["votes"] = reading.votes
    return as_npz(**arrays)
