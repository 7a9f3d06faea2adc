"""Evaluate: what a model gets right and wrong on pictures that it never saw."""

from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer import components, gathering, services, state
from explorer.evaluation import evaluation_tables, measured, tested_pictures
from explorer.evaluation.evaluating import Answered
from explorer.evaluation.evaluations import evaluation
from explorer.evaluation.tested_gallery import tested_gallery
from explorer.figures.evaluation import confusion_matrix, reliability_diagram
from explorer.figures.patch_sizes import accuracy_and_cost
from explorer.figures.style import palette
from explorer.navigation import goto
from explorer.readings import Problem
from explorer.words import evaluation_findings, evaluation_words
from vitcore.config import CLASS_NAMES, PATCH_SIZES
from vitcore.datasets import DataError
from vitcore.report import Report, report

HEIGHTS = {"confusion": 530, "reliability": 360, "cost": 420}
SHOWN, MISTAKES = 12, 20  # pictures of a cell, and of mistakes
COUNTS = {500: "500", 2000: "2,000", tested_pictures.WHOLE: "all 10,000"}


def tools(what: str) -> dict[str, Any]:
    """The camera beside a chart, and what its file is called."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"scale": 3, "filename": f"{state.model()}-{what}"},
    }


def strip() -> None:
    picture, patch_size = state.picture(), state.patch_size()
    answer = services.reading(state.model(), picture, patch_size)
    if stage := components.strip(answer, picture, patch_size, now="answer"):
        goto(stage)


def controls() -> tuple[str, int]:
    """Which pictures, and how many."""
    kept = {"persist_state": "session"}
    row = st.container(horizontal=True, vertical_alignment="top", gap="small")
    default = "sketch10" if learned_from_sketches() or not gathering.cifar10().ready else "cifar10"
    if "evaluate_data" not in st.session_state:
        st.session_state["evaluate_data"] = default
    source = row.selectbox(
        "Data",
        list(evaluation_findings.TESTED),
        key="evaluate_data",
        width=180,
        help="**cifar10**: the test photographs. **sketch10**: drawings of the same ten classes.",
        **kept,
    )
    count = row.segmented_control(
        "Pictures",
        list(COUNTS),
        default=500,
        format_func=COUNTS.get,
        key="evaluate_count",
        required=True,
        help="How many of the test pictures are counted; the same ones each time.",
        **kept,
    )
    return source, count or 500


def learned_from_sketches() -> bool:
    return measured.learned_from(state.model()) == "sketch10"


def follow(source: str, count: int, labels: np.ndarray, *, counting: bool) -> None:
    """Draw what is known by now; once everything is, the whole page runs, for the last time."""
    answered = evaluation(state.model(), source, count, state.patch_size())
    show(answered, source, count, labels)
    if counting and isinstance(answered, Answered) and answered.done == answered.wanted:
        st.rerun()


def show(answered: Answered | Problem, source: str, count: int, labels: np.ndarray) -> None:
    """The title, the line of progress and all figures, or what stands there instead."""
    found = None
    if isinstance(answered, Answered) and answered.done:
        labels = labels[: answered.done]
        found = report(answered.logits, labels)
    words = evaluation_findings.title(
        found.score if found else None,
        model=state.model() or "A model",
        source=source,
        wanted=count,
        patch_size=state.patch_size(),
    )
    headline.title(words, anchor=False)
    if isinstance(answered, Problem):
        components.figure_state("error", answered.what, answered.then, height=220)
        return
    if said := evaluation_findings.unfamiliar(measured.learned_from(state.model()), source):
        st.html(f'<p class="quiet-line">{said}</p>')
    shares, of = measured.shares_on_card(state.model(), source)
    on_card = (shares[state.patch_size()], of) if state.patch_size() in shares else None
    progress = answered.done, answered.wanted, answered.seconds
    st.html(evaluation_tables.progress(*progress, on_card=on_card))
    if found is None:
        waiting = answered.waiting
        components.figure_state("loading", waiting.what, waiting.then, height=HEIGHTS["confusion"])
        return
    figures(found, answered, labels, source)


def figures(found: Report, answered: Answered, labels: np.ndarray, source: str) -> None:
    st.html(evaluation_tables.scores(found))
    chosen = chosen_cell(found.confusion)
    matrix_place, cell_place = st.columns([11, 8], gap="large")
    with matrix_place:
        confusion(found, chosen, source)
    with cell_place:
        cell(found, chosen, labels, source, counting=answered.done < answered.wanted)
    reading_help(
        "confusion",
        evaluation_words.CONFUSION,
        None,
        "The article's figure 10, but of the logits as they are.",
        "report",
        "confusion",
    )
    classes_place, reliability_place = st.columns(2, gap="large")
    with classes_place:
        st.subheader(evaluation_findings.classes_title(found.classes, CLASS_NAMES), anchor=False)
        st.html(evaluation_tables.by_class(found.classes, CLASS_NAMES))
        downloads(found, answered, labels, source)
        reading_help(
            "classes",
            evaluation_words.CLASSES,
            evaluation_words.F1,
            "As in the report of the article, by scikit-learn's rules.",
            "by_class",
        )
    with reliability_place:
        reliability(found, source)
    st.subheader(evaluation_findings.mistakes_title(found, labels, CLASS_NAMES), anchor=False)
    if len(found.mistakes):
        st.html(f'<p class="quiet-line">{evaluation_words.GALLERY}</p>')
    tested_gallery(found.mistakes[:MISTAKES], found, labels, source=source, key="evaluate_mistakes")


def confusion(found: Report, chosen: tuple[int, int], source: str) -> None:
    st.subheader(evaluation_findings.confusion_title(found.confusion, CLASS_NAMES), anchor=False)
    figure = confusion_matrix(
        found.confusion,
        CLASS_NAMES,
        colours=colours,
        chosen=chosen,
        height=HEIGHTS["confusion"],
    )
    st.plotly_chart(
        figure,
        key="evaluate_confusion",
        on_select=take_cell,
        selection_mode="points",
        config=tools(f"{source}-P{state.patch_size()}-matrix"),
    )


def take_cell() -> None:
    """A click on the matrix chooses a cell; a double click, which empties it, chooses nothing."""
    selection = st.session_state["evaluate_confusion"]["selection"]
    if points := selection["points"]:
        st.session_state["evaluate_chosen"] = round(points[0]["y"]), round(points[0]["x"])


def take_classes() -> None:
    """So do the two boxes beside it, for whoever has no pointer."""
    names = st.session_state["evaluate_true"], st.session_state["evaluate_answered"]
    st.session_state["evaluate_chosen"] = tuple(map(CLASS_NAMES.index, names))


def chosen_cell(matrix: np.ndarray) -> tuple[int, int]:
    """The cell that a person chose; until then that of the matrix's title."""
    most = evaluation_findings.most_mistaken(matrix)
    return st.session_state.get("evaluate_chosen", most)


def cell(
    found: Report, chosen: tuple[int, int], labels: np.ndarray, source: str, *, counting: bool
) -> None:
    """The pictures of one cell, the surest first."""
    row, column = chosen
    words = evaluation_findings.cell_title(found.confusion, row, column, CLASS_NAMES)
    st.subheader(words, anchor=False)
    choice = st.container(horizontal=True, gap="small", height=76, border=False)
    if counting:  # boxes that follow a page which draws itself anew may send back what they were
        choice.html('<p class="quiet-line">Click a cell of the matrix to see its pictures.</p>')
    else:
        shared = {"on_change": take_classes, "width": 150}
        for label, key, place in (("It is", "true", row), ("Answered", "answered", column)):
            st.session_state[f"evaluate_{key}"] = CLASS_NAMES[place]
            choice.selectbox(label, CLASS_NAMES, key=f"evaluate_{key}", **shared)
    inside = np.flatnonzero((labels == row) & (found.answers == column))
    surest = inside[np.argsort(-found.confidence[inside], kind="stable")]
    if not len(surest):
        st.html('<p class="quiet-line">No picture among those counted.</p>')
    tested_gallery(surest[:SHOWN], found, labels, source=source, key="evaluate_cell")
    if len(surest) > SHOWN:
        st.html(f'<p class="quiet-line">The {SHOWN} it is surest of.</p>')


def reliability(found: Report, source: str) -> None:
    bins = found.reliability
    st.subheader(evaluation_findings.calibration_title(bins), anchor=False)
    figure = reliability_diagram(
        bins.confidence,
        bins.accuracy,
        bins.pictures,
        colours=colours,
        height=HEIGHTS["reliability"],
    )
    config = tools(f"{source}-P{state.patch_size()}-calibration")
    st.plotly_chart(figure, key="evaluate_reliability", config=config)
    reading_help(
        "reliability",
        evaluation_words.CALIBRATION,
        evaluation_words.CALIBRATION_ERROR,
        "Guo et al., On Calibration of Modern Neural Networks (2017), eq. 3.",
        "reliability",
    )


def downloads(found: Report, answered: Answered, labels: np.ndarray, source: str) -> None:
    """Three tables as CSV, written when they are asked for; each chart has its own PNG."""
    row = st.container(horizontal=True, gap="small")
    files: dict[str, Any] = {
        "table": lambda: evaluation_tables.by_class_csv(found.classes, CLASS_NAMES),
        "matrix": lambda: evaluation_tables.confusion_csv(found.confusion, CLASS_NAMES),
        "answers": lambda: evaluation_tables.answers_csv(answered.logits, labels, CLASS_NAMES),
    }
    for name, make in files.items():
        row.download_button(
            f"{name.capitalize()} (CSV)",
            make,
            f"{state.model()}-{source}-P{state.patch_size()}-{name}.csv",
            "text/csv",
            key=f"evaluate_{name}_csv",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )


def cost() -> None:
    """Accuracy and operations against the patch size, of all models that were measured."""
    now = state.patch_size()
    models = measured.against_size(services.model_names(), state.model())
    if not models:
        st.subheader(evaluation_findings.cost_title({}, {}, now), anchor=False)
        components.figure_state(
            "empty", "No measurements.", "A model card holds them.", height=HEIGHTS["cost"]
        )
        return
    first = models[0]
    words = evaluation_findings.cost_title(
        dict(zip(first.patch_sizes, first.accuracy, strict=True)),
        dict(zip(first.patch_sizes, first.operations, strict=True)),
        now,
        others={
            model.name: dict(zip(model.patch_sizes, model.accuracy, strict=True))
            for model in models[1:]
        },
    )
    st.subheader(f"{first.name} on the test pictures of CIFAR-10: {words}", anchor=False)
    if first.name != state.model():
        said = evaluation_words.NOT_AMONG_THEM.format(escape(state.model()))
        st.html(f'<p class="quiet-line">{said}</p>')
    figure = accuracy_and_cost(
        models, sizes=PATCH_SIZES, now=now, colours=colours, height=HEIGHTS["cost"]
    )
    st.plotly_chart(figure, key="evaluate_cost", config=tools("by-patch-size"))


def reading_help(key: str, text: str, formula: str | None, source: str, *names: str) -> None:
    components.how_to_read_inline(
        text=text,
        formula=formula,
        source=source,
        code=components.source_of("vitcore/report.py", *names),
        key=f"evaluate_{key}",
    )


colours = palette(st.context.theme.type)
strip()
headline = st.empty()
source, count = controls()
try:
    labels = tested_pictures.labels(source)
except (DataError, OSError) as error:
    headline.title("There are no photographs to test on", anchor=False)
    then = "Choose sketch10, or choose cifar10 under Picture to fetch it."
    components.figure_state("error", str(error), then, height=220)
else:
    answered = evaluation(state.model(), source, count, state.patch_size())
    counting = isinstance(answered, Answered) and answered.done < answered.wanted
    # One fragment, counting or not: charts that stay as they are still speak of the one they had.
    draw = st.fragment(follow, run_every=0.5 if counting else None)
    draw(source, count, labels, counting=counting)
cost()
components.how_to_read_inline(
    text=evaluation_words.COST,
    formula=evaluation_words.OPERATIONS,
    source="Counted from the shapes of the model: T tokens, width D, H heads of d, L blocks.",
    code=components.source_of("vitcore/flops.py", "flops"),
    key="evaluate_cost",
)
