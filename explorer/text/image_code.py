"""Python that loads the selected image, for the scripts that pages hand out."""

from __future__ import annotations

from explorer.selection import Image
from vitcore.config import CLASS_NAMES

IN_FOLDER = "# Run it in the folder of ViT Explorer: vitcore is imported from there."


def image_code(image: Image, *, mask: bool = False) -> str:
    """Lines that assign `image`, and `mask` where it is asked for and there is one."""
    if image.label is None or image.index is None:
        return (
            "from PIL import Image\n\n"
            'file = Image.open("image.png").convert("RGB")  # saved from Attention, enlarged\n'
            "image = np.asarray(file.resize((32, 32), Image.Resampling.NEAREST))"
        )
    if image.source == "sketch10":
        start = len(CLASS_NAMES) * image.index + image.label
        if mask:
            return (
                f"images, labels, masks = vitcore.sketch10(1, start={start})  # {image.name}\n"
                "image, mask = images[0], masks[0]"
            )
        return f"image = vitcore.sketch10(1, start={start})[0][0]  # {image.name}"
    return (
        'images, labels = vitcore.cifar10("test")\n'
        f"image = np.array(images[np.flatnonzero(labels == {image.label})[{image.index}]])"
        f"  # {image.name}"
    )
