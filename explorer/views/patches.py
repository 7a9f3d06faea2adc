"""Patches: the picture as the list of tokens it becomes, and what its patch size costs."""

import numpy as np
import streamlit as st

from explorer import components, navigation, services, state
from explorer.components.cost import cost, cost_payload
from explorer.components.filters import filter_figure, filters
from explorer.components.patches import patches, patches_payload
from explorer.services import Problem, Waiting
from explorer.words.numerals import small_number
from vitcore.config import PATCH_SIZES, ViTConfig, grid_side
from vitcore.introspection.filters import embed_patches
from vitcore.patches import cut, pi_resize
from vitcore.sentences import sentence

_SIDES = {size: grid_side(size) for size in PATCH_SIZES}


def kernel_of(model: str) -> tuple[ViTConfig, np.ndarray, np.ndarray] | Problem:
    """The patch embedding of a model: config, kernel (p, p, 3, D) and bias (D,)."""
    try:
        config, weights = services.weights(model)
    except (ValueError, OSError) as error:
        return Problem(
            "The weights of the model cannot be read.",
            f"{sentence(str(error))} Choose another model; the picture is kept.",
        )
    return config, weights["patch_embedding/kernel"], weights["patch_embedding/bias"]


def draw_main(picture: state.Picture, patch_size: int, embedding: object, rev: str) -> None:
    """The title and the figure that follows one patch to its embedding."""
    patch_cut = cut(picture.pixels, patch_size)
    count, numbers = _SIDES[patch_size] ** 2, 3 * patch_size**2
    becomes = (
        f"At patch size {patch_size} the picture becomes "
        f"{count} {'patch' if count == 1 else 'patches'} of {numbers:,} numbers"
    )
    tokens_in, pixel_range = None, (-1, 1)
    if isinstance(embedding, Problem):
        st.title(becomes)
    else:
        config, kernel, bias = embedding
        st.title(f"{becomes}, {'' if count == 1 else 'each '}a token of {config.width}")
        pixel_range = (-1, 1) if config.pixel_range == "signed" else (0, 1)
        tokens_in = embed_patches(
            patch_cut, pi_resize(kernel, patch_size), bias, pixel_range=config.pixel_range
        )
    data = patches_payload(patch_cut, tokens_in, pixel_range=pixel_range, rev=rev)
    patches(data, key="patches_flow")
    if isinstance(embedding, Problem):
        components.figure_state("error", embedding.what, embedding.then, height=90)
    components.how_to_read_inline(
        text="The picture is cut into squares of P × P pixels. One square, read pixel by pixel, is "
        "a row of P·P·3 numbers. One learned matrix **E**, the same for every patch, turns it into "
        "a **token** of D numbers: the bars, positive upwards, before the token is told where it "
        "lies; a mark at the edge says that a bar was cut off. There are N = HW/P² tokens: "
        "256 × 256 pixels in patches of 16 × 16 are 256·256/16² = 256. An often-read article "
        "(“Understand and Implement Vision Transformer with TensorFlow 2.0”) prints N = HW/P, "
        "which would be 4,096. Where P does not divide the side, the picture is resized "
        "to whole patches. The last line is all that the blocks get: a list. What lay beside "
        "what, only the positions say. A large number in a token does not mean that the patch "
        "matters.",
        formula=r"\mathbf{x}_p\in\mathbb{R}^{N\times(P^2\cdot C)},\quad N=HW/P^2,\qquad "
        r"\mathbf{z}^i=\mathbf{x}^i_p\,\mathbf{E}+\mathbf{b}",
        source="Dosovitskiy et al., An Image is Worth 16x16 Words (2021), section 3.1 and eq. 1.",
        code=components.source_of("vitcore/patches.py", "cut")
        + "\n\n"
        + components.source_of("vitcore/introspection/filters.py", "embed_patches"),
        key="patches_flow",
    )


def draw_cost(picture: state.Picture, patch_size: int, rev: str) -> None:
    """What the patch size costs, and how other code cuts where it does not divide the side."""
    cuts = {
        "seen": cut(picture.pixels, patch_size),
        "valid": cut(picture.pixels, patch_size, padding="valid"),
        "same": cut(picture.pixels, patch_size, padding="same"),
    }
    data = cost_payload(picture.pixels, cuts, patch_size=patch_size, grid_sides=_SIDES, rev=rev)
    cost(data, key="patches_cost")
    components.how_to_read_inline(
        text="Left: each step of the scale is ten times more. Half the patch size makes four times "
        "the tokens, and attention compares every token with every token: sixteen times the "
        "pairs. Registers and a class token, where a model has them, are compared as well; "
        "Overview counts them. The rest of a block grows with the tokens only. The stops of the "
        "slider are one patch size for each grid. Right, in TensorFlow's words, what else is done "
        "where P does not divide the side: `VALID` drops the pixels that are left over (faint), "
        "`SAME` adds zeros around them. The models here resize the picture, so that "
        "no part of it is lost and no border is made up.",
        formula=r"g=\max(1,\mathrm{round}(32/P)),\qquad N=g^2,\qquad \text{pairs}=N^2",
        source="Vaswani et al., Attention Is All You Need (2017), table 1; "
        "tf.image.extract_patches for VALID and SAME.",
        code=components.source_of("vitcore/patches.py", "cut", "resize_picture"),
        key="patches_cost",
    )


def draw_filters(embedding: object, patch_size: int, rev: str) -> None:
    """The learned filters and their components."""
    if isinstance(embedding, Problem):
        st.subheader("What the filters of the patch embedding look for")
        components.figure_state("error", embedding.what, embedding.then, height=200)
        return
    figure = filter_figure(embedding[1], patch_size, rev=rev)
    st.subheader(figure.title)
    filters(figure, key="patches_filters")
    components.how_to_read_inline(
        text="Each number of a token is the patch compared with one **filter**: a column of **E**, "
        "drawn as a picture. Filters are stored at one size and resized to the present patch size "
        "so that a resized patch keeps its embedding (**PI-resize**: with the pseudo-inverse of "
        "resizing a picture). The **components** are the directions in which the filters differ "
        "most, strongest first. To **carry 90%** is to hold 90% of the variance, which is how much "
        "the filters differ in all; the fewer it takes, the more alike the filters are. How "
        "strongly the blocks use each number, this figure does not say.",
        formula=r"\mathbf{E}'=\mathrm{pinv}(B^{\top})\,\mathbf{E},\qquad "
        r"\tilde{\mathbf{E}}=U S V^{\top},\qquad \text{share}_k=s_k^2/\textstyle\sum_j s_j^2",
        source="Dosovitskiy et al. (2021), figure 7, left; FlexiViT (2023), section 3.4.",
        code=components.source_of(
            "vitcore/introspection/filters.py", "principal_components", "_components"
        )
        + "\n\n"
        + components.source_of("vitcore/patches.py", "pi_resize"),
        key="patches_filters",
    )


def draw_two_ways(answer: float | Waiting | Problem, patch_size: int) -> None:
    """Whether Dense and Conv2D agree, in the place that is kept for it."""
    if isinstance(answer, Waiting):
        components.figure_state("loading", answer.what, answer.then, height=96, done=answer.done)
        return
    if isinstance(answer, Problem):
        components.figure_state("error", answer.what, answer.then, height=96)
        return
    tokens = _SIDES[patch_size] ** 2
    found = (
        f"**Largest difference {small_number(answer)}.** What differs is rounding: the "
        "sums are taken in another order."
        if answer
        else "**Largest difference 0**: not one bit differs here."
    )
    rows = f"{tokens} {'row' if tokens == 1 else 'rows'} of {3 * patch_size**2:,} numbers"
    st.markdown(
        f"{found} `Dense(flatten(patch))` multiplies {rows} by **E**, the "
        f"learned matrix; `Conv2D(kernel = stride = {patch_size})` slides the same weights over "
        "the picture in steps of one patch."
    )


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
rev = f"{picture.key}-{patch_size}-{model}"
chain = st.container(height=56, border=False, key="patches_chain")
embedding = kernel_of(model)
draw_main(picture, patch_size, embedding, rev)
draw_cost(picture, patch_size, rev)
st.subheader("Flatten and multiply, or slide a kernel: the same embedding")
two_ways = st.container(key="patches_two_ways")
draw_filters(embedding, patch_size, f"{model}-{patch_size}")

# Last, because they may wait for the model: all above is on its way to the screen by now.
config = None if isinstance(embedding, Problem) else embedding[0]
with chain:
    answer = services.reading(model, picture, patch_size)
    stage = components.strip(answer, picture, patch_size, now="patches", config=config)
with two_ways:
    draw_two_ways(services.dense_equals_conv(model, picture, patch_size), patch_size)
if stage and stage != "patches":
    navigation.goto(stage)
