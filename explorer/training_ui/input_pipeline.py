"""From the dataset to a training step: each part of the input pipeline, and what it costs here."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from explorer import components
from explorer.components.png import png_uri
from explorer.data import images
from explorer.selection import selected
from explorer.text.language import N_, tr
from explorer.text.names import DATASET_NAMES
from explorer.training_ui.hyperparameters import SWITCHES
from vitcore.config import TrainConfig
from vitcore.patches import model_input
from vitcore.training.augmentation import augment

SAMPLES = 8
_MOST = 512  # images of a batch that is timed
_REPEATS = 3
_STYLE = """<style>
ol.pipeline-parts { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; list-style: none;
  margin: 0 0 .8rem; padding: 0; font-size: .87rem; }
ol.pipeline-parts li { margin: 0; padding: 0; } .pipeline-parts b { font-weight: 600; }
.pipeline-parts li:not(:last-child)::after { content: "→"; margin-left: 1.2rem; opacity: .6; }
.augmented { display: grid; grid-template-columns: repeat(9, minmax(0, 72px)); gap: 8px; }
.augmented figure { margin: 0; } .augmented figcaption { font-size: .8rem; opacity: .75;
  white-space: nowrap; }
.augmented img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; }
@media (max-width: 640px) { ol.pipeline-parts { flex-direction: column; }
  .pipeline-parts li:not(:last-child)::after { content: none; }
  .augmented { grid-template-columns: repeat(5, minmax(0, 72px)); }
}
</style>"""


def draw(config: TrainConfig, name: str, *, step_seconds: float | None = None) -> None:
    """Draw the parts with their measured times, and augmented versions of the selected image.

    Args:
        config: of the run.
        name: of the run, or of one that is not begun.
        step_seconds: of its training steps, where some were timed.
    """
    patch_size = config.patch_sizes[0] if config.patch_sizes else config.model_config().patch_size
    count = min(config.batch_size, _MOST)
    seconds = batch_seconds(config.augmentation, patch_size, count)
    total = sum(seconds.values())
    step = None if step_seconds is None else step_seconds * count / config.batch_size
    components.figure_heading(tr("Input pipeline"), _finding(name, count, total, step))
    pixels = selected().image.pixels
    samples = augmented(pixels, config.augmentation, seed=config.seed)
    st.html(f"{_STYLE}{_parts(config, seconds, patch_size)}{_strip(pixels, samples)}")
    components.how_to_read(
        "input_pipeline",
        code=components.source_of("vitcore/training/data.py", "TrainingData.batch", "split")
        + components.source_of("vitcore/training/augmentation.py", "augment", "crop_and_flip"),
        example="data",
    )


def _finding(name: str, count: int, ready: float, step: float | None) -> str:
    """How many seconds a batch takes, and its training step where some were timed."""
    known = {"run": name, "count": count, "ready": f"{1000 * ready:.0f}"}
    if step is None:
        return tr("{run}: {count} images are ready in {ready} ms", **known)
    message = (
        N_(
            "{run}: {count} images are ready in {ready} ms; their step takes {step} ms: "
            "prefetching hides the pipeline"
        )
        if ready < step
        else N_("{run}: {count} images are ready in {ready} ms; their step takes {step} ms")
    )
    return tr(message, **known, step=f"{1000 * step:.0f}")


def augmented(pixels: np.ndarray, kind: str, *, seed: int) -> np.ndarray:
    """Versions of one image as a training might see them: (SAMPLES, H, W, 3) uint8.

    Args:
        pixels: (H, W, 3) uint8.
        kind: as `TrainConfig.augmentation`.
        seed: of the run.
    """
    return augment(np.stack([pixels] * SAMPLES), np.random.default_rng(seed), kind)


@st.cache_data(max_entries=16, show_spinner=False)
def batch_seconds(kind: str, patch_size: int, count: int) -> dict[str, float]:
    """What each part takes here for so many images: seconds, the least of three tries."""
    pixels = images.at_positions("sketch10", list(range(10)))
    train = np.tile(pixels, (100, 1, 1, 1))  # (1000, 32, 32, 3)
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(train))[:count]
    batch = train[rows]
    changed = augment(batch, rng, kind)
    parts = {
        "batch": lambda: train[rows],
        "augment": lambda: augment(batch, rng, kind),
        "resize": lambda: model_input(changed, patch_size),
    }
    return {name: min(_timed(part) for _ in range(_REPEATS)) for name, part in parts.items()}


def _timed(part: Callable[[], object]) -> float:
    begun = time.perf_counter()
    part()
    return time.perf_counter() - begun


def _parts(config: TrainConfig, seconds: dict[str, float], patch_size: int) -> str:
    held = round(100 * config.validation_split)
    side = model_input(np.zeros((32, 32, 3), np.uint8), patch_size).shape[0]
    parts = [
        (tr("Load"), DATASET_NAMES[config.data]),
        (
            tr("Split"),
            tr(
                "{training}% training, {validation}% validation, by class",
                training=100 - held,
                validation=held,
            ),
        ),
        (tr("Shuffle"), tr("each epoch")),
        (tr("Batch"), f"{config.batch_size} · {_ms(seconds['batch'])}"),
        (
            tr("Augment"),
            f"{tr(SWITCHES['augmentation'].options[config.augmentation])} · "
            f"{_ms(seconds['augment'])}",
        ),
        (tr("Resize"), f"{side} × {side} · {_ms(seconds['resize'])}"),
        (tr("Prefetch"), tr("the next batches during a step")),
    ]
    said = "".join(f"<li><b>{escape(name)}</b> {escape(words)}</li>" for name, words in parts)
    return f'<ol class="pipeline-parts">{said}</ol>'


def _ms(seconds: float) -> str:
    return "<1 ms" if seconds < 0.001 else f"{1000 * seconds:.0f} ms"


def _strip(original: np.ndarray, samples: np.ndarray) -> str:
    shown = [(tr("Original"), tr("Original"), original)]
    shown += [
        (tr("Augmented {number}", number=n), f"{n}", one) for n, one in enumerate(samples, start=1)
    ]
    said = "".join(
        f'<figure><img alt="{alt}" src="{png_uri(one)}"><figcaption>{name}</figcaption></figure>'
        for alt, name, one in shown
    )
    return f'<div class="augmented">{said}</div>'
