"""Images of four coloured quarters as files of every kind, and how to compare them."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

# Four quarters that tell every rotation and reflection apart.
RED, GREEN, BLUE, GREY = (250, 10, 10), (10, 250, 10), (10, 10, 250), (128, 128, 128)


def quarters(height=64, width=64):
    """Red, green / blue, grey."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = RED
    image[: height // 2, width // 2 :] = GREEN
    image[height // 2 :, : width // 2] = BLUE
    image[height // 2 :, width // 2 :] = GREY
    return image


def encoded(image, kind="PNG", mode=None, **options):
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, kind, **options)
    return file.getvalue()


def corners(image):
    """The middle of each quarter of a decoded image."""
    return image[[8, 8, 24, 24], [8, 24, 8, 24]]


def close(actual, expected, tolerance=12):
    np.testing.assert_allclose(np.asarray(actual, int), np.asarray(expected, int), atol=tolerance)


def png(width, height, depth, colour, rows, *chunks):
    """A PNG put together by hand: `rows` are the bytes of the pixels, row by row."""

    def chunk(name, content):
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), *(chunk(*c) for c in chunks), chunk(b"IDAT", data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")
