"""What a model is and how it was made: one table, from its card, its run and its weights."""

import html
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.text.findings import percent
from explorer.text.formatting import is_number
from explorer.text.names import DATASET_NAMES
from vitcore.config import ViTConfig
from vitcore.training.runs import Run

_POSITIONS = {
    "learned": "learned positions",
    "sincos1d": "sin-cos 1-D positions",
    "sincos2d": "sin-cos 2-D positions",
    "none": "no positions",
}
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
        card: of the model.
        run: that trained it, for one's own models.
        config: of the model.
        weights: by name.
        sizes: the patch sizes that it was trained at.
    """
    train = run.config if run is not None else None
    parameters = sum(array.size for array in weights.values())
    rows: dict[str, Any] = {
        "Training data": card.get("data") or (train and DATASET_NAMES.get(train.data, train.data)),
        "Recipe": _recipes(card) or (train and train.recipe),
        "Patch sizes": _sizes(sizes),
        "Seed": card.get("seed", train.seed if train else None),
        "Epochs": _number(card.get("epochs") or (run and _epochs_learned(run))),
        "Optimizer steps": _steps(card),
        "Batch size": _by_stage(card, "batch_size"),
        "Max. patches per batch": _by_stage(card, "max_tokens"),
        "Images seen": _number(card.get("images_seen")),
        "Training time": _duration(card.get("seconds")),
        "Hardware": card.get("hardware"),
        "Software": card.get("software"),
        "Architecture": _architecture(config),
        "Parameters": f"{parameters / 1e6:.2f} M" if parameters >= 1e6 else f"{parameters:,}",
        "Attention on object": _attention(card.get("attention")),
        "Notes": card.get("note"),
    }
    lines = "".join(
        f"<tr><th scope=row>{label}</th><td>{html.escape(str(value))}</td></tr>"
        for label, value in rows.items()
        if value not in (None, "")
    )
    return f"{TABLE_STYLE}<table class=model-card>{lines}</table>"


def _number(value: Any) -> str | None:
    return f"{round(value, 1):,.10g}" if is_number(value) else None


def _epochs_learned(run: Run) -> float:
    """Those that its weights were trained for, which end at the last checkpoint."""
    if run.saved is None or not run.step:
        return run.epoch
    return run.epoch * min(1.0, run.saved / run.step)


def _before(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The runs before the last that a model went through: the configuration and steps of each."""
    found = card.get("earlier_stages")
    known = isinstance(found, list) and all(
        isinstance(one, Mapping)
        and isinstance(one.get("train"), Mapping)
        and isinstance(one.get("steps"), int)
        for one in found
    )
    return found if known else []


def _stages(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The configuration and steps of each run that a model went through; [] where unknown."""
    steps, before = card.get("steps"), _before(card)
    if not isinstance(steps, int) or not isinstance(card.get("train"), Mapping):
        return []
    last = {"train": card["train"], "steps": steps - sum(one["steps"] for one in before)}
    return [*before, last]


def _recipes(card: Mapping[str, Any]) -> str:
    """Those of the runs that a model went through, in that order."""
    all_of_them = [*(one["train"].get("recipe") for one in _before(card)), card.get("recipe")]
    return " → ".join(str(name) for name in all_of_them if name)


def _steps(card: Mapping[str, Any]) -> str:
    """Optimizer steps of each run that a model went through."""
    return " + ".join(f"{stage['steps']:,}" for stage in _stages(card))


def _by_stage(card: Mapping[str, Any], name: str) -> str:
    """A setting of each run that a model went through, once where it is the same in all."""
    values = [stage["train"].get(name) for stage in _stages(card)]
    if not all(isinstance(value, int) for value in values) or not any(values):
        return ""
    said = [f"{value:,}" if value else "unlimited" for value in values]
    return said[0] if len(set(said)) == 1 else " → ".join(said)


def _duration(seconds: Any) -> str | None:
    if not is_number(seconds):
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _sizes(sizes: tuple[int, ...]) -> str:
    said = ", ".join(map(str, sizes))
    return f"{said}, sampled per step" if len(sizes) > 1 else said


def _attention(measured: Any) -> str | None:
    """Attention on the object, as a card has it; None where that is not known or no number."""
    try:
        rollout, blind = (
            float(measured["rollout_object_attention"]),
            float(measured["query_independent_heads"]),
        )
        on_object = [float(times) for times in measured["object_attention"]]
        images, size = int(measured["num_images"]), int(measured["patch_size"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not (on_object and 0 <= blind <= 1 and all(map(math.isfinite, (rollout, *on_object)))):
        return None
    blocks = ", ".join(f"{times:.1f}" for times in on_object)
    heads = f"; {percent(blind)} of heads independent of the query" if blind else ""
    return (
        f"Rollout {rollout:.2f}× uniform; blocks {blocks}{heads} "
        f"({images:,} sketch10 images, P = {size})"
    )


def _architecture(config: ViTConfig) -> str:
    parts = [
        f"{config.depth} {'block' if config.depth == 1 else 'blocks'} × "
        f"{config.num_heads} {'head' if config.num_heads == 1 else 'heads'}",
        f"D = {config.width}",
        _POSITIONS[config.positions],
        "class token" if config.pooling == "class" else "mean pooling",
    ]
    if config.registers:
        parts.append(f"{config.registers} register{'' if config.registers == 1 else 's'}")
    return ", ".join(parts)
