"""The command line: `python -m vitcore`; progress on stderr, with --json the result on stdout."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitcore import cache
from vitcore.cli import lens, train
from vitcore.config import CLASS_NAMES
from vitcore.messages import os_error_reason
from vitcore.training.control import Control, watch_parent

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings are not progress


def main(
    arguments: list[str] | None = None,
    *,
    hold: Callable[[Control], None] = watch_parent,
    trainers: Any = None,
) -> int:
    """Run one command.

    Args:
        arguments: as in a shell; by default those of this process.
        hold: called with the control of a run before anything slow, to tie it to who started it.
        trainers: a `vitcore.training.step.Trainers`, of a process that trains several runs.

    Returns:
        The exit status, 2 for what the caller got wrong.
    """
    given = argparse.Namespace(hold=hold, trainers=trainers)
    options = _parser().parse_args(arguments, given)
    try:
        from vitcore import backend

        backend.check_environment()
        result = options.run(options)
    except KeyboardInterrupt:
        _end_progress()
        print("stopped", file=sys.stderr)
        return 130
    except (OSError, ValueError, ArithmeticError) as error:
        said = _of_the_system(error) if isinstance(error, OSError) else error
        _end_progress()
        print(f"error: {said}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result))
    else:
        print(options.show(result))
    return 0


def _of_the_system(error: OSError) -> str:
    if error.errno is None or not error.strerror:  # a sentence of our own
        return str(error)
    return (
        f"{error.filename} cannot be used: {os_error_reason(error)}"
        if error.filename
        else os_error_reason(error)
    )


def _folder(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"user not found: {text}") from None


def _number(text: str) -> int | float:
    """An integer or a float; what it must be is checked where it is used."""
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None


def _lines(result: dict[str, Any]) -> str:
    return "\n".join(f"{name:>12}  {value}" for name, value in result.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vitcore", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
        sub.add_argument("--data-dir", type=_folder, help="folder or archive with CIFAR-10")
        sub.set_defaults(run=run, show=_lines)
        return sub

    command("download", _download, "Download CIFAR-10 into the cache.")

    sub = command("train", train.train, "Train a model and write it to a run folder.")
    train.add_options(sub, _folder)

    sub = command("evaluate", _evaluate, "Evaluate a model on a test set.")
    sub.set_defaults(show=_report_in_words)
    sub.add_argument("--model", required=True, help="bundled model, run name or folder")
    sub.add_argument("--data", choices=("cifar10", "sketch10"), default="cifar10", help="test set")
    sub.add_argument("--patch-size", type=_number, help="patch size (default: the model's)")
    sub.add_argument(
        "--num-images",
        type=int,
        default=0,
        help="number of images (default: all; 2,000 for sketch10)",
    )

    sub = command("card", _card, "Evaluate a run at every patch size and write its model card.")
    sub.set_defaults(show=_single)
    sub.add_argument("--model", type=_folder, required=True, help="run folder")
    sub.add_argument("--name", required=True, help="name of the model")
    sub.add_argument("--note", default="", help="notes for the model card")
    sub.add_argument("--output-dir", type=_folder, help="write the model in float16 to this folder")
    sub.add_argument(
        "--snapshots", type=int, default=0, help="number of snapshots to include with --output-dir"
    )

    sub = command("lens", _lens, "Write the attention of a model on one image as an HTML file.")
    lens.add_options(sub, _folder)

    sub = command("bench", _bench, "Benchmark inference and training.")
    sub.add_argument("--rounds", type=int, default=5, help="repetitions per measurement")
    sub.set_defaults(show=lambda result: result["table"])
    return parser


def _download(options: argparse.Namespace) -> dict[str, Any]:
    from vitcore.datasets import DataError, cifar10, download_cifar10, find_cifar10

    def progress(done: int, whole: int) -> None:
        _progress("downloading", done / whole)

    source = find_cifar10(options.data_dir)
    if source is None:
        download_cifar10(progress)
    try:
        train, _ = cifar10("train", data_dir=options.data_dir)
    except DataError:
        if source is None or source.origin == "named":  # what a person named is theirs to mend
            raise
        download_cifar10(progress)
        train, _ = cifar10("train", data_dir=options.data_dir)
    test, _ = cifar10("test", data_dir=options.data_dir)
    return {"train": len(train), "test": len(test), "folder": str(cache.data_home())}


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np

    from vitcore.datasets.cifar10 import cifar10
    from vitcore.datasets.sketch10 import sketch10
    from vitcore.evaluation import evaluate
    from vitcore.model import load

    if options.num_images < 0:
        raise ValueError(f"num_images must be an integer >= 0, got {options.num_images}")
    model = load(options.model)
    if model.config.classes != len(CLASS_NAMES):
        raise ValueError(
            f"{options.data} has {len(CLASS_NAMES)} classes, "
            f"{options.model} has {model.config.classes}"
        )
    if options.data == "cifar10":
        images, labels = cifar10("test", data_dir=options.data_dir)
    else:
        images, labels, _ = sketch10(options.num_images or 2000)
    if options.num_images:
        images, labels = images[: options.num_images], labels[: options.num_images]
    started = time.perf_counter()
    result = evaluate(
        model,
        images,
        labels,
        patch_size=options.patch_size,
        progress=lambda done: _progress("evaluating", done / len(images)),
    )
    seconds = time.perf_counter() - started
    classes = result.classes
    return {
        "accuracy": round(result.score.accuracy, 5),
        "top5": round(result.score.top5, 5),
        "loss": round(result.score.loss, 5),
        "images": result.score.num_images,
        "seconds": round(seconds, 2),
        "patch_size": model.config.chosen_patch_size(options.patch_size),
        "calibration_error": round(result.reliability.error, 5),
        "macro_f1": round(classes.mean()[2], 5),
        "precision": np.round(classes.precision, 5).tolist(),
        "recall": np.round(classes.recall, 5).tolist(),
        "f1": np.round(classes.f1, 5).tolist(),
        "support": classes.support.tolist(),
        "confusion": result.confusion.tolist(),
        "reliability": result.reliability.to_dict(),
    }


def _report_in_words(result: dict[str, Any]) -> str:
    """The single metrics, then the classification report."""
    columns = ("precision", "recall", "f1", "support")
    rows = [" " * 12 + "".join(f"  {name:>9}" for name in columns)]
    for number, (*shares, support) in enumerate(zip(*map(result.get, columns), strict=True)):
        name = CLASS_NAMES[number]
        rows.append(f"{name:>12}" + "".join(f"  {s:>9.3f}" for s in shares) + f"  {support:>9,}")
    return "\n".join([_single(result), "", *rows])


def _single(result: dict[str, Any]) -> str:
    """The lines of what is one number or text."""
    return _lines({k: v for k, v in result.items() if not isinstance(v, list | dict)})


def _bench(options: argparse.Namespace) -> dict[str, Any]:
    if options.rounds < 1:
        raise ValueError(f"rounds must be an integer >= 1, got {options.rounds}")
    from vitcore import bench

    result = bench.measure(options.rounds, notice=_progress)
    return result if options.json else {"table": bench.table(result)}


def _lens(options: argparse.Namespace) -> dict[str, Any]:
    return lens.lens(options, _progress)


def _card(options: argparse.Namespace) -> dict[str, Any]:
    from vitcore import checkpoints
    from vitcore.training import snapshots
    from vitcore.training.card import make_card
    from vitcore.training.train_state import training_stages

    if options.snapshots and not options.output_dir:
        raise ValueError("--snapshots needs --output-dir")

    own = checkpoints.folder_of(options.model)
    if options.output_dir and Path(options.output_dir).resolve() == own.resolve():
        raise ValueError(
            f"--output-dir must differ from the folder of --model, got {options.output_dir}"
        )

    folder = options.output_dir or options.model
    if options.output_dir:  # measured is what is shipped: half precision is part of the model
        checkpoints.write(folder, *checkpoints.read(options.model), half=True)
        # Of the run in which most has changed.
        snapshots.copy_subset(training_stages(options.model)[0], folder, options.snapshots)
    card = make_card(
        options.model,
        measured=folder,
        name=options.name,
        note=options.note,
        data_dir=options.data_dir,
        notice=_progress,
    )
    checkpoints.write_card(folder, card)
    return card


_unfinished: list[str] = []  # the progress that stands on a line without an end


def _progress(what: str, done: float) -> None:
    print(f"\r{what:<32} {done:4.0%}", end="", file=sys.stderr, flush=True)
    _unfinished[:] = [what]
    if done >= 1:
        _end_progress()


def _end_progress() -> None:
    if _unfinished:
        print(file=sys.stderr)
    _unfinished.clear()
