"""What a model is and how it was made: one table, from its card, its run and its weights."""

import html
import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from explorer.words.findings import percent
from explorer.words.numerals import is_number
from vitcore.config import ViTConfig
from vitcore.training.runs import Run

TABLE_STYLE = """<style>
.model-card { font-variant-numeric: tabular-nums; border-collapse: collapse; }
.model-card th, .model-card td { text-align: left; vertical-align: top; font-weight: 400;
  padding: .3rem 1rem .3rem 0; border: 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.model-card th { white-space: nowrap; color: color-mix(in srgb, currentColor 72%, transparent); }
.model-card.numbers { display: block; overflow-x: auto; }
.model-card.numbers th, .model-card.numbers td { text-align: right; padding: .3rem 0 .3rem .3rem;
  min-width: 3.1rem; }
.model-card.numbers th:first-child { text-align: left; min-width: 5.6rem; padding-left: 0; }
.model-card .now { font-weight: 600; }
@media (max-width: 1240px) {  /* all nine patch sizes in half a page, and on a phone */
  .model-card.numbers th, .model-card.numbers td { font-size: .8rem; min-width: 2.2rem;
    padding-left: .15rem; }
  .model-card.numbers th:first-child { min-width: 4.1rem; }
}
</style>"""


def facts(
    card: Mapping[str, Any],
    run: Run | None,
    config: ViTConfig,
    weights: Mapping[str, np.ndarray],
    *,
    sizes: tuple[int, ...] = (),
) -> str:
    """A table of what is known about a model, as HTML; what is not known has no row.

    Args:
        card: what its makers say of it.
        run: that made it, where it is one's own.
        config: of the model.
        weights: by name.
        sizes: the patch sizes that it was trained for.
    """
    train = run.config if run is not None else None
    parameters = sum(array.size for array in weights.values())
    rows: dict[str, Any] = {
        "Data": card.get("data") or (train and train.data),
        "Recipe": _recipes(card) or (train and train.recipe),
        "Patch sizes": _sizes(sizes),
        "Seed": card.get("seed", train.seed if train else None),
        "Epochs": _number(card.get("epochs") or (run and round(_epochs_learned(run), 2))),
        "Steps": _steps(card),
        "Pictures seen": _number(card.get("pictures_seen")),
        "Time": _duration(card.get("seconds")),
        "Hardware": card.get("hardware"),
        "Software": card.get("software"),
        "Model": _architecture(config),
        "Parameters": f"{parameters:,}",
        "Attention": _attention(card.get("attention")),
        "Note": card.get("note"),
    }
    lines = "".join(
        f"<tr><th scope=row>{label}</th><td>{html.escape(str(value))}</td></tr>"
        for label, value in rows.items()
        if value not in (None, "")
    )
    return f"{TABLE_STYLE}<table class=model-card>{lines}</table>"


def _number(value: Any) -> str | None:
    return f"{value:,.10g}" if is_number(value) else None


def _epochs_learned(run: Run) -> float:
    """Those that its weights have learned from, which end at the last checkpoint."""
    if run.saved is None or not run.step:
        return run.epoch
    return run.epoch * min(1.0, run.saved / run.step)


def _before(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The runs before the last that a model went through: the configuration and steps of each."""
    found = card.get("before")
    known = isinstance(found, list) and all(
        isinstance(one, Mapping)
        and isinstance(one.get("train"), Mapping)
        and isinstance(one.get("steps"), int)
        for one in found
    )
    return found if known else []


def _recipes(card: Mapping[str, Any]) -> str:
    """Those of the runs that a model went through, in that order."""
    all_of_them = [*(one["train"].get("recipe") for one in _before(card)), card.get("recipe")]
    return ", then ".join(str(name) for name in all_of_them if name)


def _steps(card: Mapping[str, Any]) -> str | None:
    """How many there were, and what one took, of each run that a model went through."""
    steps, before = card.get("steps"), _before(card)
    if not isinstance(steps, int):
        return None
    last = {"train": card.get("train"), "steps": steps - sum(one["steps"] for one in before)}
    runs = [*before, last]
    if not all(isinstance(run["train"], Mapping) for run in runs):
        return None
    alike = groupby(runs, key=lambda run: _pictures_of_a_step(run["train"]))
    said = [
        " and then ".join(f"{run['steps']:,}" for run in some) + pictures
        for pictures, some in alike
    ]
    return "; then ".join(said)


def _pictures_of_a_step(train: Mapping[str, Any]) -> str:
    """How many a step of a run took, as the end of a sentence; "" where that is not known."""
    batch, budget = train.get("batch_size"), train.get("token_budget")
    if not isinstance(batch, int) or not isinstance(budget, int | None):
        return ""
    said = f" of {batch:,} pictures"
    return f"{said}, or as many as have {budget:,} patches together" if budget else said


def _duration(seconds: Any) -> str | None:
    if not is_number(seconds):
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _sizes(sizes: tuple[int, ...]) -> str:
    if len(sizes) < 2:
        return f"trained at {sizes[0]} only" if sizes else ""
    return f"trained at {', '.join(map(str, sizes))}: a random one at each step"


def _attention(measured: Any) -> str | None:
    """Where a model looks, as its card has it; None where that is not known or no number."""
    try:
        rollout, blind = float(measured["rollout_on_object"]), float(measured["blind_heads"])
        on_object = [float(times) for times in measured["on_object"]]
        pictures, size = int(measured["pictures"]), int(measured["patch_size"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not (on_object and 0 <= blind <= 1 and all(map(math.isfinite, (rollout, *on_object)))):
        return None
    blocks = [f"{times:.1f}" for times in on_object]
    who = (
        f"{percent(blind)} of the heads look at the same places whichever patch asks"
        if blind
        else "Where a head looks depends on the patch that asks, in every head"
    )
    return (
        f"{rollout:.2f} × as much on the object as an even spread would put there, over all blocks "
        f"together (rollout); block by block {', '.join(blocks)}. {who}. Measured on {pictures:,} "
        f"sketches at patch size {size}."
    )


def _architecture(config: ViTConfig) -> str:
    ending = "class token" if config.pooling == "class" else "mean pooling"
    if config.registers:
        ending += f", {config.registers} register{'' if config.registers == 1 else 's'}"
    heads = "head" if config.heads == 1 else "heads"
    return (
        f"{config.depth} blocks of {config.heads} {heads}, tokens of {config.width} numbers, "
        f"positions {config.positions}, {ending}"
    )
