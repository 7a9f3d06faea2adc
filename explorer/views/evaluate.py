"""Evaluate: accuracy, errors and calibration of a model on a test set."""

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer import client, components, state, url_fields
from explorer.client import card_metrics
from explorer.data import WHOLE, cifar10_setup, images
from explorer.figures.evaluation import confusion_matrix, reliability_diagram
from explorer.figures.patch_sizes import accuracy_and_cost
from explorer.figures.style import palette, toolbar
from explorer.navigation import goto
from explorer.records import Evaluation
from explorer.results import Ready, Result
from explorer.selection import selected
from explorer.text import evaluation_findings, evaluation_tables
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES, shown_name, shown_names
from explorer.views.prediction_gallery import tested_gallery
from vitcore.config import CLASS_NAMES, PATCH_SIZES
from vitcore.datasets import DataError
from vitcore.report import Report, report

HEIGHTS = {"confusion": 530, "reliability": 360, "cost": 420}
SHOWN, ERRORS = 12, 20  # images of a cell, and errors
COUNTS = {500: "500", 2000: "2,000", WHOLE: N_("all 10,000")}


def tools(what: str) -> dict[str, Any]:
    """The chart toolbar, and the name of its PNG."""
    return toolbar(f"{selection.model_name}-{what}")


def strip() -> None:
    if stage := components.strip(client.forward(selection), selection, now="answer"):
        goto(stage)


def controls() -> tuple[str, int]:
    """The dataset, and how many of its images."""
    kept = {"persist_state": "session", "bind": "query-params"}
    row = st.container(horizontal=True, vertical_alignment="top", gap="small")
    default = (
        "sketch10" if trained_on_sketches() or not cifar10_setup.cifar10().ready else "cifar10"
    )
    if "evaluate_data" not in st.session_state:
        st.session_state["evaluate_data"] = default
    source = row.selectbox(
        tr("Dataset"),
        list(DATASET_NAMES),
        format_func=DATASET_NAMES.get,
        key="evaluate_data",
        width=180,
        **kept,
    )
    count = row.segmented_control(
        tr("Images"),
        list(COUNTS),
        default=500,
        format_func=lambda count: tr(COUNTS[count]),
        key="evaluate_count",
        required=True,
        help=tr("The first *n* of the test set."),
        **kept,
    )
    return source, count or 500


def trained_on_sketches() -> bool:
    return card_metrics.learned_from(selection.model_name) == "sketch10"


def follow(source: str, count: int, labels: np.ndarray, *, counting: bool) -> None:
    """Draw what is known by now; once everything is, rerun the whole page a last time."""
    state.in_url("cell")
    result = client.evaluate(selection, source, count)
    show(result, source, count, labels)
    if counting and isinstance(result, Ready) and result.value.done == result.value.wanted:
        st.rerun()


def show(result: Result[Evaluation], source: str, count: int, labels: np.ndarray) -> None:
    """The finding, the line of progress and all figures, or what stands there instead."""
    found, known = None, result.value
    if known is not None and known.done:
        labels = labels[: known.done]
        found = report(known.logits, labels)
    say(found, source, count)
    if not isinstance(result, Ready):
        components.placeholder(result, height=220)
        return
    known = result.value
    if said := evaluation_findings.out_of_distribution(
        card_metrics.learned_from(selection.model_name), source
    ):
        st.html(f'<p class="quiet-line">{said}</p>')
    st.html(evaluation_tables.progress(known.done, known.wanted, known.seconds))
    if found is None:
        if result.pending:
            components.placeholder(result.pending, height=HEIGHTS["confusion"])
        return
    figures(found, known, labels, source)


def on_card(source: str, wanted: int) -> tuple[float, int] | None:
    """The accuracy on the model card and of how many images, where these are more."""
    shares, of = card_metrics.shares_on_card(selection.model_name, source)
    size = selection.patch_size
    return (shares[size], of) if size in shares and of > wanted else None


def say(found: Report | None, source: str, count: int) -> None:
    """The accuracy so far, below the name of the page."""
    finding = ""
    if found is not None:
        finding = evaluation_findings.accuracy_finding(
            found.score,
            source=source,
            wanted=count,
            whole=WHOLE,
            patch_size=selection.patch_size,
        )
    components.finding_line(finding, place=finding_place)


def figures(found: Report, known: Evaluation, labels: np.ndarray, source: str) -> None:
    st.html(evaluation_tables.scores(found, on_card=on_card(source, known.wanted)))
    chosen = chosen_cell(found.confusion)
    matrix_place, cell_place = st.columns([11, 8], gap="large")
    with matrix_place:
        confusion(found, chosen, source)
    with cell_place:
        cell(found, chosen, labels, source, counting=known.done < known.wanted)
    components.how_to_read("confusion_matrix", code=source_of_report("report", "confusion"))
    classes_place, reliability_place = st.columns(2, gap="large")
    with classes_place:
        components.figure_heading(
            tr("Classification report"),
            evaluation_findings.classes_finding(found.classes, names),
        )
        st.html(evaluation_tables.by_class(found.classes, names))
        download(
            tr("Classification report (CSV)"),
            lambda: evaluation_tables.by_class_csv(found.classes, CLASS_NAMES),
            f"{source}-P{selection.patch_size}-classification-report",
            key="table",
        )
        components.how_to_read("classification_report", code=source_of_report("per_class_metrics"))
    with reliability_place:
        reliability(found, source)
    components.figure_heading(
        tr("Most confident errors"), evaluation_findings.errors_finding(found, labels, names)
    )
    if len(found.errors):
        tested_gallery(
            found.errors[:ERRORS],
            found,
            labels,
            source=source,
            caption=tr("Select an image to show it on every page."),
            key="evaluate_mistakes",
        )
    download(
        tr("Predictions (CSV)"),
        lambda: evaluation_tables.predictions_csv(known.logits, labels, CLASS_NAMES),
        f"{source}-P{selection.patch_size}-predictions",
        key="answers",
    )


def source_of_report(*names: str) -> str:
    return components.source_of("vitcore/report.py", *names)


def confusion(found: Report, chosen: tuple[int, int], source: str) -> None:
    components.figure_heading(
        tr("Confusion matrix"), evaluation_findings.confusion_finding(found.confusion, names)
    )
    figure = confusion_matrix(
        found.confusion,
        names,
        colours=colours,
        chosen=chosen,
        height=HEIGHTS["confusion"],
    )
    st.plotly_chart(
        figure,
        key="evaluate_confusion",
        on_select=take_cell,
        selection_mode="points",
        config=tools(f"{source}-P{selection.patch_size}-confusion-matrix"),
    )
    download(
        tr("Confusion matrix (CSV)"),
        lambda: evaluation_tables.confusion_csv(found.confusion, CLASS_NAMES),
        f"{source}-P{selection.patch_size}-confusion-matrix",
        key="matrix",
    )


def take_cell() -> None:
    """A click on the matrix selects a cell; a double click, which empties it, selects nothing."""
    selection = st.session_state["evaluate_confusion"]["selection"]
    if points := selection["points"]:
        select_cell(round(points[0]["y"]), round(points[0]["x"]))


def take_classes() -> None:
    """So do the two boxes beside it, for whoever has no pointer."""
    chosen = st.session_state["evaluate_true"], st.session_state["evaluate_answered"]
    select_cell(*map(CLASS_NAMES.index, chosen))


def select_cell(row: int, column: int) -> None:
    st.session_state["cell"] = f"{CLASS_NAMES[row]}-{CLASS_NAMES[column]}"


def chosen_cell(matrix: np.ndarray) -> tuple[int, int]:
    """The cell that was selected; until then the most frequent error."""
    asked = url_fields.FIELDS["cell"].parse(st.session_state.get("cell", ""), url_fields.Known())
    return asked or evaluation_findings.most_frequent_error(matrix)


def cell(
    found: Report, chosen: tuple[int, int], labels: np.ndarray, source: str, *, counting: bool
) -> None:
    """The images of one cell, the most confident first."""
    row, column = chosen
    said = evaluation_findings.cell_finding(found.confusion, row, column, names)
    components.figure_heading(tr("Selected cell"), said)
    choice = st.container(horizontal=True, gap="small", height=76, border=False)
    if counting:  # boxes that follow a page which draws itself anew may send back what they were
        said = tr("Select a cell to see its images.")
        choice.html(f'<p class="quiet-line">{said}</p>')
    else:
        shared = {"format_func": shown_name, "on_change": take_classes, "width": 150}
        for label, key, at in (
            (tr("True label"), "true", row),
            (tr("Predicted label"), "answered", column),
        ):
            st.session_state[f"evaluate_{key}"] = CLASS_NAMES[at]
            choice.selectbox(label, CLASS_NAMES, key=f"evaluate_{key}", **shared)
    inside = np.flatnonzero((labels == row) & (found.predictions == column))
    confident = inside[np.argsort(-found.confidence[inside], kind="stable")]
    caption = tr("Top {count} by confidence", count=SHOWN) if len(confident) > SHOWN else ""
    tested_gallery(
        confident[:SHOWN],
        found,
        labels,
        source=source,
        caption=caption if len(confident) else tr("No images."),
        key="evaluate_cell",
    )


def reliability(found: Report, source: str) -> None:
    bins = found.reliability
    components.figure_heading(tr("Calibration"), evaluation_findings.calibration_finding(bins))
    figure = reliability_diagram(
        bins.confidence,
        bins.accuracy,
        bins.num_images,
        colours=colours,
        height=HEIGHTS["reliability"],
    )
    config = tools(f"{source}-P{selection.patch_size}-calibration")
    st.plotly_chart(figure, key="evaluate_reliability", config=config)
    components.how_to_read("calibration", code=source_of_report("reliability"))


def download(label: str, make: Callable[[], str], what: str, *, key: str) -> None:
    """A table as CSV, written on request; each chart has its own PNG."""
    st.download_button(
        label,
        make,
        f"{selection.model_name}-{what}.csv",
        "text/csv",
        key=f"evaluate_{key}_csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def cost() -> None:
    """Accuracy and FLOPs by patch size, of all models whose cards have them."""
    now = selection.patch_size
    models = card_metrics.against_size(client.model_names(), selection.model_name)
    name = tr("Accuracy vs. compute")
    if not models:
        components.figure_heading(name)
        components.figure_state(
            "empty",
            tr("No evaluation results."),
            tr("Select a model with a model card."),
            height=HEIGHTS["cost"],
        )
        return
    first = models[0]
    said = evaluation_findings.cost_finding(
        dict(zip(first.patch_sizes, first.accuracy, strict=True)),
        dict(zip(first.patch_sizes, first.operations, strict=True)),
        now,
        model=first.name if first.name != selection.model_name else "",
    )
    components.figure_heading(name, said)
    if selection.model_name and first.name != selection.model_name:
        missing = tr(
            "{model} is not shown: no CIFAR-10 results by patch size in its model card.",
            model=escape(selection.model_name),
        )
        st.html(f'<p class="quiet-line">{missing}</p>')
    figure = accuracy_and_cost(
        models, sizes=PATCH_SIZES, now=now, colours=colours, height=HEIGHTS["cost"]
    )
    st.plotly_chart(figure, key="evaluate_cost", config=tools("accuracy-vs-compute"))


selection = selected()
colours = palette(st.context.theme.type)
names = shown_names()
strip()
finding_place = components.page_heading(tr("Evaluation"), key="evaluate")
source, count = controls()
try:
    labels = images.labels(source)
except (DataError, OSError) as error:
    say(None, source, count)
    then = tr("Use sketch10, or download CIFAR-10 in the sidebar.")
    components.figure_state("error", str(error), then, height=220)
else:
    known = client.evaluate(selection, source, count).value
    counting = known is not None and known.done < known.wanted
    # One fragment, counting or not: charts that stay as they are still speak of the one they had.
    draw = st.fragment(follow, run_every=0.5 if counting else None)
    draw(source, count, labels, counting=counting)
cost()
components.how_to_read(
    "accuracy_vs_compute", code=components.source_of("vitcore/flops.py", "flops")
)
