"""Image files: what a person uploads."""

from __future__ import annotations

import io
import random
from pathlib import Path

from tests.bench.mutations.changing import expect, mutated, once, with_right_checks


def images(rng: random.Random, _: Path) -> None:
    from vitcore.datasets.image_files import ImageError, decode_file

    originals = once("images", _images)
    data = mutated(rng, rng.choice(originals), originals)
    if rng.random() < 0.7:
        data = with_right_checks(data)
    try:
        decoded = decode_file(data)
    except ImageError:
        return
    expect(decoded.pixels.shape == (32, 32, 3) and max(decoded.thumbnail.shape) <= 320)


def _images() -> list[bytes]:
    import numpy as np
    from PIL import Image

    rng, files = np.random.default_rng(0), []
    for side in (5, 60, 400):
        large = Image.fromarray(rng.integers(0, 256, (7, 9, 4), np.uint8)).resize((side + 3, side))
        rgb, frames = large.convert("RGB"), [large.rotate(90), large.rotate(180)]
        exif = Image.Exif()
        exif[0x0112] = 6
        for image, kind, options in (
            *((rgb, kind, {}) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "AVIF")),
            *((large, kind, {}) for kind in ("PNG", "WEBP")),
            *((rgb, kind, {"exif": exif}) for kind in ("PNG", "JPEG", "WEBP")),
            (rgb, "JPEG", {"progressive": True}),
            (rgb.convert("CMYK"), "JPEG", {}),
            (rgb, "WEBP", {"lossless": True}),
            (rgb.quantize(4), "PNG", {"bits": 2, "transparency": 1}),
            (rgb.convert("L"), "BMP", {}),
            (rgb.convert("1"), "BMP", {}),
            *((large, kind, {"save_all": True, "append_images": frames})
              for kind in ("PNG", "GIF", "WEBP")),
        ):  # fmt: skip
            file = io.BytesIO()
            image.save(file, kind, **options)
            files.append(file.getvalue())
    return files
