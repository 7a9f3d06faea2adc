"""In what the configurations of runs differ, as a table."""

import html
from collections.abc import Sequence
from typing import Any

from explorer.text.findings import percent
from explorer.text.formatting import short
from explorer.text.language import tr
from explorer.text.names import DATASET_NAMES
from explorer.training_ui.hyperparameters import SWITCHES, label, word
from vitcore.config import TrainConfig
from vitcore.training.runs import Run

_STYLE = """<style>
.run-table { font-variant-numeric: tabular-nums; border-collapse: collapse; display: block;
  overflow-x: auto; }
.run-table th, .run-table td { text-align: left; font-weight: 400; border: 0;
  padding: .3rem 1.2rem .3rem 0; white-space: nowrap;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.run-table th { color: color-mix(in srgb, currentColor 72%, transparent); }
.run-table thead th { font-weight: 600; color: inherit; }
</style>"""


def differences(configs: Sequence[TrainConfig]) -> dict[str, list[Any]]:
    """The fields in which configurations differ, each with all values, in the order of fields."""
    described = [config.to_dict() for config in configs]
    all_values = {name: [one[name] for one in described] for name in described[0]}
    return {
        name: values
        for name, values in all_values.items()
        if any(value != values[0] for value in values)
    }


def table(runs: Sequence[Run]) -> str:
    """What was chosen differently in these runs, and what they reached, as HTML."""
    runs = [run for run in runs if run.config is not None]
    if len(runs) < 2:
        return ""
    presets = [run.config.preset for run in runs]
    rows = {
        label(name): [_word(name, *each) for each in zip(values, presets, strict=True)]
        for name, values in differences([run.config for run in runs]).items()
    }
    if not rows:
        rows = {tr("Configuration"): [tr("identical")] * len(runs)}
    rows |= {
        # What still grows is told above, where it is drawn again and again.
        tr("Step"): [tr("running") if run.state == "running" else f"{run.step:,}" for run in runs],
        tr("Validation accuracy"): [_accuracy(run) for run in runs],
    }
    head = "".join(f"<th scope='col'>{html.escape(run.name)}</th>" for run in runs)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(label)}</th>"
        + "".join(f"<td>{html.escape(value)}</td>" for value in values)
        + "</tr>"
        for label, values in rows.items()
    )
    return (
        f"{_STYLE}<table class='run-table'><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _word(name: str, value: Any, preset: str) -> str:
    known = SWITCHES.get(name)
    if name == "patch_sizes":
        value = "flexible" if value else "fixed"
    if known and known.options:
        return word(known, value, preset)
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "–"
    return short(value) if isinstance(value, float) else DATASET_NAMES.get(value, str(value)) or "–"


def _accuracy(run: Run) -> str:
    if run.state == "running":
        return tr("running")
    accuracy = (run.validation or {}).get("accuracy")
    return percent(accuracy) if isinstance(accuracy, int | float) else "–"
