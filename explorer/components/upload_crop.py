"""A person's image as it was, with the square that the model sees."""

from explorer.components.png import png_uri
from explorer.text.language import tr
from vitcore.datasets.image_files import DecodedImage

_SHOWN = 160  # pixels of the longer side on the page


def upload_crop(decoded: DecodedImage) -> str:
    """A thumbnail of the whole image as HTML; what was cut off is darkened."""
    high, wide = decoded.thumbnail.shape[:2]
    width = max(1, round(_SHOWN * wide / max(wide, high)))
    enlarged = " enlarged" if max(wide, high) < _SHOWN else ""
    left, top, across, down = decoded.crop
    said = tr("Uploaded image; the outlined square is the model input")
    return (
        f'<div class="upload-crop{enlarged}" style="width:{width}px">'
        f'<img alt="{said}" '
        f'src="{png_uri(decoded.thumbnail)}">'
        f'<i style="left:{left:.2%};top:{top:.2%};width:{across:.2%};height:{down:.2%}"></i></div>'
    )
