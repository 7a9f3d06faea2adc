"""Train: choose data, model and length; watch it learn; use the result."""

from typing import Any

import streamlit as st

from explorer import cards, components, gathering, navigation, run_sentences, services, state
from explorer.figures.style import palette
from explorer.figures.training import curve
from explorer.jobs import RunRefusedError, server_jobs
from explorer.run_progress import Progress
from vitcore.config import RECIPES, TrainConfig

HEIGHT = 250  # of a figure
PLACE = HEIGHT + 44  # of a figure with its title: what stands there before is as high

jobs = server_jobs()


def strip() -> None:
    picture, patch_size = state.picture(), state.patch_size()
    answer = services.reading(state.model(), picture, patch_size)
    if stage := components.strip(answer, picture, patch_size, now=""):
        navigation.goto(stage)


def controls() -> None:
    """Four choices and Start; the rest under More."""
    kept = {"persist_state": "session"}
    found = gathering.cifar10().found
    # Fixed widths: one row on a wide page, two to a row on a phone.
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    data, preset = ["cifar10", "sketch10"], ["tiny", "article", "flexi", "plain"]
    row.selectbox("Data", data, index=0 if found else 1, key="train_data", width=180, **kept)
    words = run_sentences.MODELS_IN_WORDS
    row.selectbox("Model", preset, key="train_preset", width=180, help=words, **kept)
    row.number_input(
        "Epochs", 0.1, 1000.0, 5.0, 1.0, format="%g", key="train_epochs", width=135, **kept
    )
    row.number_input("Seed", 0, 2**31 - 1, 0, key="train_seed", width=135, **kept)
    # Never disabled: pressed or not, the sentence below says why it cannot start.
    pressed = row.button("Start", key="train_start", type="primary", width=105)
    with row.popover("More", width=115):
        further_controls(kept)
    config, refusal = chosen()
    if not refusal and config.data == "cifar10" and not found:
        refusal = (
            "CIFAR-10 is not on this machine. Choose sketch10, "
            "or choose cifar10 under Picture to fetch it."
        )
    refusal = refusal or jobs.refusal()
    if pressed and not refusal:
        try:
            st.session_state["train_run"] = jobs.start(config)
        except RunRefusedError as error:
            refusal = str(error)
        else:
            st.rerun()
    if refusal:
        st.markdown(f":material/block: {refusal}")
    else:
        st.markdown(f":small[{run_sentences.chosen(config)}]")


def further_controls(kept: dict[str, str]) -> None:
    st.html(cards.CAPTION_STYLE)
    st.radio(
        "Recipe",
        list(run_sentences.RECIPE_LINES),
        captions=list(run_sentences.RECIPE_LINES.values()),
        key="train_recipe",
        on_change=take_rate_of_recipe,
        **kept,
    )
    st.number_input(
        "Learning rate",
        0.0,
        value=run_sentences.recipe_rate("standard"),
        step=1e-4,
        format="%g",
        key="train_learning_rate",
        help="The highest one. It must be above 0 and at most 1.",
        **kept,
    )
    st.toggle("Loss on a logarithmic axis", key="train_log_axis", **kept)


def chosen() -> tuple[TrainConfig | None, str]:
    """What the form asks for, or None and why it cannot be."""
    form = st.session_state
    try:
        config = RECIPES[form["train_recipe"]].replace(
            data=form["train_data"],
            preset=form["train_preset"],
            epochs=float(form["train_epochs"]),
            learning_rate=float(form["train_learning_rate"]),
            seed=int(form["train_seed"]),
        )
    except (TypeError, ValueError) as error:
        return None, f"{str(error).replace('_', ' ').capitalize()}."
    return config, ""


def take_rate_of_recipe() -> None:
    rate = run_sentences.recipe_rate(st.session_state["train_recipe"])
    st.session_state["train_learning_rate"] = rate


def use(name: str) -> None:
    st.session_state["model"] = name


def choose_run() -> str | None:
    """Which run is shown: the one chosen or started last, else the newest."""
    names = [run.name for run in jobs.runs() if run.state != "damaged"]
    if st.session_state.get("train_run") not in names:
        st.session_state.pop("train_run", None)
    if not names:
        return None
    return st.selectbox(
        "Run", names, key="train_run", label_visibility="collapsed", persist_state="session"
    )


def action(progress: Progress) -> None:
    """What can be done with the run: stop it while it lives, use it afterwards."""
    name = progress.run.name
    if progress.state == "stopping":
        st.button(
            "End now",
            key="train_end",
            on_click=jobs.end_now,
            args=(name,),
            width="stretch",
            help="Ends the process at once. What its last checkpoint saved is kept.",
        )
    elif progress.lives:
        st.button("Stop", key="train_stop", on_click=jobs.stop, args=(name,), width="stretch")
    elif progress.run.usable and name == state.model():
        st.markdown(":material/check: The model in use")
    elif progress.run.usable:
        st.button(
            "Use this model",
            key="train_use",
            on_click=use,
            args=(name,),
            type="primary",
            width="stretch",
        )


def figures(progress: Progress) -> None:
    """Loss, accuracy and learning rate over the epochs.

    Before the first point the loss's place says what is being done; the other axes are drawn at
    once, so that the browser has loaded its chart library by the time there is something to draw.
    """
    train, held_back = progress.train, progress.validation
    shared = {
        "epochs": progress.epochs,
        "colours": palette(st.context.theme.type),
        "revision": progress.run.name,
        "height": HEIGHT,
    }
    loss, accuracy, rate = st.columns([5, 5, 4], gap="medium")
    with loss:
        st.subheader(run_sentences.loss_title(progress), anchor=False)
        if progress.train.loss or not progress.lives:
            figure = curve(
                (train.epoch, train.loss),
                (held_back.epoch, held_back.loss),
                name="loss",
                logarithmic=st.session_state["train_log_axis"],
                **shared,
            )
            chart(figure, "loss")
        else:
            components.figure_state("loading", *run_sentences.starting(progress), height=HEIGHT)
    with accuracy:
        st.subheader(run_sentences.accuracy_title(progress), anchor=False)
        figure = curve(
            (train.epoch, train.accuracy),
            (held_back.epoch, held_back.accuracy),
            name="right",
            share=True,
            **shared,
        )
        chart(figure, "accuracy")
    with rate:
        st.subheader(run_sentences.rate_title(progress), anchor=False)
        highest = progress.run.config.learning_rate
        rates = (train.epoch, train.learning_rate)
        chart(curve(rates, name="learning rate", highest=highest, **shared), "rate")


def chart(figure: Any, name: str) -> None:
    st.plotly_chart(figure, key=f"train_{name}", config={"displayModeBar": False})


def show(progress: Progress) -> None:
    """The run in its three places: the title, its line, and its curves or what stands there."""
    run = progress.run
    headline.title(run_sentences.title(progress), anchor=False)
    line.markdown(run_sentences.progress_line(progress))
    if run.state in ("failed", "interrupted"):
        components.figure_state("error", *run_sentences.trouble(run), height=110)
    if progress.train.loss or progress.lives:
        figures(progress)


def follow(name: str) -> None:
    """Draw the run anew each second while it lives; then let the whole page say how it ended."""
    progress = jobs.progress(name)
    if progress is None or not progress.lives:
        st.rerun()
    show(progress)


strip()
headline = st.empty()
st.subheader("New run", anchor=False)
controls()
st.subheader("Runs", anchor=False)
which, line_place, action_place = st.columns([4, 11, 4], vertical_alignment="center", gap="small")
with which:
    name = choose_run()
progress = jobs.progress(name) if name else None
if progress is None:
    headline.title(run_sentences.title(None), anchor=False)
    components.figure_state(
        "empty",
        "No run yet.",
        "Choose data and a model above and press Start: loss and accuracy appear here, live.",
        height=PLACE,
    )
else:
    line = line_place.empty()
    with action_place:
        action(progress)
    if progress.lives:
        st.fragment(follow, run_every=1.0)(name)
    else:
        show(progress)
components.how_to_read(
    text=(
        "Solid: the pictures just trained on, in the mean since the point before. Dashed: pictures "
        "held back, which the model never learns from. Where the dashed line stops getting better "
        "while the solid one goes on, the model learns its own pictures by heart. Guessing one "
        "class of ten is right 10% of the time. The two losses are not the same number where the "
        "recipe softens the labels in training."
    ),
    formula=r"L=-\frac1B\sum_{b=1}^{B}\log p_\theta(y_b\mid x_b)",
    source="Cross-entropy, made small by AdamW (Loshchilov and Hutter 2019, algorithm 2).",
    code=components.source_of(
        "vitcore/training/step.py", "mean_loss", "Trainer._loss", "Trainer._make_tensorflow"
    ),
    key="train",
)
