"""What the Models page says about a model, from its card and its run."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from explorer.text import evaluation_findings, run_status
from explorer.text.evaluation_findings import accuracy_percent
from explorer.text.findings import percent
from explorer.text.formatting import is_share
from explorer.text.language import ENGLISH, N_, current, tr
from explorer.text.model_card_table import TABLE_STYLE
from explorer.text.names import DATASET_NAMES
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
NO_SNAPSHOTS = N_("No snapshots were saved for this model.")
Points = tuple[list[float], list[float]]  # epochs, values


def list_caption(patch_size: int, *, runs: bool) -> str:
    """What the percentages of the list are."""
    said = tr("Bundled: CIFAR-10 test accuracy at P = {size}.", size=patch_size)
    return said + tr(" Runs: validation accuracy.") if runs else said


def finding(name: str, card: Mapping[str, Any], run: Run | None, patch_size: int) -> str:
    """The finding of the Models page: how good the shown model is."""
    for data, title in DATASET_NAMES.items():
        accuracy = _accuracy(card, data, patch_size)
        if accuracy:
            return tr(
                "{model}: {accuracy} {dataset} test accuracy at P = {size}",
                model=name,
                accuracy=accuracy,
                dataset=title,
                size=patch_size,
            )
    state = run.state if run is not None else ""
    validation = (run.validation or {}).get("accuracy") if run is not None else None
    if validation is not None and state != "damaged":
        return tr(
            "{model}: validation accuracy {accuracy} (chance: {chance})",
            model=name,
            accuracy=percent(validation),
            chance=run_status.chance(run),
        )
    if state == "failed" or (state == "damaged" and not run.usable):
        return tr("{model}: {state}", model=name, state=run_status.state_name(state))
    return tr("{model}: not evaluated", model=name)


def row(run: Run, *, zone: tzinfo | None = None) -> str:
    """One line about a run, for the list.

    Args:
        run: the run.
        zone: of the time at which it began; the machine's where None.
    """
    if run.config is None:
        return tr("No training record") if run.usable else run_status.state_name("damaged")
    data = DATASET_NAMES.get(run.config.data, run.config.data)
    parts = [run_status.state_name(run.state), data, run.config.preset]
    accuracy = (run.validation or {}).get("accuracy")
    if run.state != "damaged" and isinstance(accuracy, int | float):
        parts.insert(0, percent(accuracy))
    began = datetime.fromtimestamp(run.created, zone)
    year = "" if began.year == datetime.now(zone).year else f" {began.year}"
    in_english = f"{began.day} {began:%b}{year}, {began:%H:%M}"
    day = in_english if current() == ENGLISH else f"{began:%Y-%m-%d %H:%M}"
    return " · ".join([*parts, day])


def summary(card: Mapping[str, Any], patch_size: int) -> str:
    """One line about a bundled model, for the list."""
    accuracy = _accuracy(card, "cifar10", patch_size)
    return f"{accuracy} · {tr('bundled')}" if accuracy else tr("bundled")


def trouble(run: Run) -> tuple[str, str]:
    """Why a run failed, was interrupted or is corrupted, and what can be done here."""
    if run.state == "damaged" and run.usable:
        return tr(run.problem), tr("The model can be used all the same.")
    if run.state == "damaged":
        return tr(run.problem), tr("Corrupted. Repair the file or delete the run.")
    what, _ = run_status.trouble(run)
    kept = run_status.kept(run)
    return what, tr("Restart it on the Train page.") + kept


def learned_from(card: Mapping[str, Any], run: Run | None) -> str:
    """What a model was trained on, or "" where nothing says it."""
    train = card.get("train") if isinstance(card, Mapping) else None
    if not isinstance(train, Mapping):
        train = run.config.to_dict() if run is not None and run.config is not None else {}
    if train.get("data") == "sketch10":
        return tr("Trained on sketch10")
    if train.get("data") != "cifar10":
        return ""
    if train.get("sketch_fraction"):
        return tr("Trained on CIFAR-10 and sketch10")
    return tr("Trained on CIFAR-10")


def shares_table(card: Mapping[str, Any], patch_size: int, *, of: str = "accuracy") -> str:
    """A metric in percent by dataset and patch size as an HTML table, or "" where there is none.

    Args:
        card: of the model.
        patch_size: the current one, which is marked.
        of: "accuracy" or "calibration_error".
    """
    measured = card.get(of)
    if not isinstance(measured, Mapping) or not measured:
        return ""
    sizes = [size for size in PATCH_SIZES if any(_has(row, size) for row in measured.values())]

    def cells(data: str, row: Any) -> str:
        count = _images(card, data) if of == "accuracy" else 0
        return "".join(
            f"<td{_now(size, patch_size)}>"
            f"{html.escape(accuracy_percent(float(row[str(size)]), count).rstrip('%'))}</td>"
            if _has(row, size)
            else "<td></td>"
            for size in sizes
        )

    head = "".join(f"<th scope=col{_now(size, patch_size)}>{size}</th>" for size in sizes)
    body = "".join(
        f"<tr><th scope=row>{html.escape(DATASET_NAMES.get(data, data))}</th>"
        f"{cells(data, row)}</tr>"
        for data, row in sorted(measured.items())  # CIFAR-10 before sketch10
    )
    return (
        f"{TABLE_STYLE}<table class='model-card numbers'><thead><tr>"
        f"<th scope=col>{tr('patch size')}</th>"
        f"{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def curve_finding(quantity: str, training: Points, validation: Points) -> str:
    """Where the curves of a quantity end: in training and in validation."""
    form = "{:.0%}" if quantity == "accuracy" else "{:.2f}"
    ends = [
        tr(message, value=form.format(values[-1]))
        for message, (_, values) in (
            (N_("train {value}"), training),
            (N_("val {value}"), validation),
        )
        if values
    ]
    return " · ".join(ends)


def calibration_finding(data: str, patch_size: int, bins: Reliability) -> str:
    """Whether the model of a card is over- or under-confident, and on which images."""
    return tr(
        "{finding} ({dataset}, P = {size})",
        finding=evaluation_findings.calibration_finding(bins),
        dataset=DATASET_NAMES[data],
        size=patch_size,
    )


def confusion_finding(data: str, patch_size: int, matrix: np.ndarray, names: Sequence[str]) -> str:
    """The most frequent error on a card, and on which images."""
    return tr(
        "{finding}; {count} {dataset} test images, P = {size}",
        finding=evaluation_findings.confusion_finding(matrix, names),
        count=f"{int(matrix.sum()):,}",
        dataset=DATASET_NAMES[data],
        size=patch_size,
    )


def _now(size: int, patch_size: int) -> str:
    return " class=now" if size == patch_size else ""


def _has(row: Any, size: int) -> bool:
    return isinstance(row, Mapping) and is_share(row.get(str(size)))


def _images(card: Mapping[str, Any], data: str) -> int:
    """On how many images a card's metrics were measured, 0 where it does not say."""
    counts = card.get("measured_on")
    count = counts.get(data) if isinstance(counts, Mapping) else None
    return count if isinstance(count, int) else 0


def _accuracy(card: Mapping[str, Any], data: str, patch_size: int) -> str:
    """The test accuracy on a card, or ""."""
    measured = card.get("accuracy")
    row = measured.get(data) if isinstance(measured, Mapping) else None
    if not _has(row, patch_size):
        return ""
    return accuracy_percent(float(row[str(patch_size)]), _images(card, data))
