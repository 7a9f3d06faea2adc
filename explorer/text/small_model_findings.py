"""Findings about the small models that come with the app, from their records."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.data.small_models import SmallModel
from explorer.text.findings import percent

ENCODINGS = {
    "learned": "Learned",
    "sincos1d": "Sinusoidal 1-D",
    "sincos2d": "Sinusoidal 2-D",
    "none": "None",
    "class-token": "Learned, class token",
}
NETWORKS = {
    "ViT": ("vit-1%", "vit-10%", "learned"),
    "CNN": ("cnn-1%", "cnn-10%", "cnn"),
}


def encoding_finding(models: Mapping[str, SmallModel]) -> str:
    """How much the encodings differ, and how much their lack costs."""
    means = {name: models[name].mean for name in ("learned", "sincos1d", "sincos2d")}
    least, most = min(means.values()), max(means.values())
    without = models["none"].mean
    return (
        f"Three encodings: {_range(least, most)}; none: {percent(without)}; "
        f"class token instead of mean pooling: {percent(models['class-token'].mean)}"
    )


def data_finding(models: Mapping[str, SmallModel]) -> str:
    """ViT against CNN on the least and on all of the data."""
    vit, cnn = NETWORKS["ViT"], NETWORKS["CNN"]
    return (
        f"On {models[vit[0]].images:,} images: CNN {percent(models[cnn[0]].mean)}, "
        f"ViT {percent(models[vit[0]].mean)}; on {models[vit[-1]].images:,}: "
        f"CNN {percent(models[cnn[-1]].mean)}, ViT {percent(models[vit[-1]].mean)}"
    )


def _range(least: float, most: float) -> str:
    return (
        f"{percent(least)} to {percent(most)}" if percent(least) != percent(most) else percent(most)
    )
