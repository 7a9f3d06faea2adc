"""Train: choose dataset, model and epochs; watch the curves; use the result."""

import os
from html import escape
from typing import Any

import streamlit as st

from explorer import client, components, navigation, visitors
from explorer.components.curves.component import curves
from explorer.data import cifar10_setup
from explorer.data.small_models import conditions, small_models
from explorer.figures.small_models import accuracy_by_images
from explorer.figures.style import palette, toolbar
from explorer.figures.training import MOST_BESIDE, OverlayRun, curve
from explorer.results import Pending
from explorer.runs import estimates, rights
from explorer.runs.jobs import RunRefusedError
from explorer.runs.progress import Progress
from explorer.selection import selected
from explorer.text import run_status
from explorer.text.language import N_, tr
from explorer.text.small_model_findings import NETWORKS, data_finding
from explorer.timeline import section
from explorer.training_ui import comparison, controls, form, input_pipeline, widget_sync
from vitcore.config import TrainConfig

HEIGHT = 250  # of a figure
CEILING = 8.0  # a loss above it, that of chance being 2.3, would flatten all others
REFRESHES = (1, 2, 5, 10)  # seconds
# On two cores whatever is drawn takes time from the steps.
USUAL_REFRESH = 1 if (os.cpu_count() or 1) > 2 else 2
PLACE = HEIGHT + 44  # of a figure with its title: what stands there before is as high

jobs = visitors.jobs()


def strip() -> None:
    selection = selected()
    result = client.forward(selection)
    if not isinstance(result, Pending):
        jobs.prepare()  # while a person chooses; no sooner, since the model needs the cores first
    if stage := components.strip(result, selection, now="", explain=True):
        navigation.goto(stage)


def new_run() -> TrainConfig | None:
    """The form, and what is chosen in it; its button begins the run or puts it into the queue."""
    if visitors.is_off("training"):
        visitors.refusal(tr(rights.DISABLED), page="train_form")
        return None
    found = cifar10_setup.cifar10().found
    config, why, pressed = form.form(jobs, found=found)
    if config is not None and not why:  # the timeline shows what the run makes of this image
        section.offer_familiar(config.data, selected().image, "train_form", trained=False)
    if pressed and not why and not controls.pressed_before(config):
        try:
            run = jobs.start(config, keep=bool(st.session_state.get("train_keep")))
        except RunRefusedError as error:
            st.html(f'<p class="problem-line" role="alert">{escape(str(error))}</p>')
        else:
            controls.begin(run)
            st.rerun()
    return config


def beside(name: str) -> list[Progress]:
    """The runs whose curves are drawn beside this one's."""
    chosen = [one for one in st.session_state.get("train_beside", []) if one != name]
    found = [jobs.progress(one) for one in chosen[:MOST_BESIDE]]
    return [one for one in found if one is not None and one.train.loss]


def usual_start(progress: Progress) -> float | None:
    """How long it took the run before this one to begin."""
    others = (run for run in jobs.runs() if run.name != progress.run.name)
    return estimates.start_seconds(progress.run.config, others)


def curve_choices(name: str) -> None:
    """How the curves are drawn, and which runs beside."""
    kept = {"persist_state": "session"}
    others = [run.name for run in jobs.runs() if run.name != name and run.state != "damaged"]
    before = [one for one in st.session_state.get("train_beside", []) if one in others]
    if before != st.session_state.get("train_beside", before):
        st.session_state["train_beside"] = before
    st.multiselect(
        tr("Compare with"),
        others,
        key="train_beside",
        max_selections=MOST_BESIDE,
        placeholder=tr("Select runs") if others else tr("No other runs"),
        **kept,
    )
    st.slider(tr("Smoothing"), 0.0, 0.95, 0.0, 0.05, key="train_smooth", **kept)
    st.toggle(tr("Log scale (loss)"), key="train_log_axis", **kept)
    st.select_slider(
        tr("Refresh interval"),
        REFRESHES,
        USUAL_REFRESH,
        key="train_refresh",
        format_func=lambda seconds: tr("{seconds} s", seconds=seconds),
        help=tr("Frequent refreshes slow down training."),
        **kept,
    )


def refresh() -> int:
    """Seconds between two drawings of the curves of a run that trains."""
    return st.session_state.get("train_refresh", USUAL_REFRESH)


def figures(progress: Progress) -> None:
    """Loss, accuracy and learning rate over the epochs.

    Before the first point the loss's place says what is being done; the other axes are drawn at
    once, so that the browser has loaded its chart library by the time there is something to draw.
    """
    others = beside(progress.run.name)
    shared = {
        "run": progress.run.name,
        "epochs": max([progress.epochs, *(one.epochs for one in others)]),
        "colours": palette(st.context.theme.type),
        "revision": progress.run.name,
        "height": HEIGHT,
    }
    loss, accuracy, rate = st.columns([5, 5, 4], gap="medium")
    with loss:
        draw_loss(progress, others, shared)
    with accuracy:
        draw_accuracy(progress, others, shared)
    with rate:
        draw_rate(progress, others, shared)


def lines_of(others: list[Progress], what: str) -> list[OverlayRun]:
    """One quantity of the runs that stand beside the shown one."""
    return [
        OverlayRun(
            name=one.run.name,
            train=(one.train.epoch, getattr(one.train, what)),
            validation=None
            if what == "learning_rate"
            else (one.validation.epoch, getattr(one.validation, what)),
        )
        for one in others
    ]


def draw_loss(progress: Progress, others: list[Progress], shared: dict[str, Any]) -> None:
    train, validation = progress.train, progress.validation
    finding = run_status.loss_finding(progress)
    components.figure_heading(tr("Loss"), finding)
    if not train.loss and progress.lives:
        components.figure_state(
            "loading",
            *run_status.starting(progress, usual=usual_start(progress)),
            height=HEIGHT,
        )
        return
    figure = curve(
        (train.epoch, train.loss),
        (validation.epoch, validation.loss),
        name=tr("loss"),
        beside=lines_of(others, "loss"),
        smoothing=st.session_state.get("train_smooth", 0.0),
        logarithmic=st.session_state.get("train_log_axis", False),
        ceiling=CEILING,
        mark=run_status.overfits_since(progress),
        **shared,
    )
    curves(figure, label=tr("Loss: {finding}", finding=finding), key="train_loss")


def draw_accuracy(progress: Progress, others: list[Progress], shared: dict[str, Any]) -> None:
    train, validation = progress.train, progress.validation
    finding = run_status.accuracy_finding(progress)
    components.figure_heading(tr("Accuracy"), finding)
    figure = curve(
        (train.epoch, train.accuracy),
        (validation.epoch, validation.accuracy),
        name=tr("accuracy"),
        beside=lines_of(others, "accuracy"),
        top5=(validation.epoch, validation.top5),
        smoothing=st.session_state.get("train_smooth", 0.0),
        share=True,
        **shared,
    )
    label = tr("Accuracy: {finding}", finding=finding)
    curves(figure, label=label, key="train_accuracy")


def draw_rate(progress: Progress, others: list[Progress], shared: dict[str, Any]) -> None:
    finding = run_status.rate_finding(progress)
    components.figure_heading(tr("Learning rate"), finding)
    figure = curve(
        (progress.train.epoch, progress.train.learning_rate),
        name=tr("learning rate"),
        beside=lines_of(others, "learning_rate"),
        highest=max(one.run.config.learning_rate for one in (progress, *others)),
        **shared,
    )
    label = tr("Learning rate: {finding}", finding=finding)
    curves(figure, label=label, key="train_rate")


def show(progress: Progress) -> None:
    """The run in its two places: the line below the title, and its curves or what stands there."""
    run = progress.run
    components.finding_line(run_status.status(progress), place=status)
    if progress.held_up:
        components.figure_state(
            "error", progress.held_up, tr("Free some space, then select Resume."), height=110
        )
    if run.state in ("failed", "interrupted", "damaged"):
        words = run_status.trouble(run, resumes=jobs.can_resume(run), saved=progress.saved)
        components.figure_state("error", *words, height=110)
    if run.config is not None and (progress.train.loss or progress.lives):
        figures(progress)


def cures(progress: Progress) -> None:
    """The two cures of overfitting, each a press that fills the form with this run and the cure."""
    config = progress.run.config
    if config is None or run_status.overfits_since(progress) is None:
        return
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.html(f'<p class="quiet-line">{tr("Set up this run again with")}</p>')
    stopped = config.replace(early_stopping=10)
    varied = config.replace(augmentation="trivial")
    for words, cured in ((N_("Early stopping"), stopped), (N_("Stronger augmentation"), varied)):
        if cured != config:
            row.button(
                tr(words),
                key=f"train_cure_{words.split()[0].lower()}",
                type="tertiary",
                on_click=form.take_run,
                args=(cured,),
            )


def standing(progress: Progress) -> tuple[str, str, bool]:
    """What decides which buttons stand on the page, and how often a run is looked at."""
    return progress.state, progress.asked, bool(progress.train.loss)


def follow(name: str, drawn: tuple[str, str, bool]) -> None:
    """Draw the run again while it lives; where something else stands, the whole page."""
    progress = jobs.progress(name)
    if progress is None or standing(progress) != drawn or widget_sync.undone():
        st.rerun()
    show(progress)


def new_run_in_its_place(*, folded: bool) -> TrainConfig | None:
    """What is chosen in the form: open where there is nothing to watch yet, else one line."""
    visitors.accepted(page="train_form")
    if folded and not visitors.is_off("training"):  # another key after each start: it folds again
        key = f"train_new_{st.session_state.get('train_begun', 0)}"
        with st.expander(tr("New run"), key=key, icon=":material/add:"):
            config = new_run()
    else:
        st.subheader(tr("New run"), anchor=False)
        with st.container(key="train_form"):
            config = new_run()
    controls.queue(jobs)
    return config


def help_with_curves(config: TrainConfig | None) -> None:
    components.how_to_read(
        "training_curves",
        code=components.source_of(
            "vitcore/training/step.py", "mean_loss", "Trainer._loss", "Trainer._make_tensorflow"
        ),
        example="training",
        optimizer=tr(run_status.OPTIMIZERS[config.optimizer if config else "adamw"]),
    )


def data_hunger() -> None:
    """Small models on parts of the training set: ViT against CNN."""
    models = small_models()
    components.figure_heading(tr("Accuracy vs. training images"), data_finding(models))
    figure = accuracy_by_images(
        {network: [models[name] for name in names] for network, names in NETWORKS.items()},
        colours=palette(st.context.theme.type),
    )
    st.plotly_chart(figure, key="train_data_hunger", config=toolbar("accuracy-vs-training-images"))
    how = conditions()
    components.how_to_read(
        "small_models_data",
        code=components.source_of("vitcore/bench/comparison.py"),
        parameters=f"{models['learned'].parameters / 1e6:.1f} M",
        steps=how["steps"],
        batch_size=how["batch_size"],
    )


widget_sync.hold()
strip()
name = controls.shown(jobs)
progress = jobs.progress(name) if name else None
if progress is not None and progress.lives:
    st.session_state["train_watched"] = True  # from then on the curves come first
components.page_title(tr("Training"), page="train")
status = st.container(key="train_finding").empty()  # a run that lives writes it again
components.finding_line(run_status.status(progress), place=status)
folded = "train_watched" in st.session_state
planned = new_run_in_its_place(folded=folded)
row = st.container(horizontal=True, vertical_alignment="center", gap="small", key="train_actions")
with row:
    name = controls.choose(jobs)
progress = jobs.progress(name) if name else None
if progress is None:
    controls.trouble()
    components.figure_state(
        "empty", tr("No runs yet."), tr("Loss and accuracy appear here."), height=PLACE
    )
else:
    with row:
        controls.steer(jobs, progress, in_use=selected().model_name)
        with st.popover(tr("Display")):
            curve_choices(name)
    controls.trouble()
    with st.container(key="train_live"):
        if progress.lives:
            state_now, asked, begun = standing(progress)
            soon = state_now in ("pausing", "stepping", "stopping") or asked or not begun
            st.fragment(follow, run_every=0.4 if soon else refresh())(name, standing(progress))
        else:
            show(progress)
            cures(progress)
    help_with_curves(progress.run.config)
    if others := beside(name):
        components.figure_heading(tr("Hyperparameter differences"))
        st.html(comparison.table([progress.run, *(one.run for one in others)]))
    if progress.run.state != "damaged":
        section.section(progress.run, every=2 * refresh())
if planned is not None:  # what cannot be is said in the form, and figures stay
    st.session_state["train_planned"] = planned
planned = st.session_state.get("train_planned")
run = progress.run if progress and progress.run.config else None
if planned is not None and not folded:
    run = None  # the form stands open: what is chosen in it
if (config := run.config if run else planned) is not None:
    timed = run is not None and not progress.lives  # before, the speed still changes
    with st.container(key="train_pipeline"):
        input_pipeline.draw(
            config,
            run.name if run else tr("New run"),
            step_seconds=estimates.step_seconds(run) if timed else None,
        )
data_hunger()
