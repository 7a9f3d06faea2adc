"""Pixels as a PNG, for a file or inside a page."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def png(pixels: np.ndarray) -> bytes:
    """(H, W, 3) uint8 as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def png_uri(pixels: np.ndarray) -> str:
    """The same as the source of an HTML image."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()
