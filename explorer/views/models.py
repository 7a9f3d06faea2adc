"""Models: those that come with the app and one's own runs, each with what is known about it."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from explorer import components, gathering, navigation, services, state
from explorer.components.curves import curves
from explorer.evaluation import measured
from explorer.figures.evaluation import confusion_matrix
from explorer.figures.style import palette
from explorer.figures.training import curve
from explorer.replay import replaying
from explorer.runs import run_keeping
from explorer.runs.jobs import server_jobs
from explorer.trained_sizes import trained_at
from explorer.words import cards, evaluation_words, model_facts
from explorer.words.evaluation_findings import confusion_title
from vitcore.checkpoints import CheckpointError
from vitcore.config import CLASS_NAMES
from vitcore.sentences import sentence
from vitcore.training.runs import Run

TROUBLE = "models_trouble"  # a sentence for the next time that the page is drawn
MOST_ROWS, ROWS_HIGH = 12, 620  # a longer list scrolls in so many pixels

jobs = server_jobs()


def strip() -> None:
    picture, patch_size = state.picture(), state.patch_size()
    answer = services.reading(state.model(), picture, patch_size)
    if stage := components.strip(answer, picture, patch_size, now="", explain=True):
        navigation.goto(stage)


def choose(runs: dict[str, Run]) -> str | None:
    """The list: bundled models, then own runs, damaged ones last."""
    usable = services.model_names()
    bundled = [name for name in usable if name not in runs]
    names = bundled + list(runs)
    if not names:
        return None
    lines = [cards.summary(measured.card_of(name), state.patch_size()) for name in bundled]
    lines += [cards.row(run, zone=_zone()) for run in runs.values()]
    shown = st.session_state.get("models_shown")
    if shown not in names:
        st.session_state["models_shown"] = state.model() if state.model() in names else names[0]
    st.html(cards.CAPTION_STYLE)
    if runs:
        st.html(f'<p class="quiet-line">{cards.ROWS_IN_WORDS}</p>')
    long = len(names) > MOST_ROWS
    place = st.container(height=ROWS_HIGH if long else "content", border=False)
    return place.radio(
        "Models",
        names,
        captions=lines,
        key="models_shown",
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
    """Use it, evaluate it, keep it under another name or elsewhere, delete it."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    usable = run is None or run.usable
    if usable and name == state.model():
        row.markdown(":material/check: The model in use", width="content")
    elif usable:
        row.button("Use this model", key="models_use", type="primary", on_click=use, args=(name,))
    if usable and row.button("Evaluate it", key="models_evaluate", on_click=test, args=(name,)):
        navigation.goto("answer")
    if run is None:
        return
    with row.popover("Rename, download"):
        run_keeping.keep(jobs, run, page="models", renamed=show_renamed)
    if run.state == "running":
        row.markdown("It is training; stop it on the Train page.", width="content")
    elif row.button("Delete", key="models_delete"):
        ask_before_deleting(name)


def show_renamed(_: str, new: str) -> None:
    st.session_state["models_shown"] = new


def use(name: str) -> None:
    st.session_state["model"] = name


def test(name: str) -> None:
    """Evaluate it on what it learned from, where that is there."""
    use(name)
    data = measured.learned_from(name)
    if data == "sketch10" or (data == "cifar10" and gathering.cifar10().ready):
        st.session_state["evaluate_data"] = data


def ask_before_deleting(name: str) -> None:
    @st.dialog(f"Delete {name}?")
    def dialog() -> None:
        st.markdown(
            "Its weights and curves are removed from this machine. They cannot be restored."
        )
        keep, delete = st.columns(2)
        if keep.button("Keep it", key="models_keep", width="stretch"):
            st.rerun()
        if delete.button(
            "Delete it",
            key="models_delete_now",
            type="primary",
            on_click=remove,
            args=(name,),
            width="stretch",
        ):
            st.rerun()

    dialog()


def remove(name: str) -> None:
    try:
        jobs.delete(name)
    except (ValueError, OSError) as error:
        st.session_state[TROUBLE] = f"{name} could not be deleted: {error}."


def identity(name: str, run: Run | None, card: dict) -> bool:
    """What one model is and what can be done with it; whether it can be looked into."""
    st.header(name, anchor=False)
    actions(name, run)
    if trouble := st.session_state.pop(TROUBLE, ""):
        st.markdown(f":material/block: {trouble}")
    if run is not None and run.problem:
        components.figure_state("error", *cards.trouble(run), height=110)
        if not run.usable:
            return False
    try:
        config, weights = services.weights(name)
    except CheckpointError as error:
        components.figure_state("error", sentence(str(error)), "Choose another one.", height=110)
        return False
    st.html(model_facts.facts(card, run, config, weights, sizes=trained_at(name, config)))
    return True


def measures(name: str, run: Run | None, card: dict) -> None:
    """How good one model is, and how it came to be so."""
    if accuracy := cards.shares_table(card, state.patch_size()):
        st.subheader("Share of test pictures that are right, by patch size", anchor=False)
        st.html(accuracy)
        if errors := cards.shares_table(card, state.patch_size(), of="calibration_error"):
            st.subheader(cards.CALIBRATION_HEADING, anchor=False)
            st.html(errors)
            if found := measured.reliability(card):
                st.html(f'<p class="quiet-line">{cards.calibration_line(*found)}</p>')
    elif run is not None:
        done = "Measured only on the pictures that its training held back"
        so_far = done if run.validation else "Not measured yet"
        st.html(f'<p class="quiet-line">{so_far}; Evaluate counts on test pictures.</p>')
    learning(name, card)
    confusion(card)


def learning(name: str, card: dict) -> None:
    """How a bundled model learned: loss and accuracy over the epochs."""
    points = {quantity: measured.curves(card, quantity) for quantity in ("loss", "accuracy")}
    if not all(training[0] for training, _ in points.values()):
        return
    places = st.columns(2, gap="medium")
    for place, (quantity, (training, held_back)) in zip(places, points.items(), strict=True):
        figure = curve(
            training,
            held_back,
            name="right" if quantity == "accuracy" else quantity,
            epochs=max([*training[0], *held_back[0]]),
            colours=palette(st.context.theme.type),
            revision=name,
            share=quantity == "accuracy",
        )
        title = cards.curve_title(quantity, training, held_back)
        with place:
            st.subheader(title, anchor=False)
            curves(figure, label=title, key=f"models_{quantity}")


def confusion(card: dict) -> None:
    """The confusion matrix that a card holds."""
    found = measured.confusion(card)
    if found is None:
        return
    data, patch_size, matrix = found
    title = st.container(key="models_confusion_title")
    title.subheader(confusion_title(matrix, CLASS_NAMES), anchor=False)
    st.markdown(f":small[{cards.confusion_line(data, patch_size, matrix)}]")
    figure = confusion_matrix(matrix, CLASS_NAMES, colours=palette(st.context.theme.type))
    st.plotly_chart(figure, key="models_confusion", config={"displayModeBar": False})
    components.how_to_read_inline(
        text=evaluation_words.CARD,
        formula=None,
        source="The article's figures 9 and 10, of this model.",
        code=components.source_of("vitcore/training/card.py", "measure", "training_curve"),
        key="models",
    )


strip()
runs = {run.name: run for run in jobs.runs()}
headline = st.empty()
left, right = st.columns([5, 8], gap="large")
with left:
    name = choose(runs)
if name is None:
    headline.title("There is no model yet", anchor=False)
    components.figure_state("empty", "No model yet.", "Train one on the Train page.", height=220)
else:
    run = runs.get(name)
    card = {} if run is not None and not run.usable else measured.card_of(name)
    headline.title(cards.title(name, card, run, state.patch_size()), anchor=False)
    with left:
        can_be_seen = identity(name, run, card)
    if can_be_seen:
        with right:
            measures(name, run, card)
    if replaying.has_film(name):
        replaying.section(name, key="models_film")
    elif run is None or run.usable:
        st.html(f'<p class="quiet-line">{cards.NO_FILM}</p>')
