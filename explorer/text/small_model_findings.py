"""Findings about the small models that come with the app, from their records."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.data.small_models import SmallModel
from explorer.text.findings import percent
from explorer.text.language import N_, tr

ENCODINGS = {
    "learned": N_("Learned"),
    "sincos1d": N_("Sinusoidal 1-D"),
    "sincos2d": N_("Sinusoidal 2-D"),
    "none": N_("None"),
    "class-token": N_("Learned, class token"),
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
    return tr(
        "Three encodings: {accuracy}; none: {none}; "
        "class token instead of mean pooling: {class_token}",
        accuracy=_range(least, most),
        none=percent(without),
        class_token=percent(models["class-token"].mean),
    )


def data_finding(models: Mapping[str, SmallModel]) -> str:
    """ViT against CNN on the least and on all of the data."""
    vit, cnn = NETWORKS["ViT"], NETWORKS["CNN"]
    return tr(
        "On {few} images: CNN {few_cnn}, ViT {few_vit}; on {all}: CNN {all_cnn}, ViT {all_vit}",
        few=f"{models[vit[0]].images:,}",
        few_cnn=percent(models[cnn[0]].mean),
        few_vit=percent(models[vit[0]].mean),
        all=f"{models[vit[-1]].images:,}",
        all_cnn=percent(models[cnn[-1]].mean),
        all_vit=percent(models[vit[-1]].mean),
    )


def _range(least: float, most: float) -> str:
    if percent(least) == percent(most):
        return percent(most)
    return tr("{least} to {most}", least=percent(least), most=percent(most))
