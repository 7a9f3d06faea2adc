"""Decode a person's own image safely into what the model sees."""

import importlib.util
import io
import re
import threading

import numpy as np
from PIL import Image, UnidentifiedImageError

SIDE = 32
LARGEST_FILE = 25 * 2**20  # bytes, as Streamlit's upload limit counts them
MOST_PIXELS = 64_000_000
# Its decoder holds every pixel four times over, 15 bytes each; 64 million would take 1 GB.
MOST_PIXELS_OF = {"WEBP": 20_000_000}

# A progressive JPEG is decoded once more for each of its scans, which cost 94 bytes each; cameras
# and editors write about ten.
MOST_SCANNED = 16 * MOST_PIXELS
_SCAN = b"\xff\xda"  # the marker before each; between them JPEG writes no such bytes

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_READABLE = "Supported formats: PNG, JPEG, WebP, GIF, BMP."
_ROUGH_SIDE = 256  # a larger image is first averaged down to this, strip by strip
_STRIPS = 32
# A 64-megapixel PNG takes 300 MB while it is decoded: never two of them at once.
_ONE_AT_A_TIME = threading.Lock()
_ORIENTATION = 0x0112  # the EXIF tag; its values from 2 to 8 and what undoes each
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# (where, what the file holds there, the format's name): images that people have, yet not ours.
_OTHERS = (
    (8, (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"),
    (8, (b"avif", b"avis"), "AVIF"),
    (0, (b"II*\0", b"MM\0*"), "TIFF"),
    (0, (b"%PDF",), "PDF"),
    (0, (b"<svg",), "SVG"),
)


class ImageError(ValueError):
    """A file that cannot be shown; the message is one sentence for the person who chose it."""


def decode_image(data: bytes) -> np.ndarray:
    """Turn an image file into the model's input: upright, center-cropped, 32x32.

    Only the first frame of an animation counts. Transparent parts become white, as they look on
    a page. Memory stays bounded: sizes are checked before decoding, a JPEG is decoded at reduced
    scale, and a large image is reduced strip by strip.

    Args:
        data: the bytes of a PNG, JPEG, WebP, GIF or BMP file (HEIC where pillow-heif is
            installed), at most 25 MB and 64 megapixels, a WebP at most 20.

    Returns:
        (32, 32, 3) uint8, red, green and blue.

    Raises:
        ImageError: when it cannot be read; says why in one sentence.
    """
    if not data:
        raise ImageError("The file is empty.")
    if len(data) > LARGEST_FILE:
        raise ImageError(
            f"File too large: {len(data) / 2**20:.1f} MB (limit: {LARGEST_FILE // 2**20} MB)."
        )
    try:
        with _ONE_AT_A_TIME, Image.open(io.BytesIO(data), formats=_formats(data)) as image:
            _check_size(*image.size, image.format or "")
            if image.format == "JPEG":
                _check_scans(*image.size, data.count(_SCAN))
            # Both sides stay at least this long, so the final resize still has enough to average.
            image.draft(image.mode, (_ROUGH_SIDE, _ROUGH_SIDE))
            image.load()
            small = _centre(image)
            turn = _UPRIGHT.get(_orientation(image))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"Not a readable image. {_READABLE}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        said = re.search(r"\((\d+) pixels\)", str(error))  # Pillow refuses before we can count
        raise ImageError(_too_many_pixels(int(said[1]) if said else None)) from None
    except MemoryError:
        raise ImageError("Image too large: out of memory.") from None
    # Pillow's decoders raise nearly anything on damaged files; none of it may reach the page.
    except Exception as error:
        raise ImageError("Image corrupted or incomplete.") from error
    # A centred square may be turned after it was cut, when it is small.
    return np.array(small if turn is None else small.transpose(turn))


def _formats(data: bytes) -> tuple[str, ...]:
    """What Pillow may try; anything else is refused by its name where the name is known."""
    for start, marks, name in _OTHERS:
        if data[start : start + 4] not in marks or (start and data[4:8] != b"ftyp"):
            continue
        if name == "HEIC" and importlib.util.find_spec("pillow_heif"):
            import pillow_heif

            pillow_heif.register_heif_opener()
            return ("HEIF",)
        raise ImageError(f"{name} is not supported. {_READABLE}")
    return _FORMATS


def _check_size(width: int, height: int, kind: str) -> None:
    most = min(MOST_PIXELS, MOST_PIXELS_OF.get(kind, MOST_PIXELS))
    if width * height > most:
        sentence = _too_many_pixels(width * height, most)
        if most < MOST_PIXELS:
            sentence = f"{sentence} PNG and JPEG may have more than WebP."
        raise ImageError(sentence)


def _check_scans(width: int, height: int, scans: int) -> None:
    most = max(1, MOST_SCANNED // (width * height))
    if scans > most:
        raise ImageError(
            f"Too many scans in this JPEG: {scans:,} (limit at its size: {most:,}). Save it as PNG."
        )


def _too_many_pixels(pixels: int | None, most: int | None = None) -> str:
    limit = (most or MOST_PIXELS) // 1_000_000
    if pixels is None:
        return f"Image too large (limit: {limit} megapixels)."
    tenths = -(-pixels // 100_000)  # rounded up: one pixel too many must not read as the limit
    return f"Image too large: {tenths / 10:,.12g} megapixels (limit: {limit})."


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    # Damaged EXIF data says nothing about the image itself, which was read whole.
    except Exception:
        return 1


def _centre(image: Image.Image) -> Image.Image:
    """The middle square, 32x32 RGB. Its edges may lie between pixels, so that it is symmetric."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    if side <= 2 * _ROUGH_SIDE:
        return _resized(image, (left, top, left + side, top + side), (SIDE, SIDE))
    rough = Image.new("RGB", (_ROUGH_SIDE, _ROUGH_SIDE))
    high = _ROUGH_SIDE // _STRIPS
    for strip in range(_STRIPS):
        start = top + strip * side / _STRIPS
        box = (left, start, left + side, start + side / _STRIPS)
        rough.paste(
            _resized(image, box, (_ROUGH_SIDE, high), Image.Resampling.BOX), (0, strip * high)
        )
    return rough.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _resized(
    image: Image.Image,
    box: tuple[float, float, float, float],
    size: tuple[int, int],
    filter: Image.Resampling = Image.Resampling.LANCZOS,
) -> Image.Image:
    """One part of the image as RGB at another size; only that part is converted."""
    left, top = int(box[0]), int(box[1])
    right, bottom = min(image.width, int(np.ceil(box[2]))), min(image.height, int(np.ceil(box[3])))
    part = _flat(image.crop((left, top, right, bottom)))
    inner = (
        box[0] - left,
        box[1] - top,
        min(box[2] - left, right - left),
        min(box[3] - top, bottom - top),
    )
    return part.resize(size, filter, box=inner)


def _flat(image: Image.Image) -> Image.Image:
    """RGB of any mode, with white behind what is transparent."""
    if image.mode.startswith("I"):  # Pillow clips 16-bit greys to 255 where we want them scaled
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8)).convert(
            "RGB"
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
