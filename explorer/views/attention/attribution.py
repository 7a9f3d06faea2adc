"""Attribution: four maps for two classes, with deletion and insertion tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer import components
from explorer.client import attribution
from explorer.client.analysis_results import MAPS, Judged, Maps
from explorer.client.results import Problem, Waiting
from explorer.components.attribution_tiles.component import (
    Faithfulness,
    Group,
    Tile,
    map_tiles,
    tiles_payload,
)
from explorer.text.findings import percent
from explorer.views.attention.common import (
    UNCHANGED,
    Asked,
    as_csv,
    as_npz,
    changes_of,
    download,
    in_its_place,
    later,
    quiet,
)
from explorer.views.attention.findings import MAP_NAMES, attribution_finding
from vitcore.interpret.deletion_insertion import Curves
from vitcore.intervention import Intervention

HEIGHT = 660
FUSIONS = ("mean", "max", "min")
_TESTS = ("Deletion (lower AUC is better)", "Insertion (higher AUC is better)")
_AXIS = "; y axis: class probability"
_UNLIKELY = 0.05  # probability that no step reaches: nothing can be seen to fall
_TOPS = (0.1, 0.2, 0.5, 1.0)  # where the axis of a class's curves may end


@dataclass(frozen=True, slots=True)
class Shown:
    """What was drawn last; it stays, dimmed, until its successor is there."""

    asked: Asked
    answered: Maps
    other: Maps
    tests: tuple[Judged | None, Judged | None]

    @property
    def complete(self) -> bool:
        return all(test is not None and test.awaited is None for test in self.tests)

    @property
    def awaited(self) -> Waiting | None:
        tests = [test.awaited for test in self.tests if test is not None]
        return next((a for a in (self.answered.awaited, self.other.awaited, *tests) if a), None)


def controls() -> tuple[str, float]:
    """Head fusion and discard ratio of rollout."""
    fusion = st.segmented_control(
        "Head fusion",
        FUSIONS,
        default="mean",
        key="attention_fusion",
        help="How rollout combines the heads of a block.",
        bind="query-params",
        required=True,
        persist_state="session",
    )
    discard = st.slider(
        "Discard ratio",
        0.0,
        0.9,
        0.0,
        0.1,
        format="percent",
        key="attention_discard",
        help="Fraction of the lowest attention weights that rollout drops.",
        bind="query-params",
        persist_state="session",
        width=200,
    )
    return fusion or "mean", float(discard)


def draw(asked: Asked, *, fusion: str, discard: float) -> None:
    """The finding, the maps and their curves, each as soon as it is there."""
    call = asked.model, asked.picture, asked.patch_size
    classes = asked.answer, asked.other
    found = [attribution.maps(*call, index, fusion=fusion, discard=discard) for index in classes]
    missing = next((a for kind in (Problem, Waiting) for a in found if isinstance(a, kind)), None)
    tests: Any = (None, None)
    if missing is None and all(one.complete for one in found):
        tests = attribution.tests(*call, found)
        if isinstance(tests, Problem):
            missing = tests
    last = st.session_state.get("attention_maps_shown")
    shown = Shown(asked, *found, tuple(tests)) if missing is None else None
    finding = " "  # its place is kept
    if shown and shown.complete:
        finding = attribution_finding(shown.tests[0].curves, patches=asked.patches)
    components.figure_heading("Attribution maps", finding)
    if changes_of(asked) != Intervention():
        quiet(UNCHANGED)
    if shown:
        st.session_state["attention_maps_shown"] = shown
        map_tiles(payload(shown), key="attention_maps")
        data(shown)
        later(shown.awaited)
    elif isinstance(missing, Problem) or last is None:
        in_its_place(missing, height=HEIGHT)
    else:
        map_tiles(payload(last, awaited=missing.what), key="attention_maps")
        later(missing)
    help_()


def payload(shown: Shown, *, awaited: str = "") -> bytes:
    """What the figure is sent."""
    asked, known = shown.asked, [test and test.curves for test in shown.tests]
    answer, other = (asked.names[index] for index in (asked.answer, asked.other))
    first = [_tile(shown.answered, known[0], name, asked, answer) for name in MAPS]
    second = [_tile(shown.other, known[1], name, asked, other) for name in MAPS[2:]]
    of_answer, of_other = (
        _tests(test, label) for test, label in zip(shown.tests, (answer, other), strict=True)
    )
    groups = (
        Group(name="Class-agnostic", tiles=tuple(first[:2]), **of_answer),
        Group(name=f"Evidence for {answer}", tiles=tuple(first[2:]), **of_answer),
        Group(name=f"Evidence for {other}", tiles=tuple(second), **of_other),
    )
    late = shown.awaited
    return tiles_payload(
        asked.reading.picture,
        groups,
        shares=next((curves.shares for curves in known if curves), None),
        tests=tuple(f"{test}{_AXIS}" for test in _TESTS),
        awaited=awaited,
        progress=(late.what, late.done or 0.0) if late and not awaited else None,
        file=asked.file("maps.png"),
        rev=f"{asked.mark}·{asked.other}·{shown.complete}·{bool(awaited)}",
    )


def _tests(test: Judged | None, label: str) -> dict[str, Any]:
    """Where the axis of a class's curves ends, or why there are none."""
    if test is None or test.awaited is not None:
        return {}
    curves = test.curves
    most = float(max(curves.deletion.max(), curves.insertion.max()))
    if most < _UNLIKELY:
        start = percent(float(curves.deletion[0, 0]))
        return {"untested": f"Not tested: p({label}) is only {start}"}
    return {"top": next(top for top in _TOPS if top >= most or top == _TOPS[-1])}


def _tile(found: Maps, curves: Curves | None, name: str, asked: Asked, label: str) -> Tile:
    values, row, share = getattr(found, name), MAPS.index(name), name in ("raw", "rollout")
    said = MAP_NAMES[name] if share else f"{MAP_NAMES[name]} for {label}"
    kind = dict(zip(("note", "unit", "scale", "signed"), _kind(name, values), strict=True))
    known = curves is not None and bool(np.isfinite(curves.insertion[[row, -1]]).all())
    return Tile(
        name=f"{MAP_NAMES[name][0].upper()}{MAP_NAMES[name][1:]}",
        said=said,
        values=values,
        label=label,
        testing=asked.patches > 1,
        tested=Faithfulness(
            deletion=curves.deletion[row],
            insertion=curves.insertion[row],
            areas=(float(curves.deletion_area[row]), float(curves.insertion_area[row])),
            chance=(curves.deletion[-1], curves.insertion[-1]),
            chance_areas=(float(curves.deletion_area[-1]), float(curves.insertion_area[-1])),
        )
        if known and asked.patches > 1
        else None,
        **kind,
    )


def _kind(name: str, values: np.ndarray | None) -> tuple[str, str, tuple[str, ...], bool]:
    """A map's note, unit, words below its colors, and whether it is signed."""
    if name == "relevance":
        return "relative", "relative", ("low", "high"), False
    if name == "occlusion":
        note, most = "logit drop", 0.0
        most = 0.0 if values is None else float(np.abs(values).max())
        return note, "number", (f"−{most:.2f}", "0", f"+{most:.2f}"), True
    low, high = percent(float(values.min())), percent(float(values.max()))
    return "attention", "share", (low, high), False


def data(shown: Shown) -> None:
    """Maps and curves as files."""
    row, asked = st.container(horizontal=True, gap="small"), shown.asked
    files = [("Maps (CSV)", maps_csv, "maps.csv", "maps_csv")]
    if asked.patches > 1:
        files.append(("Curves (CSV)", curves_csv, "curves.csv", "curves_csv"))
    for label, make, file, key in (*files, ("Arrays (NPZ)", npz, "maps.npz", "maps_npz")):
        make = partial(make, shown)
        there = shown.complete
        download(label, make, asked.file(file), key=key, place=row, disabled=not there)


def maps_csv(shown: Shown) -> str:
    """A row for each patch: raw attention, rollout, and two maps of two classes."""
    answer, other = (shown.asked.names[m.class_index] for m in (shown.answered, shown.other))
    head = ["row", "column", "raw attention", "rollout"]
    head += [f"{name} {label}" for label in (answer, other) for name in MAPS[2:]]
    columns = np.stack([*shown.answered.rows, *shown.other.rows[2:]], axis=-1)  # (gh, gw, 6)
    places = np.ndindex(columns.shape[:2])
    return as_csv(head, ([r + 1, c + 1, *columns[r, c]] for r, c in places))


def curves_csv(shown: Shown) -> str:
    """A row for each class, test and order: AUC, then the probability at each fraction."""
    names = [MAP_NAMES[name] for name in MAPS] + ["random order"]
    rows = []
    tests = [test.curves for test in shown.tests]
    for found, label in zip(tests, (shown.asked.answer, shown.asked.other), strict=True):
        for test in ("deletion", "insertion"):
            areas, lines = getattr(found, f"{test}_area"), getattr(found, test)
            rows += [
                [shown.asked.names[label], test, name, area, *line]
                for name, area, line in zip(names, areas, lines, strict=True)
            ]
    shares = [f"{share:.4g}" for share in tests[0].shares]
    return as_csv(["class", "test", "order", "auc", *shares], rows)


def npz(shown: Shown) -> bytes:
    """Maps (2, 4, rows, columns) of the two classes, and their curves."""
    arrays = {
        "classes": np.array([shown.answered.class_index, shown.other.class_index]),
        "maps": np.stack([shown.answered.rows, shown.other.rows]),
        "order_of_maps": np.array(MAPS),
    }
    for name, found in zip(("first", "second"), shown.tests, strict=True):
        arrays |= {
            f"{name}_deletion": found.curves.deletion,
            f"{name}_insertion": found.curves.insertion,
            "shares": found.curves.shares,
        }
    return as_npz(**arrays)


def help_() -> None:
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
