"""What a model is and how it was made: one table, from its card, its run and its weights."""

import html
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.text.findings import counted, percent
from explorer.text.formatting import is_number
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES
from vitcore.config import ViTConfig
from vitcore.training.runs import Run

_POSITIONS = {
    "learned": N_("learned positions"),
    "sincos1d": N_("sin-cos 1-D positions"),
    "sincos2d": N_("sin-cos 2-D positions"),
    "none": N_("no positions"),
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
    data = train and DATASET_NAMES.get(train.data, train.data)
    parameters = sum(array.size for array in weights.values())
    rows: dict[str, Any] = {
        tr("Training data"): card.get("data") or data,
        tr("Recipe"): _recipes(card) or (train and tr(train.recipe)),
        tr("Patch sizes"): _sizes(sizes),
        tr("Seed"): card.get("seed", train.seed if train else None),
        tr("Epochs"): _number(card.get("epochs") or (run and _epochs_learned(run))),
        tr("Optimizer steps"): _steps(card),
        tr("Batch size"): _by_stage(card, "batch_size"),
        tr("Max. patches per batch"): _by_stage(card, "max_tokens"),
        tr("Images seen"): _number(card.get("images_seen")),
        tr("Training time"): _duration(card.get("seconds")),
        tr("Hardware"): card.get("hardware"),
        tr("Software"): card.get("software"),
        tr("Architecture"): _architecture(config),
        tr("Parameters"): f"{parameters / 1e6:.2f} M" if parameters >= 1e6 else f"{parameters:,}",
        tr("Attention on object"): _attention(card.get("attention")),
        tr("Notes"): card.get("note"),
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
    return " → ".join(tr(str(name)) for name in all_of_them if name)


def _steps(card: Mapping[str, Any]) -> str:
    """Optimizer steps of each run that a model went through."""
    return " + ".join(f"{stage['steps']:,}" for stage in _stages(card))


def _by_stage(card: Mapping[str, Any], name: str) -> str:
    """A setting of each run that a model went through, once where it is the same in all."""
    values = [stage["train"].get(name) for stage in _stages(card)]
    if not all(isinstance(value, int) for value in values) or not any(values):
        return ""
    said = [f"{value:,}" if value else tr("unlimited") for value in values]
    return said[0] if len(set(said)) == 1 else " → ".join(said)


def _duration(seconds: Any) -> str | None:
    if not is_number(seconds):
        return None
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return tr("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return tr("{minutes} min {seconds} s", minutes=minutes, seconds=rest)


def _sizes(sizes: tuple[int, ...]) -> str:
    said = ", ".join(map(str, sizes))
    return tr("{sizes}, sampled per step", sizes=said) if len(sizes) > 1 else said


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
    all_depend = N_(
        "Rollout {rollout}× uniform; blocks {blocks} ({count} sketch10 images, P = {size})"
    )
    some = N_(
        "Rollout {rollout}× uniform; blocks {blocks}; {share} of heads independent of the query "
        "({count} sketch10 images, P = {size})"
    )
    return tr(
        some if blind else all_depend,
        rollout=f"{rollout:.2f}",
        blocks=blocks,
        share=percent(blind),
        count=f"{images:,}",
        size=size,
    )


def _architecture(config: ViTConfig) -> str:
    parts = [
        f"{counted(config.depth, 'block')} × {counted(config.num_heads, 'head')}",
        f"D = {config.width}",
        tr(_POSITIONS[config.positions]),
        tr("class token") if config.pooling == "class" else tr("mean pooling"),
    ]
    if config.registers:
        parts.append(counted(config.registers, "register"))
    return tr(", ").join(parts)
