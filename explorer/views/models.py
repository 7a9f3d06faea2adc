"""Models: the bundled ones and one's own runs, each with its card."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from explorer import client, components, navigation, visitors
from explorer.client import card_metrics
from explorer.client.training_patch_sizes import trained_at
from explorer.components.curves.component import curves
from explorer.data import cifar10_setup
from explorer.figures.evaluation import confusion_matrix
from explorer.figures.style import palette, toolbar
from explorer.figures.training import card_curve
from explorer.results import Failure
from explorer.selection import ModelRef, selected
from explorer.text import model_card, model_card_table
from explorer.text.language import N_, tr
from explorer.text.names import shown_names
from explorer.timeline import section
from explorer.tours import guide
from explorer.training_ui import run_files
from vitcore.training.runs import Run

_QUANTITIES = {N_("loss"): N_("Loss"), N_("accuracy"): N_("Accuracy")}
MOST_ROWS, ROWS_HIGH = 12, 620  # a longer list scrolls in so many pixels

jobs = visitors.jobs()


def strip() -> None:
    selection = selected()
    if stage := components.strip(client.forward(selection), selection, now="", explain=True):
        navigation.goto(stage)


def choose(runs: dict[str, Run]) -> str | None:
    """The list: bundled models, then own runs, corrupted ones last."""
    usable = client.model_names()
    bundled = [name for name in usable if name not in runs]
    names = bundled + list(runs)
    if not names:
        return None
    lines = [
        model_card.summary(card_metrics.card_of(name), selected().patch_size) for name in bundled
    ]
    lines += [model_card.row(run, zone=_zone()) for run in runs.values()]
    shown = st.session_state.get("models_shown")
    if shown not in names:
        model = st.session_state.get("model")  # also one that cannot be opened
        st.session_state["models_shown"] = model if model in names else names[0]
    st.html(model_card.CAPTION_STYLE)
    caption = model_card.list_caption(selected().patch_size, runs=bool(runs))
    st.html(f'<p class="quiet-line">{caption}</p>')
    long = len(names) > MOST_ROWS
    place = st.container(height=ROWS_HIGH if long else "content", border=False)
    return place.radio(
        tr("Models"),
        names,
        captions=lines,
        key="models_shown",
        bind="query-params",
        label_visibility="collapsed",
        persist_state="session",
    )


def _zone() -> ZoneInfo | None:
    """That of whoever looks; None, the server's, where the browser does not say it."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def actions(name: str, run: Run | None) -> None:
    """Use it, evaluate it, rename, download or delete it."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    usable = run is None or run.usable
    if usable and name == selected().model_name:
        row.markdown(f":material/check: {tr('Selected')}", width="content")
    elif usable:
        row.button(tr("Use model"), key="models_use", type="primary", on_click=use, args=(name,))
    if usable and row.button(tr("Evaluate"), key="models_evaluate", on_click=test, args=(name,)):
        navigation.goto("answer")
    if run is None:
        return
    run_files.manage(
        jobs, run, page="models", renamed=show_renamed, deleted=lambda: None, place=row
    )
    mine = jobs.visitor.owns(run.folder)
    if run.state == "running" and row.button(
        tr("Training. Stop it on Train") if mine else tr("Training. Watch it on Train"),
        key="models_train",
        type="tertiary",
        icon=":material/arrow_forward:",
        icon_position="right",
    ):
        navigation.goto("train")


def show_renamed(_: str, new: str) -> None:
    st.session_state["models_shown"] = new


def use(name: str) -> None:
    st.session_state["model"] = name


def test(name: str) -> None:
    """Evaluate it on the dataset that it was trained on, where that is there."""
    use(name)
    data = card_metrics.learned_from(name)
    if data == "sketch10" or (data == "cifar10" and cifar10_setup.cifar10().ready):
        st.session_state["evaluate_data"] = data


def details(model: ModelRef, run: Run | None, card: dict, *, expanded: bool) -> None:
    """How one model was trained, folded."""
    config, sizes = model.config, trained_at(model.name, model.config)
    asked = guide.figure("models") == "models_details"
    with st.expander(tr("Training details"), expanded=expanded or asked, key="models_details"):
        st.html(model_card_table.facts(card, run, config, client.weights(model), sizes=sizes))


def usable_model(name: str, run: Run | None) -> ModelRef | None:
    """The model whose card can be shown; else say what is wrong with it."""
    if run is not None and run.problem:
        components.figure_state("error", *model_card.trouble(run), height=110)
        if not run.usable:
            return None
    model = client.resolve(name)
    if isinstance(model, Failure):
        components.placeholder(model, height=110)
        return None
    return model


def show(name: str, run: Run | None, card: dict) -> None:
    """The card of one model: the accuracy first, how it was trained last."""
    st.header(name, anchor=False)
    actions(name, run)
    if (model := usable_model(name, run)) is None:
        return
    patch_size = selected().patch_size
    if accuracy := model_card.shares_table(card, patch_size):
        components.figure_heading(tr("Test accuracy (%) by patch size"))
        st.html(accuracy)
        if errors := model_card.shares_table(card, patch_size, of="calibration_error"):
            found = card_metrics.reliability(card)
            components.figure_heading(
                tr("Expected calibration error (ECE, %) by patch size"),
                model_card.calibration_finding(*found) if found else "",
            )
            st.html(errors)
    learning(name, card)
    confusion(card)
    details(model, run, card, expanded=not accuracy)


def learning(name: str, card: dict) -> None:
    """Loss, accuracy and top-5 accuracy over the epochs, as a card has them."""
    points = {quantity: card_metrics.curves(card, quantity) for quantity in _QUANTITIES}
    if not all(training[0] for training, _ in points.values()):
        return
    _, top5 = card_metrics.curves(card, "top5")
    places = st.columns(2, gap="medium")
    for place, (quantity, (training, validation)) in zip(places, points.items(), strict=True):
        figure = card_curve(
            training,
            validation,
            name=tr(quantity),
            epochs=max([*training[0], *validation[0]]),
            colours=palette(st.context.theme.type),
            revision=name,
            top5=top5 if quantity == "accuracy" else None,
            share=quantity == "accuracy",
            logarithmic=quantity == "loss" and st.session_state.get("models_log_axis", False),
        )
        said = model_card.curve_finding(quantity, training, validation)
        with place:
            components.figure_heading(tr(_QUANTITIES[quantity]), said)
            label = tr("{quantity}: {finding}", quantity=tr(quantity), finding=said)
            curves(figure, label=label, key=f"models_{quantity}")
    places[0].toggle(tr("Log scale (loss)"), key="models_log_axis", persist_state="session")


def confusion(card: dict) -> None:
    """The confusion matrix that a card holds."""
    found = card_metrics.confusion(card)
    if found is None:
        return
    data, patch_size, matrix = found
    title, names = st.container(key="models_confusion_title"), shown_names()
    said = model_card.confusion_finding(data, patch_size, matrix, names)
    components.figure_heading(tr("Confusion matrix"), said, place=title)
    figure = confusion_matrix(matrix, names, colours=palette(st.context.theme.type))
    st.plotly_chart(figure, key="models_confusion", config=toolbar("confusion-matrix"))
    components.how_to_read(
        "model_card",
        code=components.source_of("vitcore/training/card.py", "measure", "training_curve"),
    )


strip()
runs = {run.name: run for run in jobs.runs()}
finding_place = components.page_heading(tr("Models"), key="models")
left, right = st.columns([5, 9], gap="large")
with left:
    name = choose(runs)
run = runs.get(name) if name else None
card = card_metrics.card_of(name) if name and (run is None or run.usable) else {}
if name is None:
    components.figure_state(
        "empty", tr("No models yet."), tr("Train one on the Train page."), height=220
    )
else:
    components.finding_line(
        model_card.finding(name, card, run, selected().patch_size), place=finding_place
    )
    with right:
        show(name, run, card)
    if section.has_film(name):
        section.section(name, key="models_film")
    elif run is None or run.usable:
        st.html(f'<p class="quiet-line">{tr(model_card.NO_SNAPSHOTS)}</p>')
