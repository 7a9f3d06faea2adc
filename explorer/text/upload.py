"""What was done to a person's own image before the model sees it."""

from explorer.text.language import N_, tr
from vitcore.datasets.image_files import SIDE, DecodedImage, ImageError

_DONE = {  # by whether it was cropped, and resized
    (True, True): N_("Center-cropped and resized to {size} (file: {file})."),
    (True, False): N_("Center-cropped to {size} (file: {file})."),
    (False, True): N_("Resized to {size} (file: {file})."),
    (False, False): N_("{size}, unchanged."),
}
# What `vitcore` says of files that can be shown or not; what has numbers in it stays in English.
_ABOUT_FILES = (
    N_("The file is empty."),
    N_("Image too large: out of memory."),
    N_("Image corrupted or incomplete."),
    N_("Supported formats: PNG, JPEG, WebP, GIF, BMP, AVIF."),
    N_("Not a readable image. Supported formats: PNG, JPEG, WebP, GIF, BMP, AVIF."),
    N_("HEIC is not supported. Supported formats: PNG, JPEG, WebP, GIF, BMP, AVIF."),
)


def refusal(error: ImageError) -> str:
    """Why a file cannot be shown."""
    return tr(str(error))


def upload_note(decoded: DecodedImage) -> str:
    """Whether the image was cropped, resized or had transparent areas, and its size before."""
    width, height = decoded.size
    said = tr(
        _DONE[decoded.is_cropped, decoded.is_resized],
        size=f"{SIDE} × {SIDE}",
        file=f"{width:,} × {height:,}",
    )
    if decoded.was_transparent:
        said += tr(" Transparent pixels became white.")
    return said.replace(" × ", "\u00a0×\u00a0")  # a narrow line breaks elsewhere
