"""What was done to a person's own image before the model sees it."""

from vitcore.datasets.image_files import SIDE, DecodedImage


def upload_note(decoded: DecodedImage) -> str:
    """Whether the image was cropped, resized or had transparent areas, and its size before."""
    model_input = f"{SIDE} × {SIDE}"
    width, height = decoded.size
    said = {
        (True, True): f"Center-cropped and resized to {model_input}",
        (True, False): f"Center-cropped to {model_input}",
        (False, True): f"Resized to {model_input}",
    }.get((decoded.is_cropped, decoded.is_resized), "")
    said = f"{said} (file: {width:,} × {height:,})." if said else f"{model_input}, unchanged."
    if decoded.was_transparent:
        said = f"{said} Transparent pixels became white."
    return said.replace(" × ", "\u00a0×\u00a0")  # a narrow line breaks elsewhere
