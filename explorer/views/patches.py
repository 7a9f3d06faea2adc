"""Patch embedding: the image as the tokens it becomes, and what its patch size costs."""

import numpy as np
import streamlit as st

from explorer import client, components, navigation, state
from explorer.client import Problem, Waiting
from explorer.components.cost.component import cost, cost_payload
from explorer.components.filters.component import filter_figure, filters
from explorer.components.patches.component import patches, patches_payload
from explorer.text.formatting import max_difference
from vitcore.config import PATCH_SIZES, ViTConfig, grid_side
from vitcore.interpret.filters import embed_patches
from vitcore.messages import as_sentence
from vitcore.patches import patchify, pi_resize

_SIDES = {size: grid_side(size) for size in PATCH_SIZES}


def kernel_of(model: str) -> tuple[ViTConfig, np.ndarray, np.ndarray] | Problem:
    """The patch embedding of a model: config, kernel (p, p, 3, D) and bias (D,)."""
    try:
        config, weights = client.weights(model)
    except (ValueError, OSError) as error:
        return Problem(
            "Model weights could not be read.", f"{as_sentence(str(error))} Select another model."
        )
    return config, weights["patch_embedding/kernel"], weights["patch_embedding/bias"]


def finding(patch_size: int, width: int | None) -> str:
    """What the image becomes: patches of so many values, tokens of so many dimensions."""
    count = _SIDES[patch_size] ** 2
    said = f"{count} {'patch' if count == 1 else 'patches'} × {3 * patch_size**2:,} values"
    if width is None:
        return said
    return f"{said} → {count} {'token' if count == 1 else 'tokens'} × {width} dimensions"


def draw_main(picture: state.Picture, patch_size: int, embedding: object, rev: str) -> None:
    """The page's heading and the figure that follows one patch to its embedding."""
    patch_cut = patchify(picture.pixels, patch_size)
    embedded, width, pixels = None, None, "−1 to 1"
    if not isinstance(embedding, Problem):
        config, kernel, bias = embedding
        width, pixels = config.width, "−1 to 1" if config.pixel_range == "signed" else "0 to 1"
        embedded = embed_patches(
            patch_cut, pi_resize(kernel, patch_size), bias, pixel_range=config.pixel_range
        )
    components.page_heading("Patch embedding", finding(patch_size, width), key="patches")
    patches(patches_payload(patch_cut, embedded, rev=rev), key="patches_flow")
    if isinstance(embedding, Problem):
        components.figure_state("error", embedding.what, embedding.then, height=90)
    components.how_to_read(
        "patches_flow",
        code=components.source_of("vitcore/patches.py", "patchify")
        + "\n\n"
        + components.source_of("vitcore/interpret/filters.py", "embed_patches"),
        example="patch_embedding",
        range=pixels,
    )


def draw_cost(picture: state.Picture, patch_size: int, rev: str) -> None:
    """What the patch size costs, and how else an image is split that P does not divide."""
    cuts = {
        "seen": patchify(picture.pixels, patch_size),
        "valid": patchify(picture.pixels, patch_size, padding="valid"),
        "same": patchify(picture.pixels, patch_size, padding="same"),
    }
    data = cost_payload(picture.pixels, cuts, patch_size=patch_size, grid_sides=_SIDES, rev=rev)
    cost(data, key="patches_cost")
    components.how_to_read(
        "patches_cost", code=components.source_of("vitcore/patches.py", "patchify", "resize_image")
    )


def draw_filters(embedding: object, patch_size: int, rev: str) -> None:
    """The embedding filters and their principal components."""
    if isinstance(embedding, Problem):
        components.figure_heading("Embedding filters")
        components.figure_state("error", embedding.what, embedding.then, height=200)
        return
    figure = filter_figure(embedding[1], patch_size, rev=rev)
    components.figure_heading("Embedding filters", figure.finding)
    filters(figure, key="patches_filters")
    components.how_to_read(
        "patches_filters",
        code=components.source_of(
            "vitcore/interpret/filters.py", "principal_components", "_components"
        )
        + "\n\n"
        + components.source_of("vitcore/patches.py", "pi_resize"),
    )


def draw_two_ways(answer: float | Waiting | Problem, patch_size: int) -> None:
    """Whether Dense and Conv2D agree, in the place that is kept for it."""
    if isinstance(answer, Waiting):
        components.figure_state("loading", answer.what, answer.then, height=96, done=answer.done)
        return
    if isinstance(answer, Problem):
        components.figure_state("error", answer.what, answer.then, height=96)
        return
    st.markdown(
        f"`Dense` on flattened patches and `Conv2D(kernel_size={patch_size}, "
        f"strides={patch_size})` give the same embedding ({max_difference(answer)})."
    )


def draw_code() -> None:
    """Both ways as the code that ran, side by side."""
    for place, name, title in zip(
        st.columns(2),
        ("embed_with_dense", "embed_with_conv2d"),
        ("Split, flatten, Dense", "Conv2D, flatten"),
        strict=True,
    ):
        place.markdown(f"**{title}**")
        code = components.source_of("vitcore/examples/patch_embedding.py", name)
        place.code(code, language="python")


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
rev = f"{picture.key}-{patch_size}-{model}"
chain = st.container(height=56, border=False, key="patches_chain")
embedding = kernel_of(model)
draw_main(picture, patch_size, embedding, rev)
draw_cost(picture, patch_size, rev)
components.figure_heading("Linear projection = strided convolution")
two_ways = st.container(key="patches_two_ways")
draw_code()
draw_filters(embedding, patch_size, f"{model}-{patch_size}")

# Last, because they may wait for the model: all above is on its way to the screen by now.
config = None if isinstance(embedding, Problem) else embedding[0]
with chain:
    answer = client.reading(model, picture, patch_size)
    stage = components.strip(answer, picture, patch_size, now="patches", config=config)
with two_ways:
    draw_two_ways(client.dense_equals_conv(model, picture, patch_size), patch_size)
if stage and stage != "patches":
    navigation.goto(stage)
