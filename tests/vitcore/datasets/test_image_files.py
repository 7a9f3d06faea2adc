"""Any image a person may choose is shown rightly."""

import io
import struct
import sys
import threading
import types

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
from vitcore.datasets.image_files import ImageError, decode_file, decode_image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF"])
@pytest.mark.parametrize("side", [32, 64, 600, 1100])
def test_every_format_and_size_is_shown_rightly(kind, side):
    image = decode_image(encoded(quarters(side, side), kind))
    assert (image.shape, image.dtype) == ((32, 32, 3), np.uint8)
    close(corners(image), [RED, GREEN, BLUE, GREY])


def test_an_image_of_the_model_s_size_is_kept_to_the_bit(rng):
    image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(decode_image(encoded(image)), image)


@pytest.mark.parametrize("side", [400, 513, 640, 1025])
@pytest.mark.parametrize("square", [1, 3])
def test_shrinking_averages_and_does_not_skip(side, square):
    board = (np.indices((side, side)) // square).sum(0) % 2 * 255
    image = Image.fromarray(board.astype(np.uint8)).convert("RGB")
    at_once = np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS))
    close(decode_image(encoded(image)), at_once, 2)
    close(at_once, 127.5, 2)


@pytest.mark.parametrize(("height", "width"), [(64, 200), (200, 64), (63, 200), (700, 2001)])
def test_the_middle_is_cut_out(height, width):
    side = min(height, width)
    image = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    image[top : top + side, left : left + side] = quarters(side, side)
    close(corners(decode_image(encoded(image))), [RED, GREEN, BLUE, GREY])


def upright(stored, orientation):
    """By the EXIF table: which side of the stored image is the visual top, and which the left."""
    height, width = stored.shape[:2]
    swapped = orientation >= 5
    shown = np.empty((width, height, 3) if swapped else stored.shape, np.uint8)
    for row in range(height):
        for column in range(width):
            down, right = row, column
            up, left = height - 1 - row, width - 1 - column
            place = {
                1: (down, right), 2: (down, left), 3: (up, left), 4: (up, right),
                5: (right, down), 6: (right, up), 7: (left, up), 8: (left, down),
            }[orientation]  # fmt: skip
            shown[place] = stored[row, column]
    return shown


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(kind, orientation):
    stored = quarters(40, 60)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(encoded(stored, kind, exif=exif))
    close(corners(image), corners(decode_image(encoded(upright(stored, orientation)))), 20)


# Pillow warns of such data, which is right: the line lands in the server's log.
@pytest.mark.filterwarnings("ignore:.*EXIF data:UserWarning")
@pytest.mark.parametrize(
    "exif", [b"garbage", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b""]
)
def test_damaged_exif_is_no_reason_to_refuse(exif):
    close(
        corners(decode_image(encoded(quarters(), "JPEG", exif=b"Exif\0\0" + exif))),
        [RED, GREEN, BLUE, GREY],
        20,
    )


def test_an_orientation_outside_the_table_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 99
    close(corners(decode_image(encoded(quarters(), exif=exif))), [RED, GREEN, BLUE, GREY])


@pytest.mark.parametrize("side", [32, 700])
@pytest.mark.parametrize(("value", "shown"), [(0, 0), (257 * 100, 100), (65535, 255), (40000, 155)])
def test_sixteen_bit_grey_is_scaled_not_clipped(side, value, shown):
    data = png(side, side, 16, 0, [struct.pack(">H", value) * side] * side)
    close(decode_image(data), shown, 1)


def test_sixteen_bit_colour_and_alpha_are_scaled():
    colour = struct.pack(">HHH", 257 * 200, 257 * 100, 257 * 50)
    close(
        decode_image(png(32, 32, 16, 2, [colour * 32] * 32)),
        np.full((32, 32, 3), (200, 100, 50)),
        1,
    )
    half = colour + struct.pack(">H", 0x8000)
    close(
        decode_image(png(32, 32, 16, 6, [half * 32] * 32)), np.full((32, 32, 3), (228, 178, 153)), 2
    )


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_bits_of_grey_are_scaled(depth):
    close(decode_image(png(32, 32, depth, 0, [b"\xff" * (4 * depth)] * 32)), 255, 0)


def test_a_palette_with_a_transparent_entry():
    palette = (b"PLTE", bytes((*RED, *BLUE)))
    rows = [b"\x00\xff" * 2] * 32  # eight pixels of entry 0, then eight of entry 1
    close(decode_image(png(32, 32, 1, 3, rows, palette))[0, [2, 10]], [RED, BLUE], 40)
    image = decode_image(png(32, 32, 1, 3, rows, palette, (b"tRNS", b"\x00\xff")))
    close(image[0, [2, 10]], [(255, 255, 255), BLUE], 40)


@pytest.mark.parametrize("side", [32, 700])
def test_transparency_shows_white_behind_it(side):
    image = np.empty((side, side, 4), np.uint8)
    image[..., :3] = quarters(side, side)
    for part, alpha in ((0, 255), (1, 0)):
        image[:, part * side // 2 : (part + 1) * side // 2, 3] = alpha
    white = (255, 255, 255)
    for kind in ("PNG", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        close(corners(decode_image(encoded(image, kind, **options))), [RED, white, BLUE, white])
    image[..., 3] = 128
    half = (np.array([RED, GREEN, BLUE, GREY]) + 255) // 2
    close(corners(decode_image(encoded(image))), half)


def test_grey_with_alpha_and_a_single_transparent_colour():
    grey = png(32, 32, 8, 4, [bytes((100, 0)) * 32] * 32)
    close(decode_image(grey), 255, 0)
    key = png(32, 32, 8, 2, [bytes(RED) * 32] * 32, (b"tRNS", struct.pack(">HHH", *RED)))
    close(decode_image(key), 255, 0)


@pytest.mark.parametrize("mode", ["CMYK", "L", "YCbCr"])
def test_jpeg_colour_spaces(mode):
    image = decode_image(encoded(quarters(), "JPEG", mode=mode))
    colours = np.array([RED, GREEN, BLUE, GREY])
    grey = colours @ (0.299, 0.587, 0.114)
    expected = np.stack([grey] * 3, axis=1) if mode == "L" else colours
    close(corners(image), expected, 20)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_shown(kind):
    frames = [Image.new("RGB", (64, 64), colour) for colour in (BLUE, RED, GREEN)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    close(decode_image(data), np.full((32, 32, 3), BLUE))


@pytest.mark.parametrize("size", [(1, 1), (20000, 1), (1, 20000), (3, 2)])
def test_tiny_and_thin_images_are_shown(size):
    close(decode_image(encoded(Image.new("RGB", size, RED))), np.full((32, 32, 3), RED), 1)


def test_a_large_photograph_is_shown_and_costs_little_time(rng):
    photo = Image.fromarray(quarters(64, 64)).resize((6000, 8000), Image.Resampling.NEAREST)
    close(corners(decode_image(encoded(photo, "JPEG", quality=60))), [RED, GREEN, BLUE, GREY], 20)


def test_a_jpeg_is_decoded_at_reduced_scale(monkeypatch):
    data, sizes = encoded(quarters(2400, 3200), "JPEG"), []
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: (sizes.append(self.size), load(self))[1])
    decode_image(data)
    assert sizes
    assert max(max(size) for size in sizes) <= 800


def test_heic_is_read_where_the_plugin_is_installed(monkeypatch):
    registered = []
    plugin = types.SimpleNamespace(register_heif_opener=lambda: registered.append(True))
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    monkeypatch.setattr(image_files.importlib.util, "find_spec", lambda name: plugin)
    opened = Image.new("RGB", (9, 9), RED)
    monkeypatch.setitem(Image.OPEN, "HEIF", (lambda file, name: opened, None))
    close(decode_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), np.full((32, 32, 3), RED), 1)
    assert registered


def test_nothing_is_written_to_disk(monkeypatch):
    def written(*arguments, **options):
        raise AssertionError("opened a file")

    data = encoded(quarters(), "JPEG")
    monkeypatch.setattr("builtins.open", written)
    monkeypatch.setattr("tempfile.mkstemp", written)
    decode_image(data)


def test_several_sessions_may_decode_at_once():
    data, results = encoded(quarters(600, 600)), []
    threads = [
        threading.Thread(target=lambda: results.append(decode_image(data))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(results) == 4


def with_scans(data, count):
    """A progressive JPEG with its last scan written `count` times more."""
    start, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[start:end] * count + data[end:]


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded(monkeypatch):
    file = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(file, "JPEG", progressive=True)
    assert decode_image(file.getvalue()).shape == (32, 32, 3)
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("was decoded"))
    with pytest.raises(ImageError, match=r"1,0..\b.*: 64\)"):
        decode_image(with_scans(file.getvalue(), 1000))


def shrunk(image, box=None):
    return np.asarray(Image.fromarray(image).resize((32, 32), Image.Resampling.BOX, box))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    ("height", "width", "crop", "thumbnail"),
    [
        (60, 90, (1 / 6, 0, 2 / 3, 1), (60, 90)),
        (500, 900, (2 / 9, 0, 5 / 9, 1), (178, 320)),
        (1600, 800, (0, 1 / 4, 1, 1 / 2), (320, 160)),
        (700, 700, (0, 0, 1, 1), (320, 320)),
        (32, 32, (0, 0, 1, 1), (32, 32)),
    ],
)
def test_the_thumbnail_is_the_whole_image_and_the_crop_what_the_model_sees(
    kind, height, width, crop, thumbnail
):
    decoded = decode_file(encoded(quarters(height, width), kind))
    assert decoded.size == (width, height)
    assert decoded.crop == pytest.approx(crop)
    assert decoded.thumbnail.shape == (*thumbnail, 3)
    close(corners(shrunk(decoded.thumbnail)), [RED, GREEN, BLUE, GREY], 20)
    # Independently: the crop, cut from the thumbnail and averaged down, is the model's input.
    high, wide = decoded.thumbnail.shape[:2]
    left, top, across, down = decoded.crop
    box = (left * wide, top * high, (left + across) * wide, (top + down) * high)
    close(corners(shrunk(decoded.thumbnail, box)), corners(decoded.pixels), 20)
    assert decoded.is_cropped == (height != width)
    assert decoded.lost_something == ((height, width) != (32, 32))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_thumbnail_is_upright_too(kind, orientation):
    stored = quarters(400, 900)
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_file(encoded(stored, kind, exif=exif))
    expected = decode_file(encoded(upright(stored, orientation)))
    assert (decoded.size, decoded.crop) == (expected.size, expected.crop)
    assert decoded.thumbnail.shape == expected.thumbnail.shape
    close(corners(shrunk(decoded.thumbnail)), corners(shrunk(expected.thumbnail)), 20)


@pytest.mark.parametrize("side", [40, 1200])
@pytest.mark.parametrize(
    ("at", "alpha", "transparent"),
    [(0.5, 254, True), (0.5, 0, True), (0.5, 255, False), (0.05, 0, False)],
)
def test_transparency_counts_where_the_model_sees_it(side, at, alpha, transparent):
    image = np.full((side, 2 * side, 4), 255, np.uint8)  # the middle half of its width is seen
    image[side // 2, int(at * 2 * side), 3] = alpha
    assert decode_file(encoded(image)).was_transparent == transparent


def test_a_palette_and_a_single_color_can_be_transparent():
    key = png(32, 32, 8, 2, [bytes(RED) * 32] * 32, (b"tRNS", struct.pack(">HHH", *RED)))
    assert decode_file(key).was_transparent
    other = png(32, 32, 8, 2, [bytes(RED) * 32] * 32, (b"tRNS", struct.pack(">HHH", *BLUE)))
    assert not decode_file(other).was_transparent
    palette = (b"PLTE", bytes((*RED, *BLUE)))
    rows = [b"\x00\xff" * 2] * 32
    assert decode_file(png(32, 32, 1, 3, rows, palette, (b"tRNS", b"\x00\xff"))).was_transparent
    assert not decode_file(png(32, 32, 1, 3, rows, palette)).was_transparent
