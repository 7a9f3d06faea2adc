"""Head metrics: one at a time, over this image or over a hundred."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields

import numpy as np
import streamlit as st

from explorer import client, components
from explorer.client.metrics import HeadMetrics
from explorer.figures.attention import Line, numbers_by_block
from explorer.results import Ready, Result
from explorer.text.language import N_, tr
from explorer.text.names import prefix_words
from explorer.views.attention import view_state
from explorer.views.attention.common import (
    CHANGED,
    UNCHANGED,
    AnalysisContext,
    after,
    as_csv,
    as_npz,
    chart,
    colours,
    download,
    draw_placeholder,
    quiet,
    rerun_when_ready,
)
from explorer.views.attention.head_ablation import source_of_many
from explorer.views.attention.head_metric_findings import metric_finding
from vitcore.interpret.attention_metrics import entropy_bound
from vitcore.interpret.distance import distance_bounds

HEIGHT = 360
IMAGES = 100
_OVER = {"this": N_("this image"), "many": N_("{count} test images")}
_COUNTING = {
    "cifar10": N_("{done} / {wanted} CIFAR-10 test images."),
    "sketch10": N_("{done} / {wanted} sketch10 images."),
}
_COUNTED = {
    "cifar10": N_("{count} CIFAR-10 test images: mean ± standard deviation."),
    "sketch10": N_("{count} sketch10 images: mean ± standard deviation."),
}


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
        label=N_("Mean distance"),
        axis=N_("mean attention distance (px)"),
        help="attention_distance",
        code=_DISTANCE,
        unit=N_(" px"),
        digits=1,
    ),
    "distance_in_paper": Number(
        label=N_("Mean distance (not renormalized)"),
        axis=N_("mean attention distance, not renormalized (px)"),
        help="attention_distance_not_renormalized",
        code=_DISTANCE,
        unit=N_(" px"),
        digits=1,
    ),
    "entropy": Number(
        label=N_("Entropy"),
        axis=N_("entropy (bits)"),
        help="attention_entropy",
        code=(_METRICS, "attention_entropy"),
        unit=N_(" bits"),
    ),
    "prefix_attention": Number(
        label=N_("Attention to {prefix}"),
        axis=N_("attention to {prefix}"),
        help="attention_prefix",
        code=(_METRICS, "prefix_attention"),
    ),
    "query_dependence": Number(
        label=N_("Query dependence"),
        axis=N_("total variation"),
        help="attention_query_dependence",
        code=(_METRICS, "query_dependence"),
    ),
    "on_object": Number(
        label=N_("Attention on object"),
        axis=N_("attention on object (× uniform)"),
        help="attention_object",
        code=(_METRICS, "object_attention", "mask_by_patch"),
    ),
}


def draw(context: AnalysisContext) -> None:
    """The chosen metric of every head."""
    source = source_of_many(context)
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    over = row.segmented_control(
        tr("Images"),
        ["this", "many"],
        default="this",
        format_func=lambda which: tr(_OVER[which], count=IMAGES),
        key="attention_over",
        required=True,
        persist_state="session",
    )
    masked = context.selection.image.mask is not None or source == "sketch10"
    offered = offered_numbers(context, masked=masked)
    if st.session_state.get("attention_number") not in offered:
        st.session_state["attention_number"] = offered[0]
    name = row.selectbox(
        tr("Metric"),
        offered,
        format_func=lambda name: label_of(name, context),
        key="attention_number",
        persist_state="session",
        width=280,
    )
    many = over == "many"
    result = _metrics(context, source, many=many)
    if result is None:
        components.figure_heading(label_of(name, context))
        components.figure_state(
            "empty", tr("Only one token."), tr("Use a smaller patch size."), height=HEIGHT
        )
    elif not isinstance(result, Ready):
        components.figure_heading(label_of(name, context), " ")
        draw_placeholder(result, height=HEIGHT)
    else:
        _draw(context, name, result, source if many else "")
    metric = NUMBERS[name]
    components.how_to_read(metric.help, code=components.source_of(*metric.code))
    rerun_when_ready(result)


def _metrics(context: AnalysisContext, source: str, *, many: bool) -> Result[HeadMetrics] | None:
    """The metrics of this image or of many; None where one token leaves nothing to measure."""
    if context.baseline.attention.shape[-1] == 1:
        return None
    if many:
        return client.head_metrics_many(context.selection, source, images=IMAGES)
    return client.head_metrics(context.selection)


def prefix_name(context: AnalysisContext) -> str:
    """What the prefix tokens are called, where there are any."""
    return prefix_words(
        context.baseline.num_prefix_tokens, class_token=context.model.config.pooling == "class"
    )


def label_of(name: str, context: AnalysisContext) -> str:
    return tr(NUMBERS[name].label, prefix=prefix_name(context))


def offered_numbers(context: AnalysisContext, *, masked: bool) -> list[str]:
    """The metrics that this model and image have."""
    missing = set()
    if context.baseline.num_prefix_tokens == 0:
        missing |= {"prefix_attention", "distance_in_paper"}
    if context.patches == 1:
        missing |= {"distance", "distance_in_paper"}
    if not masked:
        missing.add("on_object")
    return [name for name in NUMBERS if name not in missing]


def _draw(context: AnalysisContext, name: str, result: Ready[HeadMetrics], source: str) -> None:
    """One metric.

    Args:
        context: what the tabs are about.
        name: of the metric.
        result: of this image or of many.
        source: the test set of the many, or "" for this image.
    """
    numbers = result.value
    number, values = NUMBERS[name], getattr(numbers, name)  # (n, L, H)
    known = values[~np.isnan(values).any(axis=(1, 2))]
    compared = lines(context, name)
    changes, changed = context.selection.intervention, context.selection.intervened
    if not source:
        about = tr("Select a point to show its head above.")
        if changed:
            about = after(tr(CHANGED), about)
    elif result.pending:
        about = tr(_COUNTING[source], done=numbers.num_images, wanted=IMAGES)
    else:
        about = tr(_COUNTED[source], count=numbers.num_images)
    if changed and source:
        about = after(about, tr(UNCHANGED))
    if not len(known):
        components.figure_heading(tr(number.label))
        components.figure_state(
            "empty",
            tr("The segmentation mask does not fit masked or moved patches.")
            if changes.patches
            else tr("No segmentation mask for this image."),
            tr("Reset the patches above.") if changes.patches else tr("Use a sketch10 image."),
            height=HEIGHT,
        )
        return
    mean = known.mean(axis=0, dtype=np.float64)
    components.figure_heading(
        label_of(name, context), metric_finding(name, mean, [line.height for line in compared])
    )
    quiet(about)
    figure = numbers_by_block(
        mean,
        title=tr(number.axis, prefix=prefix_name(context)),
        unit=tr(number.unit),
        digits=number.digits,
        lines=compared,
        spread=known.std(axis=0) if len(known) > 1 else None,
        enlarged=view_state.lens_state(context.selection).head,
        colours=colours(),
        height=HEIGHT,
    )
    chart(figure, "attention_numbers", on_select=look, selection_mode="points")
    row = st.container(horizontal=True, gap="small")
    file = context.selection.file(f"numbers-{source}" if source else "numbers")
    download(
        tr("Head metrics (CSV)"),
        lambda: numbers_csv(numbers),
        f"{file}.csv",
        key="numbers_csv",
        place=row,
    )
    download(tr("Arrays (NPZ)"), lambda: npz(numbers), f"{file}.npz", key="numbers_npz", place=row)


def look() -> None:
    """Show the head of a clicked point large above."""
    for point in st.session_state["attention_numbers"]["selection"]["points"][:1]:
        head = point.get("customdata") or []
        if len(head) == 2:
            st.session_state["attention_look"] = secrets.token_hex(4), *map(int, head)
            st.rerun("attention_lens")


def lines(context: AnalysisContext, name: str) -> list[Line]:
    """What a metric is compared with; the first is uniform attention where there is one."""
    reading = context.baseline
    tokens = reading.num_prefix_tokens + context.patches
    even, farthest = distance_bounds(reading.grid, (context.model.config.image_size,) * 2)
    if name == "distance":
        return [
            Line(height=even, words=tr("uniform")),
            Line(height=farthest, words=tr("maximum"), dash="dash"),
        ]
    if name == "distance_in_paper":
        share = context.patches / tokens  # what uniform attention leaves for patches
        return [
            Line(height=even * share, words=tr("uniform")),
            Line(height=farthest, words=tr("maximum"), dash="dash"),
        ]
    if name == "entropy":
        return [Line(height=entropy_bound(tokens), words=tr("uniform"))]
    if name == "prefix_attention":
        return [Line(height=reading.num_prefix_tokens / tokens, words=tr("uniform"))]
    if name == "query_dependence":
        return [Line(height=1 - 1 / context.patches, words=tr("maximum"))]
    return [Line(height=1.0, words=tr("uniform"))]


def numbers_csv(numbers: HeadMetrics) -> str:
    """A row for each head, the mean over images of every metric; what is unknown is empty."""
    names = list(NUMBERS)
    means = {name: _mean(getattr(numbers, name)) for name in names}
    rows = [
        [block + 1, head + 1, *(_or_empty(means[name][block, head]) for name in names)]
        for block, head in np.ndindex(means["distance"].shape)
    ]
    labels = [number.axis.format(prefix=N_("prefix tokens")) for number in NUMBERS.values()]
    return as_csv(["block", "head", *labels], rows)


def npz(numbers: HeadMetrics) -> bytes:
    """All metrics, a row for each image."""
    return as_npz(**{field.name: getattr(numbers, field.name) for field in fields(numbers)})


def _mean(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values).any(axis=(1, 2))]
    return known.mean(axis=0) if len(known) else np.full(values.shape[1:], np.nan)


def _or_empty(value: float) -> float | str:
    return "" if np.isnan(value) else float(value)
