"""Heads in numbers: one figure at a time, over this picture or over a hundred."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields

import numpy as np
import streamlit as st

from explorer import components
from explorer.analyses import explaining
from explorer.analyses.explanations import Gathered
from explorer.analyses.head_numbers import HeadNumbers
from explorer.attention_panels import attention_state, words
from explorer.attention_panels.common import (
    Asked,
    as_csv,
    as_npz,
    changes_of,
    chart,
    colours,
    download,
    in_its_place,
    quiet,
)
from explorer.attention_panels.heads import source_of_many
from explorer.attention_panels.number_findings import number_title
from explorer.figures.attention import Line, numbers_by_block
from explorer.readings import Problem, Waiting
from explorer.words.prefix_tokens import prefix_words
from vitcore.intervention import Intervention
from vitcore.introspection.attention_numbers import entropy_bound
from vitcore.introspection.distance import distance_bounds

HEIGHT = 360
PICTURES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """How one number is called and drawn."""

    label: str
    axis: str
    unit: str = ""
    digits: int = 2


NUMBERS = {
    "distance": Number(label="distance", axis="mean distance, pixels", unit=" px", digits=1),
    "distance_in_paper": Number(
        label="distance, as in the paper", axis="mean distance, pixels", unit=" px", digits=1
    ),
    "entropy": Number(label="entropy", axis="entropy, bits", unit=" bits"),
    "prefix_mass": Number(label="on {prefix}", axis="share on {prefix}"),
    "query_dependence": Number(label="depends on the patch", axis="change with the patch"),
    "on_object": Number(label="on the object", axis="times an even spread"),
}


def draw(asked: Asked) -> None:
    """The chosen number of every head."""
    source = source_of_many(asked)
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    over = row.segmented_control(
        "Over",
        ["this", "many"],
        default="this",
        format_func={"this": "this picture", "many": f"{PICTURES} pictures"}.get,
        key="attention_over",
        required=True,
        persist_state="session",
    )
    offered = offered_numbers(asked, masked=asked.picture.mask is not None or source == "sketch10")
    if st.session_state.get("attention_number") not in offered:
        st.session_state["attention_number"] = offered[0]
    name = row.selectbox(
        "Number",
        offered,
        format_func=lambda name: label_of(name, asked),
        key="attention_number",
        persist_state="session",
        width=240,
    )
    found = _counted(asked, source, over)
    if found is None:
        st.subheader("With one token every head has the same numbers", anchor=False)
        quiet("")
        components.figure_state(
            "empty",
            "A token that is alone looks at itself, in every head.",
            "Slide to smaller patches to see heads differ.",
            height=HEIGHT,
        )
    elif not isinstance(found, (HeadNumbers, Gathered)):
        st.subheader("Every head in one number", anchor=False)
        quiet("")
        in_its_place(found, height=HEIGHT)
    else:
        _draw(asked, name, found, source)
    text, formula, origin, code = words.NUMBERS[name]
    components.how_to_read_inline(
        text=text,
        formula=formula,
        source=origin,
        code=components.source_of(*code),
        key="attention_numbers",
    )
    unfinished = isinstance(found, Gathered) and found.done < found.of
    if unfinished and attention_state.in_fragment():
        st.rerun()


def _counted(
    asked: Asked, source: str, over: str
) -> HeadNumbers | Gathered | Waiting | Problem | None:
    """The numbers of this picture or of many; None where one token leaves nothing to count."""
    if asked.reading.attention.shape[-1] == 1:
        return None
    if over == "many":
        return explaining.numbers_many(asked.model, source, asked.patch_size, pictures=PICTURES)
    return explaining.numbers(
        asked.model, asked.picture, asked.patch_size, intervention=changes_of(asked)
    )


def prefix_name(asked: Asked) -> str:
    """What the tokens before the patches are called, where there are any."""
    return prefix_words(asked.reading.prefix, class_token=asked.config.pooling == "class")


def label_of(name: str, asked: Asked) -> str:
    return NUMBERS[name].label.format(prefix=prefix_name(asked))


def offered_numbers(asked: Asked, *, masked: bool) -> list[str]:
    """The numbers that this model and picture have."""
    missing = set()
    if asked.reading.prefix == 0:
        missing |= {"prefix_mass", "distance_in_paper"}
    if asked.patches == 1:
        missing |= {"distance", "distance_in_paper"}
    if not masked:
        missing.add("on_object")
    return [name for name in NUMBERS if name not in missing]


def _draw(asked: Asked, name: str, found: HeadNumbers | Gathered, source: str) -> None:
    numbers = found if isinstance(found, HeadNumbers) else found.answer
    number, values = NUMBERS[name], getattr(numbers, name)  # (n, L, H)
    known = values[~np.isnan(values).any(axis=(1, 2))]
    compared = lines(asked, name)
    kind = "photographs" if source == "cifar10" else "sketches"
    changes = changes_of(asked)
    changed = changes != Intervention()
    if isinstance(found, HeadNumbers):
        how = words.CHANGED if changed else "This picture."
        about = f"{how} Click a circle to see its head in the lens."
    elif found.done < found.of:
        about = f"{found.done} of {found.of} {kind}, counting."
    else:
        about = f"{found.of} {kind}: mean and standard deviation."
    if changed and not isinstance(found, HeadNumbers):
        about = f"{about} {words.UNCHANGED}"
    if not len(known):
        st.subheader("The object of this picture is not known", anchor=False)
        quiet("")
        components.figure_state(
            "empty",
            "Where patches are moved or erased, the object is not where its mask is."
            if changes.patches
            else "A photograph has no mask of its object.",
            "Reset the patches above, or choose another number."
            if changes.patches
            else "Choose a sketch, or 100 pictures of sketches.",
            height=HEIGHT,
        )
        return
    mean = known.mean(axis=0, dtype=np.float64)
    st.subheader(
        number_title(name, mean, [line.height for line in compared], prefix=prefix_name(asked)),
        anchor=False,
    )
    quiet(about)
    figure = numbers_by_block(
        mean,
        title=number.axis.format(prefix=prefix_name(asked)),
        unit=number.unit,
        digits=number.digits,
        lines=compared,
        spread=known.std(axis=0) if len(known) > 1 else None,
        enlarged=attention_state.present(asked.model, asked.picture, asked.patch_size).head,
        colours=colours(),
        height=HEIGHT,
    )
    chart(figure, "attention_numbers", on_select=look, selection_mode="points")
    row = st.container(horizontal=True, gap="small")
    file = asked.file("numbers" if isinstance(found, HeadNumbers) else f"numbers-{source}")
    download(
        "Numbers (CSV)", lambda: numbers_csv(numbers), f"{file}.csv", key="numbers_csv", place=row
    )
    download("All (NPZ)", lambda: npz(numbers), f"{file}.npz", key="numbers_npz", place=row)


def look() -> None:
    """Show the head of a clicked circle large in the lens."""
    for point in st.session_state["attention_numbers"]["selection"]["points"][:1]:
        head = point.get("customdata") or []
        if len(head) == 2:
            st.session_state["attention_look"] = secrets.token_hex(4), *map(int, head)
            st.rerun("attention_lens")


def lines(asked: Asked, name: str) -> list[Line]:
    """What a number is compared with; the first is an even spread where there is one."""
    reading = asked.reading
    tokens = reading.prefix + asked.patches
    even, farthest = distance_bounds(reading.grid, (asked.config.image_size,) * 2)
    if name == "distance":
        return [
            Line(height=even, words="an even spread"),
            Line(height=farthest, words="the farthest patch", dash="dash"),
        ]
    if name == "distance_in_paper":
        share = asked.patches / tokens  # what an even spread leaves for patches
        return [
            Line(height=even * share, words="an even spread"),
            Line(height=farthest, words="the farthest patch", dash="dash"),
        ]
    if name == "entropy":
        return [Line(height=entropy_bound(tokens), words="an even spread")]
    if name == "prefix_mass":
        return [Line(height=reading.prefix / tokens, words="an even spread")]
    if name == "query_dependence":
        return [Line(height=1 - 1 / asked.patches, words="a token for every patch")]
    return [Line(height=1.0, words="an even spread")]


def numbers_csv(numbers: HeadNumbers) -> str:
    """A row for each head, the mean over pictures of every number; what is unknown is empty."""
    names = list(NUMBERS)
    means = {name: _mean(getattr(numbers, name)) for name in names}
    rows = [
        [block + 1, head + 1, *(_or_empty(means[name][block, head]) for name in names)]
        for block, head in np.ndindex(means["distance"].shape)
    ]
    return as_csv(["block", "head", *names], rows)


def npz(numbers: HeadNumbers) -> bytes:
    """All numbers, a row for each picture."""
    return as_npz(**{field.name: getattr(numbers, field.name) for field in fields(numbers)})


def _mean(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values).any(axis=(1, 2))]
    return known.mean(axis=0) if len(known) else np.full(values.shape[1:], np.nan)


def _or_empty(value: float) -> float | str:
    return "" if np.isnan(value) else float(value)
