"""Attribution: four maps for two classes, with deletion and insertion tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer import client, components, url_fields
from explorer.components.attribution_tiles.component import (
    Faithfulness,
    Group,
    Tile,
    map_tiles,
    tiles_payload,
)
from explorer.records import MAPS, AttributionMaps
from explorer.results import Pending, Ready, Result, all_ready
from explorer.text.findings import percent
from explorer.text.language import N_, tr
from explorer.views.attention.common import (
    UNCHANGED,
    AnalysisContext,
    as_csv,
    as_npz,
    download,
    draw_placeholder,
    quiet,
    rerun_when_ready,
)
from explorer.views.attention.findings import MAP_NAMES, attribution_finding
from vitcore.interpret.deletion_insertion import Curves

HEIGHT = 660
_TESTS = (
    N_("Deletion (lower AUC is better); y axis: class probability"),
    N_("Insertion (higher AUC is better); y axis: class probability"),
)
_TITLES = dict(
    zip(MAPS, (N_("Raw attention"), N_("Rollout"), N_("Relevance"), N_("Occlusion")), strict=True)
)
_UNLIKELY = 0.05  # probability that no step reaches: nothing can be seen to fall
_TOPS = (0.1, 0.2, 0.5, 1.0)  # where the axis of a class's curves may end


@dataclass(frozen=True, slots=True)
class Shown:
    """What was drawn last; it stays, dimmed, until its successor is there."""

    context: AnalysisContext
    predicted: AttributionMaps
    other: AttributionMaps
    tests: tuple[Curves, ...]  # of both classes, none until all maps are there
    pending: Pending | None

    @property
    def complete(self) -> bool:
        return bool(self.tests) and self.pending is None


def controls() -> tuple[str, float]:
    """Head fusion and discard ratio of rollout."""
    fusion = st.segmented_control(
        tr("Head fusion"),
        url_fields.FUSIONS,
        format_func=tr,
        default="mean",
        key="head_fusion",
        help=tr("How rollout combines the heads of a block."),
        bind="query-params",
        required=True,
        persist_state="session",
    )
    discard = st.slider(
        tr("Discard ratio"),
        0.0,
        0.9,
        0.0,
        0.1,
        format="percent",
        key="discard_ratio",
        help=tr("Fraction of the lowest attention weights that rollout drops."),
        bind="query-params",
        persist_state="session",
        width=200,
    )
    return fusion or "mean", float(discard)


def draw(context: AnalysisContext, *, fusion: str, discard: float) -> None:
    """The finding, the maps and their curves, each as soon as it is there."""
    result = _shown(context, fusion=fusion, discard=discard)
    last: Shown | None = st.session_state.get("attention_maps_shown")
    shown = result.value
    finding = " "  # its place is kept
    if shown and shown.complete:
        finding = attribution_finding(shown.tests[0], patches=context.patches)
    components.figure_heading(tr("Attribution maps"), finding)
    if context.selection.intervened:
        quiet(tr(UNCHANGED))
    if shown:
        st.session_state["attention_maps_shown"] = shown
        map_tiles(payload(shown), key="attention_maps")
        draw_downloads(shown)
    elif isinstance(result, Pending) and last is not None:
        map_tiles(payload(last, awaited=result.message), key="attention_maps")
    elif not isinstance(result, Ready):
        draw_placeholder(result, height=HEIGHT)
    rerun_when_ready(result)
    draw_help()


def _shown(context: AnalysisContext, *, fusion: str, discard: float) -> Result[Shown]:
    """The maps of both classes and, once they are complete, their tests."""
    classes = context.predicted, context.other
    maps = all_ready(
        *(
            client.attribution_maps(
                context.selection, index, head_fusion=fusion, discard_ratio=discard
            )
            for index in classes
        )
    )
    if not isinstance(maps, Ready) or maps.pending:
        return maps.map(lambda both: Shown(context, *both, (), maps.pending))
    tests = client.deletion_insertion(context.selection, maps.value)
    if not isinstance(tests, Ready):
        return tests
    return Ready(Shown(context, *maps.value, tests.value, tests.pending), tests.pending)


def payload(shown: Shown, *, awaited: str = "") -> bytes:
    """What the figure is sent."""
    context, known = shown.context, shown.tests or (None, None)
    answer, other = (context.shown_names[index] for index in (context.predicted, context.other))
    first = [_tile(shown.predicted, known[0], name, context, answer) for name in MAPS]
    second = [_tile(shown.other, known[1], name, context, other) for name in MAPS[2:]]
    of_answer, of_other = (
        _tests(test, label) for test, label in zip(known, (answer, other), strict=True)
    )
    groups = (
        Group(name=tr("Class-agnostic"), tiles=tuple(first[:2]), **of_answer),
        Group(name=tr("Evidence for {label}", label=answer), tiles=tuple(first[2:]), **of_answer),
        Group(name=tr("Evidence for {label}", label=other), tiles=tuple(second), **of_other),
    )
    late = shown.pending
    return tiles_payload(
        context.baseline.image,
        groups,
        shares=next((curves.shares for curves in known if curves), None),
        tests=tuple(map(tr, _TESTS)),
        awaited=awaited,
        progress=(late.message, late.progress or 0.0) if late and not awaited else None,
        file=context.selection.file("maps.png"),
        rev=f"{context.selection.key}·{context.other}·{shown.complete}·{bool(awaited)}",
    )


def _tests(curves: Curves | None, label: str) -> dict[str, Any]:
    """Where the axis of a class's curves ends, or why there are none."""
    if curves is None or not np.isfinite(curves.deletion + curves.insertion).all():
        return {}
    most = float(max(curves.deletion.max(), curves.insertion.max()))
    if most < _UNLIKELY:
        start = percent(float(curves.deletion[0, 0]))
        untested = tr("Not tested: p({label}) is only {share}", label=label, share=start)
        return {"untested": untested}
    return {"top": next(top for top in _TOPS if top >= most or top == _TOPS[-1])}


def _tile(
    found: AttributionMaps, curves: Curves | None, name: str, context: AnalysisContext, label: str
) -> Tile:
    values, row, share = getattr(found, name), MAPS.index(name), name in ("raw", "rollout")
    said = tr(MAP_NAMES[name])
    if not share:
        said = tr("{map} for {label}", map=said, label=label)
    kind = dict(zip(("note", "unit", "scale", "signed"), _kind(name, values), strict=True))
    known = curves is not None and bool(np.isfinite(curves.insertion[[row, -1]]).all())
    return Tile(
        name=tr(_TITLES[name]),
        said=said,
        values=values,
        label=label,
        testing=context.patches > 1,
        tested=Faithfulness(
            deletion=curves.deletion[row],
            insertion=curves.insertion[row],
            areas=(float(curves.deletion_area[row]), float(curves.insertion_area[row])),
            chance=(curves.deletion[-1], curves.insertion[-1]),
            chance_areas=(float(curves.deletion_area[-1]), float(curves.insertion_area[-1])),
        )
        if known and context.patches > 1
        else None,
        **kind,
    )


def _kind(name: str, values: np.ndarray | None) -> tuple[str, str, tuple[str, ...], bool]:
    """A map's note, unit, words below its colors, and whether it is signed."""
    if name == "relevance":
        return tr("relative"), "relative", (tr("low"), tr("high")), False
    if name == "occlusion":
        note, most = tr("logit drop"), 0.0
        most = 0.0 if values is None else float(np.abs(values).max())
        return note, "number", (f"−{most:.2f}", "0", f"+{most:.2f}"), True
    low, high = percent(float(values.min())), percent(float(values.max()))
    return tr("attention"), "share", (low, high), False


def draw_downloads(shown: Shown) -> None:
    """Maps and curves as files."""
    row, context = st.container(horizontal=True, gap="small"), shown.context
    files = [(tr("Maps (CSV)"), maps_csv, "maps.csv", "maps_csv")]
    if context.patches > 1:
        files.append((tr("Curves (CSV)"), curves_csv, "curves.csv", "curves_csv"))
    for label, make, file, key in (*files, (tr("Arrays (NPZ)"), npz, "maps.npz", "maps_npz")):
        make = partial(make, shown)
        there = shown.complete
        download(label, make, context.selection.file(file), key=key, place=row, disabled=not there)


def maps_csv(shown: Shown) -> str:
    """A row for each patch: raw attention, rollout, and two maps of two classes."""
    answer, other = (shown.context.names[m.class_index] for m in (shown.predicted, shown.other))
    head = ["row", "column", *map(MAP_NAMES.get, MAPS[:2])]
    head += [f"{name} {label}" for label in (answer, other) for name in MAPS[2:]]
    columns = np.stack([*shown.predicted.rows, *shown.other.rows[2:]], axis=-1)  # (gh, gw, 6)
    places = np.ndindex(columns.shape[:2])
    return as_csv(head, ([r + 1, c + 1, *columns[r, c]] for r, c in places))


def curves_csv(shown: Shown) -> str:
    """A row for each class, test and order: AUC, then the probability at each fraction."""
    names = [MAP_NAMES[name] for name in MAPS] + [N_("random order")]
    rows = []
    for found, label in zip(
        shown.tests, (shown.context.predicted, shown.context.other), strict=True
    ):
        for test in ("deletion", "insertion"):
            areas, lines = getattr(found, f"{test}_area"), getattr(found, test)
            rows += [
                [shown.context.names[label], test, name, area, *line]
                for name, area, line in zip(names, areas, lines, strict=True)
            ]
    shares = [f"{share:.4g}" for share in shown.tests[0].shares]
    return as_csv(["class", "test", "order", "auc", *shares], rows)


def npz(shown: Shown) -> bytes:
    """Maps (2, 4, rows, columns) of the two classes, and their curves."""
    arrays = {
        "classes": np.array([shown.predicted.class_index, shown.other.class_index]),
        "maps": np.stack([shown.predicted.rows, shown.other.rows]),
        "order_of_maps": np.array(MAPS),
    }
    for name, found in zip(("first", "second"), shown.tests, strict=True):
        arrays |= {
            f"{name}_deletion": found.deletion,
            f"{name}_insertion": found.insertion,
            "shares": found.shares,
        }
    return as_npz(**arrays)


def draw_help() -> None:
    components.how_to_read(
        "attention_attribution",
        code="\n\n".join(
            (
                components.source_of("vitcore/interpret/rollout.py", "rollout"),
                components.source_of("vitcore/interpret/relevance.py", "relevance_map"),
                components.source_of("vitcore/interpret/occlusion.py", "occlusion_map"),
                components.source_of(
                    "vitcore/interpret/deletion_insertion.py", "plan_curves", "curves"
                ),
            )
        ),
    )
