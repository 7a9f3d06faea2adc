"""Head metrics: one at a time, over this image or over a hundred."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields

import numpy as np
import streamlit as st

from explorer import components
from explorer.client import head_analyses
from explorer.client.analysis_results import Gathered
from explorer.client.head_metrics import HeadNumbers
from explorer.client.results import Problem, Waiting
from explorer.figures.attention import Line, numbers_by_block
from explorer.text.prefix_tokens import prefix_words
from explorer.views.attention import view_state
from explorer.views.attention.common import (
    CHANGED,
    UNCHANGED,
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
from explorer.views.attention.head_ablation import source_of_many
from explorer.views.attention.head_metric_findings import metric_finding
from vitcore.interpret.attention_metrics import entropy_bound
from vitcore.interpret.distance import distance_bounds
from vitcore.intervention import Intervention

HEIGHT = 360
PICTURES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """How one metric is called, drawn and explained."""

    label: str
    axis: str
    help: str  # name of its help text
    code: tuple[str, ...]  # a file, and functions in it
    unit: str = ""
    digits: int = 2


_DISTANCE = ("vitcore/interpret/distance.py", "attention_distance")
_METRICS = "vitcore/interpret/attention_metrics.py"
NUMBERS = {
    "distance": Number(
        label="Mean distance",
        axis="mean attention distance (px)",
        help="attention_distance",
        code=_DISTANCE,
        unit=" px",
        digits=1,
    ),
    "distance_in_paper": Number(
        label="Mean distance (not renormalized)",
        axis="mean attention distance, not renormalized (px)",
        help="attention_distance_not_renormalized",
        code=_DISTANCE,
        unit=" px",
        digits=1,
    ),
    "entropy": Number(
        label="Entropy",
        axis="entropy (bits)",
        help="attention_entropy",
        code=(_METRICS, "attention_entropy"),
        unit=" bits",
    ),
    "prefix_attention": Number(
        label="Attention to {prefix}",
        axis="attention to {prefix}",
        help="attention_prefix",
        code=(_METRICS, "prefix_attention"),
    ),
    "query_dependence": Number(
        label="Query dependence",
        axis="total variation",
        help="attention_query_dependence",
        code=(_METRICS, "query_dependence"),
    ),
    "on_object": Number(
        label="Attention on object",
        axis="attention on object (× uniform)",
        help="attention_object",
        code=(_METRICS, "object_attention", "mask_by_patch"),
    ),
}


def draw(asked: Asked) -> None:
    """The chosen metric of every head."""
    source = source_of_many(asked)
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    over = row.segmented_control(
        "Images",
        ["this", "many"],
        default="this",
        format_func={"this": "this image", "many": f"{PICTURES} test images"}.get,
        key="attention_over",
        required=True,
        persist_state="session",
    )
    offered = offered_numbers(asked, masked=asked.picture.mask is not None or source == "sketch10")
    if st.session_state.get("attention_number") not in offered:
        st.session_state["attention_number"] = offered[0]
    name = row.selectbox(
        "Metric",
        offered,
        format_func=lambda name: label_of(name, asked),
        key="attention_number",
        persist_state="session",
        width=280,
    )
    found = _counted(asked, source, over)
    if found is None:
        components.figure_heading(label_of(name, asked))
        components.figure_state(
            "empty", "Only one token.", "Use a smaller patch size.", height=HEIGHT
        )
    elif not isinstance(found, (HeadNumbers, Gathered)):
        components.figure_heading(label_of(name, asked), " ")
        in_its_place(found, height=HEIGHT)
    else:
        _draw(asked, name, found, source)
    metric = NUMBERS[name]
    components.how_to_read(metric.help, code=components.source_of(*metric.code))
    unfinished = isinstance(found, Gathered) and found.done < found.of
    if unfinished and view_state.in_fragment():
        st.rerun()


def _counted(
    asked: Asked, source: str, over: str
) -> HeadNumbers | Gathered | Waiting | Problem | None:
    """The metrics of this image or of many; None where one token leaves nothing to measure."""
    if asked.reading.attention.shape[-1] == 1:
        return None
    if over == "many":
        return head_analyses.numbers_many(asked.model, source, asked.patch_size, pictures=PICTURES)
    return head_analyses.numbers(
        asked.model, asked.picture, asked.patch_size, intervention=changes_of(asked)
    )


def prefix_name(asked: Asked) -> str:
    """What the prefix tokens are called, where there are any."""
    return prefix_words(asked.reading.prefix, class_token=asked.config.pooling == "class")


def label_of(name: str, asked: Asked) -> str:
    return NUMBERS[name].label.format(prefix=prefix_name(asked))


def offered_numbers(asked: Asked, *, masked: bool) -> list[str]:
    """The metrics that this model and image have."""
    missing = set()
    if asked.reading.prefix == 0:
        missing |= {"prefix_attention", "distance_in_paper"}
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
    kind = f"{'CIFAR-10 test' if source == 'cifar10' else 'sketch10'} images"
    changes = changes_of(asked)
    changed = changes != Intervention()
    if isinstance(found, HeadNumbers):
        about = "Click a point to show its head above."
        if changed:
            about = f"{CHANGED} {about}"
    elif found.done < found.of:
        about = f"{found.done} / {found.of} {kind}."
    else:
        about = f"{found.of} {kind}: mean ± standard deviation."
    if changed and not isinstance(found, HeadNumbers):
        about = f"{about} {UNCHANGED}"
    if not len(known):
        components.figure_heading(number.label)
        components.figure_state(
            "empty",
            "The segmentation mask does not fit masked or moved patches."
            if changes.patches
            else "No segmentation mask for this image.",
            "Reset the patches above." if changes.patches else "Use a sketch10 image.",
            height=HEIGHT,
        )
        return
    mean = known.mean(axis=0, dtype=np.float64)
    components.figure_heading(
        label_of(name, asked), metric_finding(name, mean, [line.height for line in compared])
    )
    quiet(about)
    figure = numbers_by_block(
        mean,
        title=number.axis.format(prefix=prefix_name(asked)),
        unit=number.unit,
        digits=number.digits,
        lines=compared,
        spread=known.std(axis=0) if len(known) > 1 else None,
        enlarged=view_state.present(asked.model, asked.picture, asked.patch_size).head,
        colours=colours(),
        height=HEIGHT,
    )
    chart(figure, "attention_numbers", on_select=look, selection_mode="points")
    row = st.container(horizontal=True, gap="small")
    file = asked.file("numbers" if isinstance(found, HeadNumbers) else f"numbers-{source}")
    download(
        "Head metrics (CSV)",
        lambda: numbers_csv(numbers),
        f"{file}.csv",
        key="numbers_csv",
        place=row,
    )
    download("Arrays (NPZ)", lambda: npz(numbers), f"{file}.npz", key="numbers_npz", place=row)


def look() -> None:
    """Show the head of a clicked point large above."""
    for point in st.session_state["attention_numbers"]["selection"]["points"][:1]:
        head = point.get("customdata") or []
        if len(head) == 2:
            st.session_state["attention_look"] = secrets.token_hex(4), *map(int, head)
            st.rerun("attention_lens")


def lines(asked: Asked, name: str) -> list[Line]:
    """What a metric is compared with; the first is uniform attention where there is one."""
    reading = asked.reading
    tokens = reading.prefix + asked.patches
    even, farthest = distance_bounds(reading.grid, (asked.config.image_size,) * 2)
    if name == "distance":
        return [
            Line(height=even, words="uniform"),
            Line(height=farthest, words="maximum", dash="dash"),
        ]
    if name == "distance_in_paper":
        share = asked.patches / tokens  # what uniform attention leaves for patches
        return [
            Line(height=even * share, words="uniform"),
            Line(height=farthest, words="maximum", dash="dash"),
        ]
    if name == "entropy":
        return [Line(height=entropy_bound(tokens), words="uniform")]
    if name == "prefix_attention":
        return [Line(height=reading.prefix / tokens, words="uniform")]
    if name == "query_dependence":
        return [Line(height=1 - 1 / asked.patches, words="maximum")]
    return [Line(height=1.0, words="uniform")]


def numbers_csv(numbers: HeadNumbers) -> str:
    """A row for each head, the mean over images of every metric; what is unknown is empty."""
    names = list(NUMBERS)
    means = {name: _mean(getattr(numbers, name)) for name in names}
    rows = [
        [block + 1, head + 1, *(_or_empty(means[name][block, head]) for name in names)]
        for block, head in np.ndindex(means["distance"].shape)
    ]
    labels = [number.axis.format(prefix="prefix tokens") for number in NUMBERS.values()]
    return as_csv(["block", "head", *labels], rows)


def npz(numbers: HeadNumbers) -> bytes:
    """All metrics, a row for each image."""
    return as_npz(**{field.name: getattr(numbers, field.name) for field in fields(numbers)})


def _mean(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values).any(axis=(1, 2))]
    return known.mean(axis=0) if len(known) else np.full(values.shape[1:], np.nan)


def _or_empty(value: float) -> float | str:
    return "" if np.isnan(value) else float(value)
