"""Folders of models and of training runs."""

from __future__ import annotations

import json
import random
import struct
import tempfile
from pathlib import Path

from tests.bench.mutations.changing import expect, mutated, mutated_json, once


def checkpoints(rng: random.Random, folder: Path) -> None:
    from explorer.client import card_metrics
    from explorer.text import model_card, model_card_table
    from vitcore import checkpoints
    from vitcore.training import model_files

    originals = once("checkpoints", _checkpoint)
    name = rng.choice(sorted(originals))
    for file, data in originals.items():
        (folder / file).write_bytes(_changed(rng, data, originals) if file == name else data)
    expect(isinstance(model_files.problem(folder), str))
    config, weights, card = None, {}, {}
    try:
        card = checkpoints.card(folder) or {}
        config, weights = checkpoints.read(folder)
    except checkpoints.CheckpointError:
        pass
    said = [model_card.summary(card, 4), model_card.finding("model", card, None, 4)]
    said += [model_card.learned_from(card, None), model_card.shares_table(card, 4)]
    said += [model_card.shares_table(card, 4, of="calibration_error")]
    if found := card_metrics.reliability(card):
        said += [model_card.calibration_finding(*found)]
    if found := card_metrics.confusion(card):
        said += [model_card.confusion_finding(*found, card_metrics.CLASS_NAMES)]
    for quantity in ("loss", "accuracy", "top5"):
        said += [model_card.curve_finding(quantity, *card_metrics.curves(card, quantity))]
    if config is not None:
        said += [model_card_table.facts(card, None, config, weights, sizes=(4,))]
    expect(all(isinstance(one, str) for one in said))


def _checkpoint() -> dict[str, bytes]:
    from tests.vitcore.small_models import random_weights, small_config
    from vitcore import checkpoints

    with tempfile.TemporaryDirectory() as name:
        folder, config = Path(name), small_config()
        checkpoints.write(folder, config, random_weights(config))
        card = json.loads((checkpoints.BUNDLED / "flexi-cifar10" / "card.json").read_text())
        checkpoints.write_card(folder, card)
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def runs(rng: random.Random, folder: Path) -> None:
    from explorer.runs.progress import Follower
    from explorer.text import model_card, run_status
    from explorer.training_ui import comparison
    from vitcore.training.runs import list_runs

    originals = once("runs", _run)
    name = rng.choice(("events.jsonl", "events.jsonl", "run.json"))
    for run, changed in (("one", True), ("other", False)):
        (folder / run).mkdir()
        for file, data in originals.items():
            if changed and file == name:
                data = _changed(rng, data, originals)
            (folder / run / file).write_bytes(data)
    found, said = list_runs(folder), []
    expect(len(found) == 2)
    for run in found:
        follower = Follower(run.folder)
        follower.catch_up()
        word = rng.choice(("", "pause", "stop", "step 1", "epoch 99", "run 3", "run x", "\0"))
        progress = follower.progress(run, word=word, leaving=rng.random() < 0.2)
        said += [run_status.status(progress), run_status.loss_finding(progress)]
        said += [run_status.accuracy_finding(progress), run_status.rate_finding(progress)]
        said += [*run_status.starting(progress), *run_status.trouble(run, resumes=True)]
        said += [run_status.resumption(run, run.saved), run_status.state_word(run)]
        said += [model_card.row(run), *model_card.trouble(run), model_card.learned_from({}, run)]
        said += [model_card.finding(run.name, {}, run, 4)]
    said += [comparison.table(found)]
    expect(all(isinstance(one, str) for one in said))


def _run() -> dict[str, bytes]:
    from vitcore.config import TrainConfig
    from vitcore.training.events import EventLog
    from vitcore.training.runs import write_description

    files = _checkpoint()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_description(folder, TrainConfig(preset="tiny"), pid=2**22 + 1)
        log = EventLog(folder)
        log("start", steps=200, steps_per_epoch=70, parameters=10)
        for step in range(10, 200, 10):
            at = {"step": step, "epoch": step / 70}
            points = [[step - 5, 2.1, 0.2, 1e-3], [step, 2.0, 0.3, 1e-3]]
            log("step", **at, loss=2.0, accuracy=0.3, images_per_second=99.0, points=points)
            if step % 50 == 0:
                log("validation", **at, loss=2.0 + step / 99, accuracy=0.4, top5=0.8)
                log("checkpoint", step=step)
                log("paused", step=step, reason="The disk is full.")
                log("resumed", step=step)
        log("end", state="stopped", step=190, reason="", cause="", usable_rate=0.001)
        log.close()
        return files | {path.name: path.read_bytes() for path in folder.iterdir()}


def _changed(rng: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    """A file of a model or run: its JSON mutated where it is some, or its bytes."""
    if rng.random() < 0.5:
        return mutated(rng, data, list(others.values()))
    if data[8:9] == b"{":  # safetensors: its header
        (length,) = struct.unpack("<Q", data[:8])
        header = mutated_json(rng, json.loads(data[8 : 8 + length]))
        words = json.dumps(header).encode()
        return struct.pack("<Q", len(words)) + words + data[8 + length :]
    try:
        return json.dumps(mutated_json(rng, json.loads(data))).encode()
    except ValueError:
        lines = [json.loads(line) for line in data.splitlines()]
    changed = mutated_json(rng, lines, most=6)
    lines = changed if isinstance(changed, list) else [changed]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
