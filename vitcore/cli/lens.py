"""The command `lens`: a model's attention on one image, as an HTML file."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitcore.config import CLASS_NAMES
from vitcore.datasets.image_files import LARGEST_FILE, decode_image
from vitcore.lens import page, show

_OF_A_DATASET = re.compile(r"(sketch10|cifar10):(\d+)")


def add_options(parser: argparse.ArgumentParser, folder: Callable[[str], Path]) -> None:
    """Give a parser the options of `lens`; `folder` reads those that name one."""
    parser.add_argument("model", help="a bundled name, a run or a folder")
    parser.add_argument("image", help="a file, sketch10:INDEX, or cifar10:INDEX of the test set")
    parser.add_argument("--patch-size", type=int, help="default: the model's own")
    parser.add_argument("--out", type=folder, default=Path("lens.html"), help="default: lens.html")


def lens(options: argparse.Namespace, notice: Callable[[str, float], None]) -> dict[str, Any]:
    """Trace the image and write the view.

    Args:
        options: of `add_options`, and `data_dir`.
        notice: told what is being done, and how much of it is done.

    Returns:
        The file, and what the model predicts.
    """
    page.writable(options.out)  # said before anything slow
    image = _image(options.image, options.data_dir)
    notice("loading", 0.0)
    from vitcore.model import load
    from vitcore.tracing import trace

    model = load(options.model)
    notice("tracing", 0.3)
    traced = trace(model, image, patch_size=options.patch_size)
    notice("writing", 0.8)
    named = len(traced.probabilities) == len(CLASS_NAMES)
    view = show(
        traced,
        class_names=CLASS_NAMES if named else None,
        title=f"{Path(options.image).name}, {Path(options.model).name}, P = {traced.patch_size}",
    )
    path = view.save(options.out)
    notice("writing", 1.0)
    top = int(traced.probabilities.argmax())
    return {
        "file": str(path),
        "patch_size": traced.patch_size,
        "prediction": CLASS_NAMES[top] if named else f"class {top}",
        "confidence": round(float(traced.probabilities[top]), 5),
        "finding": view.finding,
    }


def _image(given: str, data_dir: Path | None) -> np.ndarray:
    """(32, 32, 3) uint8 of a file or a dataset."""
    named = _OF_A_DATASET.fullmatch(given)
    if named is None:
        path = Path(os.path.expanduser(given))
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{path} has more than {LARGEST_FILE // 10**6} MB.")
        return decode_image(path.read_bytes())
    dataset, index = named[1], int(named[2])
    if dataset == "sketch10":
        from vitcore.datasets.sketch10 import sketch10

        return sketch10(1, start=index)[0][0]
    from vitcore.datasets.cifar10 import cifar10

    images, _ = cifar10("test", data_dir=data_dir)
    if index >= len(images):
        raise ValueError(f"cifar10 has test images 0 to {len(images) - 1}, got {index}.")
    return images[index]
