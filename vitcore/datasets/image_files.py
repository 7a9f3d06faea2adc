"""Decode a person's own image safely into what the model sees."""

import importlib.util
import io
import re
import threading
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

SIDE = 32
LARGEST_FILE = 25_000_000  # bytes, as a browser counts 25 MB
MOST_PIXELS = 64_000_000
_TOLD = 10**11  # pixels; a file that says more of itself is damaged, and the number says nothing
# Their decoders hold every pixel several times over, WebP's 15 bytes each: of 64 million, 1 GB.
MOST_PIXELS_OF = {"WEBP": 20_000_000, "AVIF": 20_000_000}

# A progressive JPEG is decoded once more for each of its scans, which cost 94 bytes each; cameras
# and editors write about ten.
MOST_SCANNED = 16 * MOST_PIXELS
_SCAN = b"\xff\xda"  # the marker before each; between them JPEG writes no such bytes

FORMATS = ("PNG", "JPEG", "WebP", "GIF", "BMP", "AVIF")
READABLE = f"Supported formats: {', '.join(FORMATS)}."
_ROUGH_SIDE = 256  # a larger image is first averaged down to this, strip by strip
_STRIP = 8  # rows of the smaller image that are made at a time
_THUMBNAIL = 320  # pixels of its longer side, at most
_ALPHA_AT_ONCE = 1_000_000  # pixels whose transparency is looked at
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
_SWAPS = {  # width and height
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
}
# (where, what the file holds there, the format's name): images that people have, yet not ours.
_OTHERS = (
    (8, (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"),
    (0, (b"II*\0", b"MM\0*"), "TIFF"),
    (0, (b"%PDF",), "PDF"),
    (0, (b"<svg",), "SVG"),
)


class ImageError(ValueError):
    """A file that cannot be shown; the message is one sentence for the person who chose it."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """A person's image as the model sees it, and what it was before.

    Attributes:
        pixels: (32, 32, 3) uint8, the middle square.
        size: width and height in the file, upright.
        thumbnail: (h, w, 3) uint8, the whole image, upright; its longer side at most 320.
        was_transparent: whether any of the middle square was, and became white.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    thumbnail: np.ndarray
    was_transparent: bool

    @property
    def crop(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the middle square, as fractions of the image's sides."""
        width, height = self.size
        across, down = min(self.size) / width, min(self.size) / height
        return (1 - across) / 2, (1 - down) / 2, across, down

    @property
    def is_cropped(self) -> bool:
        """Whether parts of the image were cut off."""
        return self.size[0] != self.size[1]

    @property
    def is_resized(self) -> bool:
        """Whether the middle square had another size."""
        return min(self.size) != SIDE

    @property
    def lost_something(self) -> bool:
        """Whether parts were cut off, or pixels averaged."""
        return self.is_cropped or min(self.size) > SIDE


def decode_image(data: bytes) -> np.ndarray:
    """The model's input in an image file, (32, 32, 3) uint8; see `decode_file`."""
    return decode_file(data).pixels


def decode_file(data: bytes) -> DecodedImage:
    """Turn an image file into the model's input: upright, center-cropped, 32x32.

    Only the first frame of an animation counts. Transparent parts become white, as they look on
    a page. Memory stays bounded: sizes are checked before decoding, a JPEG is decoded at reduced
    scale, and a large image is reduced strip by strip.

    Args:
        data: the bytes of a PNG, JPEG, WebP, GIF, BMP or AVIF file (HEIC where pillow-heif
            is installed), at most 25 MB and 64 megapixels, a WebP or AVIF at most
            20.

    Returns:
        The model's input, and a thumbnail of the whole image.

    Raises:
        ImageError: when it cannot be read; says why in one sentence.
    """
    if not data:
        raise ImageError("The file is empty.")
    if len(data) > LARGEST_FILE:
        raise ImageError(
            f"File too large: {_tenths_up(len(data))} MB (limit: {LARGEST_FILE // 10**6})."
        )
    try:
        with _ONE_AT_A_TIME, Image.open(io.BytesIO(data), formats=_formats(data)) as image:
            size = image.size
            _check_size(*size, image.format or "")
            if image.format == "JPEG":
                _check_scans(*image.size, data.count(_SCAN))
            # Both sides stay at least this long, so the final resize still has enough to average.
            image.draft(image.mode, (_ROUGH_SIDE, _ROUGH_SIDE))
            image.load()
            small, whole = _centre(image), _whole(image)
            was_transparent = _is_transparent(image)
            turn = _UPRIGHT.get(_orientation(image))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"Not a readable image. {READABLE}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        said = re.search(r"\((\d+) pixels\)", str(error))  # Pillow refuses before we can count
        raise ImageError(_too_many_pixels(int(said[1]) if said else None)) from None
    except MemoryError:
        raise ImageError("Image too large: out of memory.") from None
    # Pillow's decoders raise nearly anything on damaged files; none of it may reach the page.
    except Exception as error:
        raise ImageError("Image corrupted or incomplete.") from error
    if turn is not None:  # a centered square may be turned after it was cut, when it is small
        small, whole = small.transpose(turn), whole.transpose(turn)
        size = size[::-1] if turn in _SWAPS else size
    return DecodedImage(np.array(small), size, np.array(whole), was_transparent)


def _formats(data: bytes) -> tuple[str, ...]:
    """What Pillow may try; anything else is refused by its name where the name is known."""
    for start, marks, name in _OTHERS:
        if data[start : start + 4] not in marks or (start and data[4:8] != b"ftyp"):
            continue
        if name == "HEIC" and importlib.util.find_spec("pillow_heif"):
            import pillow_heif

            pillow_heif.register_heif_opener()
            return ("HEIF",)
        raise ImageError(f"{name} is not supported. {READABLE}")
    return FORMATS


def _check_size(width: int, height: int, kind: str) -> None:
    most = min(MOST_PIXELS, MOST_PIXELS_OF.get(kind, MOST_PIXELS))
    if width * height > most:
        sentence = _too_many_pixels(width * height, most)
        if most < MOST_PIXELS:
            sentence = f"{sentence} PNG and JPEG may have more."
        raise ImageError(sentence)


def _check_scans(width: int, height: int, scans: int) -> None:
    most = max(1, MOST_SCANNED // (width * height))
    if scans > most:
        raise ImageError(
            f"Too many scans in this JPEG: {scans:,} (limit at its size: {most:,}). Save it as PNG."
        )


def _too_many_pixels(pixels: int | None, most: int | None = None) -> str:
    limit = (most or MOST_PIXELS) // 1_000_000
    if pixels is None or pixels > _TOLD:
        return f"Image too large (limit: {limit} megapixels)."
    return f"Image too large: {_tenths_up(pixels)} megapixels (limit: {limit})."


def _tenths_up(count: int) -> str:
    """In millions, rounded up: one too many must not read as the limit."""
    return f"{-(-count // 100_000) / 10:,.12g}"


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
    rough = _averaged(image, (left, top, left + side, top + side), (_ROUGH_SIDE, _ROUGH_SIDE))
    return rough.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _whole(image: Image.Image) -> Image.Image:
    """All of the image as RGB, its longer side at most that of a thumbnail."""
    longer = max(image.size)
    if longer <= _THUMBNAIL:
        return _flat(image)
    width, height = (max(1, round(side * _THUMBNAIL / longer)) for side in image.size)
    return _averaged(image, (0, 0, *image.size), (width, height))


def _averaged(
    image: Image.Image, box: tuple[float, float, float, float], size: tuple[int, int]
) -> Image.Image:
    """One part of the image as RGB, averaged down strip by strip."""
    left, top, right, bottom = box
    width, height = size
    found = Image.new("RGB", size)
    for row in range(0, height, _STRIP):
        end = min(row + _STRIP, height)
        first, last = (top + at * (bottom - top) / height for at in (row, end))
        strip = (left, first, right, last)
        found.paste(_resized(image, strip, (width, end - row), Image.Resampling.BOX), (0, row))
    return found


def _is_transparent(image: Image.Image) -> bool:
    """Whether any pixel of the middle square is transparent, in part or whole."""
    if not image.has_transparency_data or image.mode.startswith("I"):  # `_flat` drops the latter's
        return False
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    rows = max(1, _ALPHA_AT_ONCE // side)
    strips = (
        image.crop((left, row, left + side, min(row + rows, top + side)))
        for row in range(top, top + side, rows)
    )
    return any(
        int(np.asarray(strip.convert("RGBA").getchannel("A")).min()) < 255 for strip in strips
    )


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
