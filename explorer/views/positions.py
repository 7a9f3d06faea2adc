"""Positions: how alike the position embeddings are, and what happens without them."""

import streamlit as st

from explorer import components, navigation, services, state
from explorer.analyses.shuffling import four_answers, permutation
from explorer.components.positions import positions, positions_payload
from explorer.components.shuffle import answers_html, pictures_html
from explorer.figures.positions import similarity_against_distance
from explorer.figures.style import palette
from explorer.services import Waiting
from explorer.words.class_names import class_names
from explorer.words.numerals import signed
from explorer.words.position_findings import (
    Shuffling,
    distance_title,
    largest_difference,
    position_title,
    rise_reason,
    shuffle_title,
)
from explorer.words.position_kinds import (
    PositionKind,
    began_with_waves,
    closeness_begun_with,
    position_kinds,
)
from vitcore.config import ViTConfig, grid_side
from vitcore.introspection.positions import similarity_by_distance
from vitcore.patches import as_seen, cut, join
from vitcore.sentences import sentence

_SHUFFLE_HEIGHT = 290


def draw_tiles(
    picture: state.Picture, patch_size: int, config: ViTConfig, kinds: list[PositionKind], rev: str
) -> None:
    """The figure of tiles, and how to read it."""
    side = grid_side(patch_size, config.image_size)
    seen = as_seen(picture.pixels, patch_size, image_size=config.image_size)
    positions(positions_payload(seen, kinds, rev=rev), key="positions_tiles")
    components.how_to_read_inline(
        text="Before the first block each token gets the embedding of its place added. A tile "
        "shows how like one place's embedding all others are: the **cosine**, 1 in the same "
        "direction, 0 not alike, −1 opposite. **Right beside** means left, right, above or below; "
        "diagonals do not count. **Closeness** is the correlation of cosine with nearness over all "
        "pairs of two different places: 1 where the nearer is always the more alike, 0 where "
        "nearness does not matter. **Sin-cos** positions are not learned but fixed waves: 1-D of "
        "the place's number in reading order, 2-D of its row and its column. **Untrained** is "
        "where training usually starts: normal numbers of size 0.02. "
        f"{about_beginning(config)}{about_resizing(config.position_grid, side, kinds)}"
        "The figure shows what positions could tell the blocks, not what the blocks make of it.",
        formula=r"s_{rc,\,r'c'}=\frac{\mathbf{e}_{rc}\cdot\mathbf{e}_{r'c'}}"
        r"{\lVert\mathbf{e}_{rc}\rVert\,\lVert\mathbf{e}_{r'c'}\rVert}",
        source="Dosovitskiy et al., An Image is Worth 16x16 Words (2021), figure 7, centre.",
        code=components.source_of(
            "vitcore/introspection/positions.py", "position_similarity", "closeness_correlation"
        ),
        key="positions_tiles",
    )


def about_beginning(config: ViTConfig) -> str:
    """That order was given to this model's positions and not found by training, where it was."""
    if not began_with_waves(config):
        return ""
    return (
        "This model's own began as the 2-D sin-cos waves instead, centred: less their mean over "
        "all places. That lets it learn faster; what is near was given to them, and a model that "
        "began with noise had to find it. "
    )


def about_resizing(base: int, side: int, kinds: list[PositionKind]) -> str:
    """What resizing the stored grid alone does to closeness, with the number of this page."""
    closeness = next(kind.correlation for kind in kinds if kind.name == "untrained")
    if closeness is None:
        return ""
    if side == base:
        return (
            f"This is the stored grid, {base} × {base}: nothing is resized, and untrained "
            f"closeness is {signed(closeness)}. "
        )
    return (
        f"The grid is stored as {base} × {base} and here resized to {side} × {side}. Resizing "
        "mixes neighbours, so on any grid but the stored one even untrained positions gain "
        f"closeness, most on the coarsest: here {signed(closeness)}. "
    )


def draw_shuffle(
    model: str, picture: state.Picture, patch_size: int, config: ViTConfig | None
) -> None:
    """The shuffled picture and what the model answers to it."""
    title = st.container(key="positions_shuffle_title")
    left, right = st.columns([10, 19], gap="medium")
    cells = cut(picture.pixels, patch_size)  # (gh, gw, P, P, 3)
    rows, columns = cells.shape[:2]
    pictures = left.container(key="positions_shuffled")
    right = right.container(key="positions_answers")
    if left.container(horizontal_alignment="right").button(
        "Shuffle again",
        key="positions_shuffle",
        icon=":material/shuffle:",
        type="tertiary",
        disabled=rows * columns == 1,
    ):
        st.session_state["positions_seed"] = st.session_state.get("positions_seed", 0) + 1
    order = permutation(rows * columns, st.session_state.get("positions_seed", 0))
    moved = cells.reshape(rows * columns, *cells.shape[2:])[order].reshape(cells.shape)
    pictures.html(pictures_html(join(cells), join(moved)))
    if rows * columns == 1:
        title.subheader("One patch cannot be shuffled")
        with right:
            components.figure_state(
                "empty",
                "At this patch size the whole picture is one patch.",
                "Choose a smaller patch size to shuffle.",
                height=_SHUFFLE_HEIGHT,
            )
        return
    answers = four_answers(model, picture, patch_size, order)
    if not isinstance(answers, Shuffling):
        title.subheader("Shuffle the patches: does the answer move?")
        kind = "loading" if isinstance(answers, Waiting) else "error"
        done = answers.done if isinstance(answers, Waiting) else None
        with right:
            components.figure_state(
                kind, answers.what, answers.then, height=_SHUFFLE_HEIGHT, done=done
            )
        return
    names = class_names(len(answers.original))
    title.subheader(
        shuffle_title(answers, names, positions=config is None or config.positions != "none")
    )
    right.html(
        answers_html(
            answers,
            names=names,
            truth=picture.truth,
            notes=(largest_difference(answers.moved), largest_difference(answers.moved_without)),
            ink=palette(st.context.theme.type).first,
        )
    )


def explain_shuffle() -> None:
    """How to read what shuffling does."""
    components.how_to_read_inline(
        text="The patches change places; each keeps its pixels and, with positions, is told the "
        "place it now lies on. Attention does not care about order, nor does what is read out at "
        "the end: **without positions** both pictures are the same to the model, up to rounding. "
        "A model trained with positions answers without them as it never had to: not like a model "
        "that never had any. An answer that does not move shows that here content sufficed, not "
        "that positions never matter.",
        formula=r"f(\mathbf{x}_{\pi(1)},\dots,\mathbf{x}_{\pi(N)})="
        r"f(\mathbf{x}_1,\dots,\mathbf{x}_N)\quad"
        r"\text{for every order } \pi, \text{ without positions}",
        source="Vaswani et al., Attention Is All You Need (2017), section 3.5.",
        code=components.source_of("vitcore/intervention.py", "Intervention"),
        key="positions_shuffle",
    )


def draw_distance(kinds: list[PositionKind]) -> None:
    """Mean cosine against distance, for every kind."""
    st.subheader(distance_title(kinds[0]))
    if kinds[0].correlation is None:
        components.figure_state(
            "empty",
            "A distance needs two places.",
            "Choose a smaller patch size to see how similarity falls.",
            height=300,
        )
        return
    lines = {kind.label: similarity_by_distance(kind.similarity) for kind in kinds}
    figure = similarity_against_distance(lines, colours=palette(st.context.theme.type))
    st.plotly_chart(
        figure, width="stretch", key="positions_distance", config={"displayModeBar": False}
    )
    components.how_to_read_inline(
        text="Each point is the mean cosine over all pairs of places that far apart. A line that "
        "falls says that close places are alike; the correlation below each kind above "
        "puts the same into one number. "
        f"{rise_reason(kinds[0])}Sin-cos 1-D counts places in reading order, so it "
        "knows left and right but takes the end of a row for a neighbour of the next.",
        formula=r"\bar s(d)=\operatorname{mean}\{\,s_{ij} : i\neq j,\ "
        r"\lVert p_i-p_j\rVert=d\,\}",
        source="Sin-cos: Vaswani et al. (2017), section 3.5; 2-D as in MoCo v3 (2021).",
        code=components.source_of("vitcore/introspection/positions.py", "similarity_by_distance"),
        key="positions_distance",
    )


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
chain = st.container(height=56, border=False, key="positions_chain")
config = None
try:
    config, weights = services.weights(model)
except (ValueError, OSError) as error:
    st.title("The positions of this model cannot be read")
    components.figure_state(
        "error",
        sentence(str(error)),
        "Choose another model; the picture is kept.",
        height=420,
    )
else:
    side = grid_side(patch_size, config.image_size)
    kinds = position_kinds(config, weights.get("positions"), (side, side))
    untrained = next(kind for kind in kinds if kind.name == "untrained")
    own = kinds[0] if kinds[0].own else None
    st.title(position_title(own, untrained, began=closeness_begun_with(config, (side, side))))
    draw_tiles(picture, patch_size, config, kinds, f"{picture.key}-{patch_size}-{model}")
    draw_shuffle(model, picture, patch_size, config)
    explain_shuffle()
    draw_distance(kinds)

with chain:
    answer = services.reading(model, picture, patch_size)
    stage = components.strip(answer, picture, patch_size, now="positions", config=config)
if stage and stage != "positions":
    navigation.goto(stage)
