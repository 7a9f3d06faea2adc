"""What the Models page says about a model, from its card, its run and its weights."""

import html
import math
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from explorer.words import evaluation_findings, run_sentences
from explorer.words.findings import percent
from explorer.words.numerals import is_number, is_share
from vitcore.config import PATCH_SIZES, ViTConfig
from vitcore.report import Reliability
from vitcore.training.runs import Run

# Streamlit's own captions are text at 60 %, a contrast of 4.3 on white; at 75 % it is above 6.
CAPTION_STYLE = """<style>
.st-key-models_shown [role="radiogroup"] { gap: .3rem; }
.st-key-models_shown [data-testid="stCaptionContainer"],
.st-key-train_recipe [data-testid="stCaptionContainer"] {
  color: color-mix(in srgb, var(--st-text-color, currentColor) 75%, transparent); opacity: 1; }
</style>"""
ROWS_IN_WORDS = (
    "Percentages are right answers. Those of models that come with the app move with the patch "
    "size; those of your runs, the newest first, are of the pictures that their training held back."
)
TESTED = {"cifar10": "CIFAR-10 test pictures", "sketch10": "sketches it never saw"}
CALIBRATION_HEADING = "Calibration error: how far its confidence is from that, on average"
NO_FILM = (
    "No weights were kept while it trained, only those at the end, so there is no film of how it "
    "came to be."
)
Points = tuple[list[float], list[float]]  # epochs, values
_STYLE = """<style>
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


def tests_line(data: str, pictures: int) -> str:
    """What stands above the answers of one picture: that below them is what many get."""
    return (
        f"One picture says little of a patch size. Below each answer stands what share of "
        f"{pictures:,} {TESTED[data]} is answered rightly at that size."
    )


def title(name: str, card: Mapping[str, Any], run: Run | None, patch_size: int) -> str:
    """The finding of the Models page: how good the shown model is."""
    for data in ("cifar10", "sketch10"):
        share = _share(card, data, patch_size)
        if share is not None:
            of = TESTED[data]
            return f"{name} gets {percent(share)} of {of} right at patch size {patch_size}"
    if run is not None and run.state == "damaged":
        return f"{name} is damaged"
    accuracy = (run.validation or {}).get("accuracy") if run is not None else None
    if accuracy is not None:
        return f"{name} gets {percent(accuracy)} of the pictures held back right (guessing: 10%)"
    if run is not None and run.state == "failed":
        return f"{name} failed before it was measured"
    return f"{name} has not been measured"


def row(run: Run, *, zone: tzinfo | None = None) -> str:
    """One line about a run, for a list under `ROWS_IN_WORDS`.

    Args:
        run: the run.
        zone: of the time at which it began; the machine's where None.
    """
    if run.config is None:
        return "damaged"
    parts = [run.state, run.config.data, run.config.preset]
    accuracy = (run.validation or {}).get("accuracy")
    if run.state != "damaged" and isinstance(accuracy, int | float):
        parts.insert(0, percent(accuracy))
    began = datetime.fromtimestamp(run.created, zone)
    year = "" if began.year == datetime.now(zone).year else f" {began.year}"
    return " · ".join([*parts, f"{began.day} {began:%b}{year}, {began:%H:%M}"])


def summary(card: Mapping[str, Any], patch_size: int) -> str:
    """One line about a bundled model, for a list."""
    parts = ["comes with the app"]
    if (share := _share(card, "cifar10", patch_size)) is not None:
        parts.insert(0, f"{percent(share)} of CIFAR-10 test pictures")
    return " · ".join(parts)


def trouble(run: Run) -> tuple[str, str]:
    """Why a run failed, was interrupted or is damaged, and what can be done here."""
    if run.state == "damaged":
        return run.problem, "It cannot be used; put the file right, or delete the run."
    what, _ = run_sentences.trouble(run)
    kept = run_sentences.kept(run)
    return what, f"The Train page says what to change, and can start it again.{kept}"


def learned_from(card: Mapping[str, Any], run: Run | None) -> str:
    """What a model learned from, as one sentence, or "" where nothing says it."""
    train = card.get("train") if isinstance(card, Mapping) else None
    if not isinstance(train, Mapping):
        train = run.config.to_dict() if run is not None and run.config is not None else {}
    if train.get("data") == "sketch10":
        return "Learned from sketch10 drawings."
    if train.get("data") != "cifar10":
        return ""
    drawings = " and some sketch10 drawings" if train.get("sketch_share") else ""
    return f"Learned from CIFAR-10 photographs{drawings}."


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
    return f"{_STYLE}<table class=model-card>{lines}</table>"


def shares_table(card: Mapping[str, Any], patch_size: int, *, of: str = "accuracy") -> str:
    """Shares by data set and patch size as an HTML table, or "" where nothing was measured.

    Args:
        card: of the model.
        patch_size: the present one, which is marked.
        of: "accuracy", or "calibration_error", how far confidence is from it on average.
    """
    measured = card.get(of)
    if not isinstance(measured, Mapping) or not measured:
        return ""
    sizes = [size for size in PATCH_SIZES if any(_has(row, size) for row in measured.values())]

    def cells(row: Any) -> str:
        return "".join(
            f"<td{_now(size, patch_size)}>{html.escape(percent(float(row[str(size)])))}</td>"
            if _has(row, size)
            else "<td></td>"
            for size in sizes
        )

    head = "".join(f"<th scope=col{_now(size, patch_size)}>{size}</th>" for size in sizes)
    body = "".join(
        f"<tr><th scope=row>{html.escape(str(data))}</th>{cells(row)}</tr>"
        for data, row in sorted(measured.items())  # real pictures before drawn ones
    )
    return (
        f"{_STYLE}<table class='model-card numbers'><thead><tr><th scope=col>patch size</th>"
        f"{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def curve_title(quantity: str, training: Points, held_back: Points) -> str:
    """Where a curve ends: in training and on the pictures held back."""
    words, form = ("Right", "{:.0%}") if quantity == "accuracy" else ("Loss", "{:.2f}")
    ends = [
        f"{form.format(values[-1])} {where}"
        for (_, values), where in ((training, "in training"), (held_back, "held back"))
        if values
    ]
    return f"{words}: {', '.join(ends)}" if ends else words


def calibration_line(data: str, patch_size: int, bins: Reliability) -> str:
    """Which way a card's confidence is off, and on what that was counted."""
    of = f"{int(bins.pictures.sum()):,} {TESTED[data]}"
    return f"{evaluation_findings.calibration_title(bins)} ({of}, patch size {patch_size})."


def confusion_line(data: str, patch_size: int, matrix: np.ndarray) -> str:
    """What a card's confusion matrix counts."""
    return (
        f"{int(matrix.sum()):,} {TESTED[data]} at patch size {patch_size}; rows are what they are"
    )


def _now(size: int, patch_size: int) -> str:
    return " class=now" if size == patch_size else ""


def _has(row: Any, size: int) -> bool:
    return isinstance(row, Mapping) and is_share(row.get(str(size)))


def _share(card: Mapping[str, Any], data: str, patch_size: int) -> float | None:
    measured = card.get("accuracy")
    row = measured.get(data) if isinstance(measured, Mapping) else None
    return float(row[str(patch_size)]) if _has(row, patch_size) else None


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
    said = [_steps_of_run(one["steps"], one["train"]) for one in (*before, last)]
    return None if None in said else "; then ".join(said)


def _steps_of_run(steps: int, train: Any) -> str | None:
    if not isinstance(train, Mapping):
        return None
    batch, budget = train.get("batch_size"), train.get("token_budget")
    if not isinstance(batch, int) or not isinstance(budget, int | None):
        return f"{steps:,}"
    said = f"{steps:,} of {batch:,} pictures"
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
