"""Patch embedding: the image as the tokens it becomes, and what its patch size costs."""

import streamlit as st

from explorer import client, components, navigation
from explorer.components.cost.component import cost, cost_payload
from explorer.components.filters.component import filter_figure, filters
from explorer.components.patches.component import patches, patches_payload
from explorer.results import Failure, Ready, Result
from explorer.selection import ModelRef, Selection, selected
from explorer.text.formatting import max_difference
from explorer.text.language import N_, tr
from vitcore.config import PATCH_SIZES, grid_side
from vitcore.patches import patchify, resize_image

_RANGES = {True: N_("−1 to 1"), False: N_("0 to 1")}  # of pixels, signed or not


def finding(patch_size: int, count: int, width: int | None) -> str:
    """What the image becomes: patches of so many values, tokens of so many dimensions."""
    values = f"{3 * patch_size**2:,}"
    if width is None:
        message = (
            N_("1 patch × {values} values")
            if count == 1
            else N_("{count} patches × {values} values")
        )
        return tr(message, count=count, values=values)
    message = (
        N_("1 patch × {values} values → 1 token × {width} dimensions")
        if count == 1
        else N_("{count} patches × {values} values → {count} tokens × {width} dimensions")
    )
    return tr(message, count=count, values=values, width=width)


def draw_main(selection: Selection, rev: str) -> None:
    """The page's heading and the figure that follows one patch to its embedding."""
    model, patch_size = selection.model, selection.patch_size
    patch_cut = patchify(selection.model_input, patch_size)
    embedded, width, pixels = None, None, tr(_RANGES[True])
    if isinstance(model, ModelRef):
        width, pixels = model.config.width, tr(_RANGES[model.config.pixel_range == "signed"])
        embedded = client.patch_embedding(selection)
    said = finding(patch_size, selection.side**2, width)
    components.page_heading(tr("Patch embedding"), said, key="patches")
    patches(patches_payload(patch_cut, embedded, rev=rev), key="patches_flow")
    if isinstance(model, Failure):
        components.placeholder(model, height=90)
    components.how_to_read(
        "patches_flow",
        code=components.source_of("vitcore/patches.py", "patchify")
        + "\n\n"
        + components.source_of("vitcore/interpret/filters.py", "embed_patches"),
        example="patch_embedding",
        range=pixels,
    )


def draw_cost(selection: Selection, rev: str) -> None:
    """What the patch size costs, and how else an image is split that P does not divide."""
    side, patch_size = selection.image_size, selection.patch_size
    pixels = resize_image(selection.image.pixels, side)
    cuts = {
        "seen": patchify(pixels, patch_size),
        "valid": patchify(pixels, patch_size, padding="valid"),
        "same": patchify(pixels, patch_size, padding="same"),
    }
    sides = {size: grid_side(size, side) for size in PATCH_SIZES if size <= side}
    data = cost_payload(pixels, cuts, patch_size=patch_size, grid_sides=sides, rev=rev)
    cost(data, key="patches_cost")
    components.how_to_read(
        "patches_cost", code=components.source_of("vitcore/patches.py", "patchify", "resize_image")
    )


def draw_filters(selection: Selection) -> None:
    """The embedding filters and their principal components."""
    model, patch_size = selection.model, selection.patch_size
    if isinstance(model, Failure):
        components.figure_heading(tr("Embedding filters"))
        components.placeholder(model, height=200)
        return
    kernel = client.weights(model)["patch_embedding/kernel"]
    figure = filter_figure(kernel, patch_size, rev=f"{model.name}-{patch_size}")
    components.figure_heading(tr("Embedding filters"), figure.finding)
    filters(figure, key="patches_filters")
    components.how_to_read(
        "patches_filters",
        code=components.source_of(
            "vitcore/interpret/filters.py", "principal_components", "_components"
        )
        + "\n\n"
        + components.source_of("vitcore/patches.py", "pi_resize"),
    )


def draw_two_ways(result: Result[float], patch_size: int) -> None:
    """Whether Dense and Conv2D agree, in the place that is kept for it."""
    if not isinstance(result, Ready):
        components.placeholder(result, height=96)
        return
    st.markdown(
        tr(
            "`Dense` on flattened patches and `Conv2D(kernel_size={size}, strides={size})` give "
            "the same embedding ({difference}).",
            size=patch_size,
            difference=max_difference(result.value),
        )
    )


def draw_code() -> None:
    """Both ways as the code that ran, side by side."""
    for place, name, title in zip(
        st.columns(2),
        ("embed_with_dense", "embed_with_conv2d"),
        (N_("Split, flatten, Dense"), N_("Conv2D, flatten")),
        strict=True,
    ):
        place.markdown(f"**{tr(title)}**")
        code = components.source_of("vitcore/examples/patch_embedding.py", name)
        place.code(code, language="python", wrap_lines=True)


selection = selected()
chain = st.container(height=40, border=False, key="patches_chain")
draw_main(selection, selection.key)
draw_cost(selection, selection.key)
components.figure_heading(tr("Linear projection = strided convolution"))
with st.container(key="patches_convolution"):
    two_ways = st.container(key="patches_two_ways")
    draw_code()
draw_filters(selection)

# Last, because they may wait for the model: all above is on its way to the screen by now.
with chain:
    stage = components.strip(client.forward(selection), selection, now="patches")
with two_ways:
    draw_two_ways(client.dense_conv_difference(selection), selection.patch_size)
if stage and stage != "patches":
    navigation.goto(stage)
