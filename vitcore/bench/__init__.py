"""How fast training and tracing are, beside what this machine can do and what others offer."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from vitcore.bench.contenders import SIDES, Side
from vitcore.config import PATCH_SIZES, PRESETS, ViTConfig
from vitcore.initialisation import weight_shapes

BATCH = 128  # images in one training step
PRODUCT_SIDE = 2048  # of the matrices whose product is taken as this machine's best
_PACKAGES = ("keras", "tensorflow", "jax", "torch", "transformers", "numpy")

# What is measured: side, its name there, calls in one turn, and what the row says.
# A turn is long enough that what was prepared before it, batches drawn ahead, hardly counts.
MEASURED = (
    ("ours", "product float32", 8, f"product of {PRODUCT_SIDE} x {PRODUCT_SIDE}, float32"),
    ("ours", "product bfloat16", 8, f"product of {PRODUCT_SIDE} x {PRODUCT_SIDE}, bfloat16"),
    ("published", "article", 6, "step, article: as published, Keras fit, its augmentation"),
    ("ours", "article", 6, "step, article: ours, its augmentation"),
    ("ours", "article bfloat16", 6, "step, article: ours in bfloat16, its augmentation"),
    ("jax", "article", 3, "step, article: ours on JAX, its augmentation"),
    ("torch", "article", 6, "step, article: PyTorch, scaled_dot_product_attention, unaugmented"),
    ("ours", "flexi", 3, "step, flexi at patch size 4: ours"),
    ("ours", "flexi bfloat16", 3, "step, flexi at patch size 4: ours in bfloat16"),
    ("torch", "trace 32", 12, "32/4/192x6x3: transformers, its attentions alone"),
    ("ours", "trace 32", 12, "32/4/192x6x3: trace, everything kept"),
    ("ours", "trace 32 frozen", 12, "32/4/192x6x3: trace of a frozen model, everything kept"),
    ("torch", "trace 224", 2, "ViT-B/16, 197 tokens: transformers, its attentions alone"),
    ("ours", "trace 224", 2, "ViT-B/16, 197 tokens: trace, everything kept"),
    *(("ours", f"slider {size}", 6, f"trace, flexi, patch size {size}") for size in PATCH_SIZES),
)  # fmt: skip


def measure(
    rounds: int = 5,
    notice: Callable[[str, float], None] = lambda *_: None,
    start: Callable[[str], Any] = Side,
) -> dict:
    """Measure everything turn by turn, so that all meet the same machine.

    Each side works in a process of its own, as a person would start it, and only in its turn.
    A side whose packages are not installed is left out.

    Args:
        rounds: turns of each; the table shows their median and range.
        notice: called with what is being measured and the share done, 0 to 1.
        start: makes a side by its name.

    Returns:
        "machine", in words, and "rows": what, median, least, most (milliseconds) and ratios, a
        list of median, least (of medians, and of the least) and of_what.
    """
    machine = conditions()
    with ExitStack() as stack:
        sides = {
            name: stack.enter_context(start(name))
            for name, side in SIDES.items()
            if side.missing() is None
        }
        measured = [row for row in MEASURED if row[0] in sides]
        taken: list[list[float]] = [[] for _ in measured]
        for turn in range(rounds + 1):  # the first compiles and is not counted
            for place, (side, name, count, _) in enumerate(measured):
                notice(name, (turn + place / len(measured)) / (rounds + 1))
                times = sides[side].times(name, count if turn else 1)
                if turn:
                    taken[place].append(statistics.fmean(times))
    rows: dict[tuple[str, str], dict[str, Any]] = {
        (side, name): {
            "what": what,
            "median": statistics.median(times),
            "least": min(times),
            "most": max(times),
            "ratios": [],
        }
        for (side, name, _, what), times in zip(measured, taken, strict=True)
    }
    for pair, base, amount, power, of_what in _ratios():
        if pair in rows and base in rows:
            ends = {
                end: amount * (rows[base][end] / rows[pair][end]) ** power
                for end in ("median", "least")
            }
            rows[pair]["ratios"].append(ends | {"of_what": of_what})
    notice("measured", 1.0)
    return {"machine": machine, "rows": list(rows.values())}


def _ratios() -> Iterator[tuple[tuple[str, str], tuple[str, str], float, int, str]]:
    """Two rows, factor and power of (time of the second / time of the first), and words for it."""
    ours = [("ours", "article"), ("ours", "article bfloat16"), ("jax", "article")]
    for row in ours:
        yield row, ("published", "article"), 1.0, 1, "x as fast as published"
    for row in ours[:2]:
        yield row, ("torch", "article"), 1.0, 1, "x as fast as PyTorch"
    for name in ("article", "flexi"):
        products = training_operations(PRESETS[name], BATCH) / (2 * PRODUCT_SIDE**3)
        for suffix in ("", " bfloat16"):
            row = ("ours", name + suffix)
            yield row, ("ours", "product float32"), products, 1, "of the float32 rate"
        yield row, ("ours", "product bfloat16"), products, 1, "of the bfloat16 rate"
    for name in ("32", "32 frozen", "224"):
        theirs = ("torch", f"trace {name.split()[0]}")
        yield ("ours", f"trace {name}"), theirs, 1.0, -1, "of the time of transformers"


def conditions() -> str:
    """Machine, load and versions in one line."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), load average {load} at the start, "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def training_operations(config: ViTConfig, images: int) -> float:
    """Multiplications and additions of one step's matrix products: 2 forwards, 4 backwards.

    Counted as the formulas have them; fewer are done where weights are merged first.
    """
    count, inner = config.tokens(), config.num_heads * config.d
    matrices = sum(
        float(np.prod(shape))
        for name, shape in weight_shapes(config).items()
        if name.endswith("kernel") and name != "head/kernel"
    )
    return images * count * (6 * matrices + 12 * count * inner * config.depth)


def table(result: dict[str, Any]) -> str:
    """The result as text, one line per row."""
    lines = [
        result["machine"],
        "Median and range, ms per step of 128 images or per traced image; ratios of medians "
        "(of minima).",
    ]
    for row in result["rows"]:
        ends = f"{row['least']:.1f} - {row['most']:.1f}"
        lines.append(f"{row['what']:<66} {row['median']:>8.1f} {ends:>17}")
        lines += [
            f"{'':<8}{ratio['median']:.2f} ({ratio['least']:.2f}) {ratio['of_what']}"
            for ratio in row["ratios"]
        ]
    return "\n".join(lines)
