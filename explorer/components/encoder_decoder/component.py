"""The encoder-decoder Transformer as a drawing, with the part that a ViT keeps."""

from explorer.components.declared import declare
from explorer.components.packing import pack

_drawing = declare("encoder_decoder")


def encoder_decoder(*, key: str) -> None:
    """Draw it; no model and no image is needed."""
    _drawing(pack("encoder_decoder", {"rev": "drawn"}), key=key)
