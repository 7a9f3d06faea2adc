"""The form of a new run: its settings, what is wrong with them, and the estimate."""

from functools import partial
from html import escape
from typing import Any

import streamlit as st

from explorer.client.card_metrics import card_of
from explorer.runs import estimates, rights
from explorer.runs.jobs import Jobs
from explorer.text import model_card, run_estimate
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES
from explorer.training_ui import widget_sync
from explorer.training_ui.hyperparameters import (
    ARCHITECTURE,
    GROUPS,
    SIZES,
    SWITCHES,
    Switch,
    config_of,
    label,
    refusal,
    sizes,
    values_of,
    word,
)
from vitcore.config import PRESETS, RECIPES, TrainConfig
from vitcore.training.runs import Run

KEPT = {"persist_state": "session"}
LENGTHS = {N_("30 s"): 30.0, N_("2 min"): 120.0, N_("10 min"): 600.0}
_DATA, _PRESETS = ("cifar10", "sketch10"), ("tiny", "article", "flexi", "plain")
_NO_CIFAR10 = N_("CIFAR-10 not found. Use sketch10, or download CIFAR-10 in the sidebar.")
_ARTICLE = "article-cifar10"  # the model that the article's settings gave
_ARTICLE_PATCH_SIZE = PRESETS["article"].patch_size
_ARTICLE_ON_SKETCHES = N_("The article uses CIFAR-10 (not found); training on sketch10 instead.")


def form(jobs: Jobs, *, found: bool) -> tuple[TrainConfig | None, str, bool]:
    """Four choices and Start training; the rest under Advanced.

    Args:
        jobs: of this server; its runs tell how long such a run takes.
        found: whether CIFAR-10 is here.

    Returns:
        What is chosen, or None and why it cannot be; and whether the button was pressed.
    """
    first = st.session_state.setdefault("train_first_data", _DATA[0 if found else 1])
    runs, waiting = tuple(jobs.runs()), jobs.queue()
    _begin_with_numbers()
    config, field, why = chosen(first)
    if config is not None and config.data == "cifar10" and not found:
        field, why = "data", tr(_NO_CIFAR10)
    if config is not None and not why:
        why = jobs.limit(config)
    # Fixed widths: one row on a wide page, two to a row on a phone.
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    row.selectbox(
        tr("Dataset"),
        _DATA,
        index=_DATA.index(first),
        format_func=DATASET_NAMES.get,
        key="train_data",
        width=160,
        **KEPT,
    )
    row.selectbox(
        tr("Model"),
        _PRESETS,
        key="train_preset",
        width=160,
        help=tr(run_estimate.MODELS_IN_WORDS),
        on_change=_take_model,
        **KEPT,
    )
    # None: an emptied box is then empty, and not silently what it began with.
    number = {"value": None, "width": 130, **KEPT}
    row.number_input(tr("Epochs"), step=1.0, format="%g", key="train_epochs", **number)
    # A box of whole numbers would cut 1.5 without a word. Digits: as many as the highest seed has.
    row.number_input(tr("Seed"), step=1.0, format="%.16g", key="train_seed", **number)
    # Never disabled: pressed or not, the sentence below says why it cannot start.
    pressed = row.button(tr("Start training"), key="train_start", type="primary", width=150)
    with row.popover(tr("Advanced"), width=140):
        _further(field, why, operates=jobs.visitor.operates)
    with st.expander(tr("Architecture"), key="train_architecture"):
        _architecture(field, why)
    if why:
        _say(why, field)
    _short_runs(config, runs, found=found)
    if config is not None and not why:
        lines = [
            run_estimate.architecture(config),
            run_estimate.chosen(config),
            run_estimate.expected(estimates.estimate(config, runs)),
            run_estimate.twin(config, runs, waiting),
        ]
        if config.replace(data="cifar10", seed=0) == RECIPES["article"]:
            result = model_card.finding(_ARTICLE, card_of(_ARTICLE), None, _ARTICLE_PATCH_SIZE)
            lines[:0] = [
                "" if found else tr(_ARTICLE_ON_SKETCHES),
                tr("Bundled result: {result}.", result=result),
            ]
        said = "".join(f'<p class="quiet-line">{escape(line)}</p>' for line in lines if line)
        st.html(said)
        if low := rights.beyond_memory(config):
            _say(tr(low[0], **low[1]))
    return config, why, pressed


def _begin_with_numbers() -> None:
    """The numbers that the boxes hold before anybody typed one."""
    first = values_of(RECIPES["standard"])
    for name, value in {"epochs": 5.0, "seed": 0.0, **first}.items():
        if name in ("epochs", "seed") or SWITCHES[name].kind != "choice":
            st.session_state.setdefault(f"train_{name}", value)


def _short_runs(config: TrainConfig | None, runs: tuple[Run, ...], *, found: bool) -> None:
    """Lengths by the clock of this machine, and the article's settings."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    for words, seconds in LENGTHS.items():
        row.button(
            tr(words),
            key=f"train_length_{seconds:.0f}",
            type="tertiary",
            icon=":material/timer:",
            on_click=_take_length,
            args=(config, runs, seconds),
            help=tr("Sets the number of epochs that fits this time (estimated)."),
        )
    row.button(
        tr("Article settings"),
        key="train_article",
        type="tertiary",
        icon=":material/article:",
        on_click=take_article,
        kwargs={"found": found},
        help=tr(
            "CIFAR-10, 120 epochs, Adam (LR 2e-3, ×0.8 on plateau, patience 5), validation split "
            "0.2."
        ),
    )


def _further(field: str, why: str, *, operates: bool) -> None:
    st.html(model_card.CAPTION_STYLE)
    recipe, *groups = st.tabs([tr("Recipe"), *map(tr, GROUPS)])
    with recipe:
        st.radio(
            tr("Recipe"),
            list(run_estimate.RECIPE_LINES),
            captions=list(map(tr, run_estimate.RECIPE_LINES.values())),
            format_func=tr,
            key="train_recipe",
            on_change=_take_recipe,
            **KEPT,
        )
        st.toggle(
            tr("Keep training if the app stops"),
            key="train_keep",
            disabled=not operates,
            help=None if operates else tr("Only the operator of this server can choose this."),
            **KEPT,
        )
        said = tr("Otherwise a checkpoint is saved. Closing the browser does not stop a run.")
        st.html(f'<p class="quiet-line">{said}</p>')
    for tab, switches in zip(groups, GROUPS.values(), strict=True):
        with tab:
            for switch in switches:
                _switch(switch, field, why)


def _architecture(field: str, why: str) -> None:
    """What a new model is made of; each preset brings its own numbers."""
    # Fixed widths: four to a row on a wide page, two on a phone.
    row = st.container(horizontal=True, vertical_alignment="top", gap="small")
    for switch in ARCHITECTURE:
        with row.container(width=160 if switch.kind == "whole" else 220):
            _switch(switch, field, why)


def _switch(switch: Switch, field: str, why: str) -> None:
    """One switch, what it does in one line, and below it what is wrong with it."""
    with st.container(gap="xsmall"):  # the lines belong to what stands above them
        _widget(switch)
        st.html(f'<p class="quiet-line">{escape(tr(switch.line))}</p>')
        if switch.name == field:
            _say(why, field)


def _widget(switch: Switch) -> None:
    key, value = f"train_{switch.name}", values_of(RECIPES["standard"])[switch.name]
    preset, called = st.session_state.get("train_preset", _PRESETS[0]), label(switch.name)
    if switch.kind == "choice":
        values = list(switch.options)
        st.selectbox(
            called,
            values,
            index=values.index(value),
            format_func=partial(word, switch, preset=preset),
            key=key,
            **KEPT,
        )
    elif switch.kind == "whole":
        st.number_input(called, value=None, step=int(switch.step), key=key, **KEPT)
    else:
        st.number_input(called, value=None, step=switch.step, format="%g", key=key, **KEPT)


def _say(why: str, field: str = "") -> None:
    """What cannot be; the box that it is about has a coloured edge."""
    style = ""
    if field:
        box = f'.st-key-train_{field} [data-testid="stNumberInputContainer"]'
        style = f"<style>{box} {{ box-shadow: 0 0 0 2px #C65F3C; }}</style>"
    st.html(f'{style}<p class="problem-line" role="alert">{escape(why)}</p>')


def chosen(data: str) -> tuple[TrainConfig | None, str, str]:
    """What the form asks for; or None, the field that cannot be, and why.

    Args:
        data: what is trained on before anything was chosen.
    """
    form = st.session_state
    recipe = form.get("train_recipe", "standard")
    first = values_of(RECIPES["standard"])
    values = {name: form.get(f"train_{name}", first[name]) for name in SWITCHES}
    others: dict[str, Any] = {
        "data": form.get("train_data", data),
        "preset": form.get("train_preset", _PRESETS[0]),
    }
    try:
        others["epochs"] = form.get("train_epochs", 5.0)
        seed = form.get("train_seed", 0)
        others["seed"] = int(seed) if seed is not None and seed == round(seed) else seed
        return config_of(recipe, values, **others), "", ""
    except (ValueError, OverflowError) as error:
        return None, *refusal(error)


def _take(config: TrainConfig) -> None:
    """All that a recipe says; how large the model is says its preset."""
    for name, value in values_of(config).items():
        if name not in SIZES:
            widget_sync.put(f"train_{name}", value)


def take_run(config: TrainConfig) -> None:
    """Fill the form with a whole configuration, in a callback."""
    for name in ("data", "preset", "epochs"):
        widget_sync.put(f"train_{name}", getattr(config, name))
    widget_sync.put("train_seed", float(config.seed))
    if config.recipe in run_estimate.RECIPE_LINES:
        widget_sync.put("train_recipe", config.recipe)
    for name, value in values_of(config).items():
        widget_sync.put(f"train_{name}", value)


def _take_sizes(preset: str) -> None:
    for name, value in sizes(PRESETS[preset]).items():
        widget_sync.put(f"train_{name}", value)


def _take_recipe() -> None:
    widget_sync.release("train_recipe")
    st.session_state.pop("train_by_article", None)  # this one was chosen for itself
    _take(RECIPES[st.session_state["train_recipe"]])


def _take_model() -> None:
    """Another model comes with its own sizes; after the article's run, with the usual recipe."""
    form = st.session_state
    _take_sizes(form["train_preset"])
    if form.pop("train_by_article", False) and form["train_recipe"] == RECIPES["article"].recipe:
        widget_sync.put("train_recipe", "standard")
        _take(RECIPES["standard"])


def _take_length(config: TrainConfig | None, runs: tuple[Run, ...], seconds: float) -> None:
    if config is not None:
        widget_sync.put("train_epochs", estimates.epochs_in(seconds, config, runs))


def take_article(*, found: bool) -> None:
    """Fill the form with the article's settings, in a callback or before it is drawn."""
    article = RECIPES["article"]
    if found:
        widget_sync.put("train_data", article.data)
    widget_sync.put("train_recipe", article.recipe)
    widget_sync.put("train_preset", article.preset)
    widget_sync.put("train_epochs", article.epochs)
    _take(article)
    _take_sizes(article.preset)
    st.session_state["train_by_article"] = True
