"""What cannot be shown is refused in one plain sentence, whatever is wrong with it."""

import contextlib
import random
import re

import numpy as np
import pytest
from PIL import Image

from tests.vitcore.datasets.made_image_files import (
    BLUE,
    GREEN,
    GREY,
    RED,
    close,
    corners,
    encoded,
    png,
    quarters,
)
from vitcore.datasets import image_files
from vitcore.datasets.image_files import ImageError, decode_image

GOOD = encoded(quarters())
REFUSED = {
    "nothing": (b"", "The file is empty."),
    "text": (b"hello, this is no image", "Not a readable image"),
    "web page": (b"<html><body>404</body></html>", "Not a readable image"),
    "noise": (bytes(range(256)) * 20, "Not a readable image"),
    "only a signature": (GOOD[:8], "Not a readable image|corrupted"),
    "too many bytes": (b"\0" * 25_000_001, r": 25.1 MB \(limit: 25\)"),
    "tiff": (encoded(quarters(), "TIFF"), "TIFF is not supported. .*PNG, JPEG"),
    "pdf": (encoded(quarters(), "PDF"), "PDF is"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is"),
    "icon": (encoded(quarters(), "ICO"), "Not a readable image"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC is not supported. .*PNG, JPEG"),
    "avif of another kind": (b"\0\0\0\x18ftypavif\0\0\0\0mif1", "Not a readable|corrupted"),
    "no pixels": (png(0, 5, 8, 2, []), "Not a readable image|corrupted"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_image_is_refused_in_one_sentence(kind, monkeypatch):
    monkeypatch.setattr(image_files.importlib.util, "find_spec", lambda name: None)
    data, message = REFUSED[kind]
    with pytest.raises(ImageError, match=message) as error:
        decode_image(data)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 120


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF"])
@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
def test_a_truncated_image_is_refused(kind, share, rng):
    image = rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)
    data = encoded(image, kind)
    with pytest.raises(ImageError, match="corrupted|Not a readable"):
        decode_image(data[: int(share * len(data))])


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [
        (8001, 8000, "64.1"),
        (65000, 1000, "65"),
        (9999, 9999, "100"),
        (20000, 20000, "400"),
        (100_000, 100_000, "10,000"),
    ],
)
def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch, width, height, shown):
    def decoded(*arguments):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", decoded)
    data = png(width, height, 8, 2, [])
    with pytest.raises(ImageError, match=rf": {re.escape(shown)} megapixels \(limit: 64\)"):
        decode_image(data)


def test_of_a_size_that_no_image_has_only_the_limit_is_said():
    data = png(2**31 - 1, 2**31 - 1, 8, 2, [])
    with pytest.raises(ImageError, match=r"too large \(limit: 64 megapixels\)"):
        decode_image(data)


def test_a_webp_whose_decoder_would_take_a_gigabyte_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(image_files, "MOST_PIXELS_OF", {"WEBP": 64 * 64})
    decode_image(encoded(quarters(64, 64), "WEBP"))
    decode_image(encoded(quarters(65, 64), "PNG"))
    with pytest.raises(ImageError, match="PNG and JPEG may have more"):
        decode_image(encoded(quarters(65, 64), "WEBP"))


def test_a_bomb_of_unknown_size_is_refused_as_well(monkeypatch):
    def refused(*arguments, **options):
        raise Image.DecompressionBombError("too large")

    monkeypatch.setattr(Image, "open", refused)
    with pytest.raises(ImageError, match="limit: 64 megapixels"):
        decode_image(encoded(quarters()))


def test_the_limit_itself_is_allowed(monkeypatch):
    monkeypatch.setattr(image_files, "MOST_PIXELS", 64 * 64)
    close(corners(decode_image(encoded(quarters(64, 64)))), [RED, GREEN, BLUE, GREY])
    with pytest.raises(ImageError, match="megapixels"):
        decode_image(encoded(quarters(65, 64)))


def test_nothing_but_an_image_error_ever_comes_out():
    """Damage files of each format at random places."""
    dice = random.Random(0)
    originals = [
        encoded(quarters(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF")
    ]
    for original in originals:
        for _ in range(60):
            data = bytearray(original)
            for _ in range(dice.randint(1, 6)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            with contextlib.suppress(ImageError):
                assert decode_image(bytes(data)).shape == (32, 32, 3)
