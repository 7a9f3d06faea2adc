"""Four maps over the picture for two classes, each tested by erasing in its order."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer import components
from explorer.analyses import explaining
from explorer.analyses.explanations import MAPS, Maps
from explorer.attention_panels import words
from explorer.attention_panels.common import (
    Asked,
    as_csv,
    as_npz,
    changes_of,
    download,
    in_its_place,
    later,
    quiet,
)
from explorer.attention_panels.sentences import MAP_NAMES, believed, maps_title, on_class
from explorer.components.map_tiles import Faithfulness, Group, Tile, map_tiles, tiles_payload
from explorer.readings import Problem, Waiting
from explorer.words.findings import percent
from explorer.words.numerals import small_number
from vitcore.intervention import Intervention
from vitcore.introspection.curves import Curves

HEIGHT = 560
FUSIONS = ("mean", "max", "min")
_HINT = (
    "Point at a patch to read it in every map; move along a curve to see the picture that the "
    "model was shown."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What was drawn last; it stays, dimmed, until its successor is there."""

    asked: Asked
    answered: Maps
    other: Maps
    tests: tuple[Curves | None, Curves | None]


def controls() -> tuple[str, float]:
    """How rollout fuses heads, and how much of the attention it drops."""
    fusion = st.segmented_control(
        "Rollout fuses heads by",
        FUSIONS,
        default="mean",
        key="attention_fusion",
        bind="query-params",
        required=True,
        persist_state="session",
    )
    discard = st.slider(
        "Rollout drops the lowest",
        0.0,
        0.9,
        0.0,
        0.1,
        format="percent",
        key="attention_discard",
        bind="query-params",
        persist_state="session",
        width=200,
    )
    return fusion or "mean", float(discard)


def draw(asked: Asked, *, fusion: str, discard: float) -> None:
    """The title, the maps and their curves."""
    how = {"fusion": fusion, "discard": discard}
    call = asked.model, asked.picture, asked.patch_size
    classes = asked.answer, asked.other
    found = [explaining.maps(*call, index, **how) for index in classes]
    tests = [explaining.faithfulness(*call, index, **how) for index in classes]
    label = asked.names[asked.answer]
    if isinstance(tests[0], Curves):
        st.subheader(maps_title(tests[0], label, patches=asked.patches), anchor=False)
    else:
        st.subheader(f"Which map to believe on {label}: erasing patches tells", anchor=False)
    if changes_of(asked) != Intervention():
        quiet(words.UNCHANGED)
    missing = next((a for kind in (Problem, Waiting) for a in found if isinstance(a, kind)), None)
    last: Shown | None = st.session_state.get("attention_maps_shown")
    if isinstance(missing, Problem) or (missing is not None and last is None):
        in_its_place(missing, height=HEIGHT)
    elif missing is not None:
        map_tiles(payload(last, awaited=missing.what), key="attention_maps")
        later(missing)
    else:
        shown = Shown(asked, *found, tuple(t if isinstance(t, Curves) else None for t in tests))
        st.session_state["attention_maps_shown"] = shown
        map_tiles(payload(shown), key="attention_maps")
        problem = next((t for t in tests if isinstance(t, Problem)), None)
        first = tests[0]
        said = problem.what if problem else believed(first) if isinstance(first, Curves) else ""
        quiet(escape(said), lines=2)
        data(shown)
        for answer in tests:
            later(answer)
    help_()


def payload(shown: Shown, *, awaited: str = "") -> bytes:
    """What the figure is sent."""
    asked, (tested, tested_other) = shown.asked, shown.tests
    answer, other = (asked.names[index] for index in (asked.answer, asked.other))
    first = [_tile(shown.answered, tested, name, answer) for name in MAPS]
    second = [_tile(shown.other, tested_other, name, other) for name in MAPS[2:]]
    groups = (
        Group(name="The same for every class", tiles=tuple(first[:2])),
        Group(name=on_class(answer), tiles=tuple(first[2:])),
        Group(name=on_class(other), tiles=tuple(second)),
    )
    return tiles_payload(
        asked.reading.picture,
        groups,
        shares=tested.shares if tested else tested_other.shares if tested_other else None,
        hint=_HINT,
        awaited=awaited,
        file=asked.file("maps.png"),
        rev=f"{asked.mark}·{asked.other}·{bool(tested)}·{bool(tested_other)}·{bool(awaited)}",
    )


def _tile(found: Maps, curves: Curves | None, name: str, label: str) -> Tile:
    values, share = getattr(found, name), name in ("raw", "rollout")
    low, high = float(values.min()), float(values.max())
    ends = map(percent if share else _number, (low, high))
    said = MAP_NAMES[name] if share else f"{MAP_NAMES[name]} for {label}"
    row = MAPS.index(name)
    return Tile(
        name=f"{MAP_NAMES[name][0].upper()}{MAP_NAMES[name][1:]}",
        said=said,
        note=" to ".join(ends),
        values=values,
        share=share,
        label=label,
        tested=curves
        and Faithfulness(
            deletion=curves.deletion[row],
            insertion=curves.insertion[row],
            areas=(float(curves.deletion_area[row]), float(curves.insertion_area[row])),
            chance=(curves.deletion[-1], curves.insertion[-1]),
            chance_areas=(float(curves.deletion_area[-1]), float(curves.insertion_area[-1])),
        ),
    )


def _number(value: float) -> str:
    return f"{'−' if value < 0 else ''}{small_number(abs(value))}"


def data(shown: Shown) -> None:
    """Maps and curves as files."""
    row = st.container(horizontal=True, gap="small")
    asked = shown.asked
    download(
        "Maps (CSV)", lambda: maps_csv(shown), asked.file("maps.csv"), key="maps_csv", place=row
    )
    if None not in shown.tests:
        download(
            "Curves (CSV)",
            lambda: curves_csv(shown),
            asked.file("curves.csv"),
            key="curves_csv",
            place=row,
        )
    download("All (NPZ)", lambda: npz(shown), asked.file("maps.npz"), key="maps_npz", place=row)


def maps_csv(shown: Shown) -> str:
    """A row for each patch: raw attention, rollout, and two maps of two classes."""
    answer, other = (shown.asked.names[m.class_index] for m in (shown.answered, shown.other))
    head = ["row", "column", "raw attention", "rollout"]
    head += [f"{name} {label}" for label in (answer, other) for name in MAPS[2:]]
    columns = np.stack([*shown.answered.rows, *shown.other.rows[2:]], axis=-1)  # (gh, gw, 6)
    places = np.ndindex(columns.shape[:2])
    return as_csv(head, ([r + 1, c + 1, *columns[r, c]] for r, c in places))


def curves_csv(shown: Shown) -> str:
    """A row for each class, test and order: the area, then the probability at each share."""
    names = [MAP_NAMES[name] for name in MAPS] + ["random order"]
    rows = []
    for found, label in zip(shown.tests, (shown.asked.answer, shown.asked.other), strict=True):
        for test in ("deletion", "insertion"):
            areas, lines = getattr(found, f"{test}_area"), getattr(found, test)
            rows += [
                [shown.asked.names[label], test, name, area, *line]
                for name, area, line in zip(names, areas, lines, strict=True)
            ]
    shares = [f"{share:.4g}" for share in shown.tests[0].shares]
    return as_csv(["class", "test", "order", "area", *shares], rows)


def npz(shown: Shown) -> bytes:
    """Maps (2, 4, rows, columns) of the two classes, and the curves that are known."""
    arrays = {
        "classes": np.array([shown.answered.class_index, shown.other.class_index]),
        "maps": np.stack([shown.answered.rows, shown.other.rows]),
        "order_of_maps": np.array(MAPS),
    }
    for name, found in zip(("first", "second"), shown.tests, strict=True):
        if found is not None:
            arrays |= {
                f"{name}_deletion": found.deletion,
                f"{name}_insertion": found.insertion,
                "shares": found.shares,
            }
    return as_npz(**arrays)


def help_() -> None:
    components.how_to_read(
        text=words.MAPS,
        formula=words.MAPS_FORMULA,
        source=words.MAPS_SOURCE,
        code="\n\n".join(
            (
                components.source_of("vitcore/introspection/rollout.py", "rollout"),
                components.source_of("vitcore/class_relevance.py", "relevance_map"),
                components.source_of("vitcore/introspection/erasure.py", "occlusion_map"),
                components.source_of("vitcore/introspection/curves.py", "plan_curves", "curves"),
            )
        ),
        key="attention_maps",
    )
