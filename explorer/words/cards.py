"""What the Models page says about a model, from its card and its run."""

import html
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from explorer.words import evaluation_findings, run_sentences
from explorer.words.findings import percent
from explorer.words.model_facts import TABLE_STYLE
from explorer.words.numerals import is_share
from vitcore.config import PATCH_SIZES
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
        f"{TABLE_STYLE}<table class='model-card numbers'><thead><tr><th scope=col>patch size</th>"
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
