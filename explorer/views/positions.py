"""Positions: the similarity of position embeddings, and what the model predicts without them."""

import streamlit as st

from explorer import client, components, navigation, state
from explorer.client import Problem, Waiting
from explorer.client.shuffling import four_answers, permutation
from explorer.client.token_maps import token_maps as maps_of_tokens
from explorer.components.positions.component import positions, positions_payload
from explorer.components.shuffle import answers_html, pictures_html
from explorer.components.token_maps.component import token_maps, token_maps_payload
from explorer.figures.positions import similarity_against_distance
from explorer.figures.style import palette, toolbar
from explorer.text.class_names import class_names
from explorer.text.formatting import max_difference, signed
from explorer.text.position_encodings import (
    PositionEncoding,
    began_with_waves,
    closeness_begun_with,
    position_encodings,
)
from explorer.text.position_findings import (
    Shuffling,
    distance_finding,
    position_finding,
    rise,
    shuffle_finding,
)
from explorer.text.token_findings import token_finding
from vitcore.config import ViTConfig, grid_side
from vitcore.interpret.positions import similarity_by_distance
from vitcore.messages import as_sentence
from vitcore.patches import model_input, patchify, unpatchify

_NAME = "Position embeddings"
_SHUFFLE_HEIGHT = 290
_TOKENS_HEIGHT = 400


def draw_tiles(
    picture: state.Picture,
    patch_size: int,
    config: ViTConfig,
    kinds: list[PositionEncoding],
    rev: str,
) -> None:
    """The figure of tiles, and how to read it."""
    seen = model_input(picture.pixels, patch_size, image_size=config.image_size)
    positions(positions_payload(seen, kinds, rev=rev), key="positions_tiles")
    correlation = next(kind.correlation for kind in kinds if kind.name == "untrained")
    components.how_to_read(
        "positions_tiles_mimetic" if began_with_waves(config) else "positions_tiles",
        code=components.source_of(
            "vitcore/interpret/positions.py", "cosine_similarity", "spatial_correlation"
        ),
        base=config.pos_embed_grid,
        r="–" if correlation is None else signed(correlation),
    )


def draw_shuffle(
    model: str, picture: state.Picture, patch_size: int, config: ViTConfig | None
) -> None:
    """The shuffled image and what the model predicts for it."""
    heading = st.container()
    left, right = st.columns([10, 19], gap="medium")
    cells = patchify(picture.pixels, patch_size)  # (gh, gw, P, P, 3)
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
    pictures.html(pictures_html(unpatchify(cells), unpatchify(moved)))
    finding = ""
    with right:
        if rows * columns == 1:
            finding = None
            components.figure_state(
                "empty", "Only one patch.", "Use a smaller patch size.", height=_SHUFFLE_HEIGHT
            )
        else:
            answers = four_answers(model, picture, patch_size, order)
            if isinstance(answers, Shuffling):
                names = class_names(len(answers.original))
                finding = shuffle_finding(
                    answers, names, positions=config is None or config.positions != "none"
                )
                draw_answers(answers, names, picture.truth)
            else:
                components.figure_state(
                    "loading" if isinstance(answers, Waiting) else "error",
                    answers.what,
                    answers.then,
                    height=_SHUFFLE_HEIGHT,
                    done=answers.done if isinstance(answers, Waiting) else None,
                )
    components.figure_heading("Patch shuffling", finding, key="positions_shuffle", place=heading)


def draw_answers(answers: Shuffling, names: tuple[str, ...], truth: int | None) -> None:
    """The probabilities before and after, with position embeddings and without."""
    st.html(
        answers_html(
            answers,
            names=names,
            truth=truth,
            notes=(max_difference(answers.moved), max_difference(answers.moved_without)),
            ink=palette(st.context.theme.type).first,
        )
    )


def draw_distance(kinds: list[PositionEncoding]) -> None:
    """Mean cosine against distance, for every encoding."""
    components.figure_heading("Similarity vs. distance", distance_finding(kinds[0]) or None)
    if kinds[0].correlation is None:
        components.figure_state(
            "empty", "Only one position.", "Use a smaller patch size.", height=300
        )
        return
    lines = {kind.label: similarity_by_distance(kind.similarity) for kind in kinds}
    figure = similarity_against_distance(lines, colours=palette(st.context.theme.type))
    st.plotly_chart(
        figure, width="stretch", key="positions_distance", config=toolbar("similarity-vs-distance")
    )
    code = components.source_of("vitcore/interpret/positions.py", "similarity_by_distance")
    if found := rise(kinds[0]):
        edges, others = (signed(one) for one in found)
        components.how_to_read("positions_distance_rise", code=code, edges=edges, others=others)
    else:
        components.how_to_read("positions_distance", code=code)


def draw_tokens(
    model: str, picture: state.Picture, patch_size: int, config: ViTConfig, rev: str
) -> None:
    """What becomes of the similarity of positions: that of the tokens, after each block."""
    if grid_side(patch_size, config.image_size) == 1:
        components.figure_heading("Token similarity")
        components.figure_state(
            "empty", "Only one patch.", "Use a smaller patch size.", height=_TOKENS_HEIGHT
        )
        return
    maps = maps_of_tokens(model, picture, patch_size)
    if isinstance(maps, (Waiting, Problem)):
        components.figure_heading("Token similarity", "")
        components.figure_state(
            "loading" if isinstance(maps, Waiting) else "error",
            maps.what,
            maps.then,
            height=_TOKENS_HEIGHT,
        )
        return
    components.figure_heading("Token similarity", token_finding(maps.similarity))
    seen = model_input(picture.pixels, patch_size, image_size=config.image_size)
    data = token_maps_payload(
        seen, maps.grid, maps.similarity, maps.components, maps.explained, rev=rev
    )
    token_maps(data, key="positions_tokens")
    components.how_to_read(
        "positions_tokens",
        code=components.source_of(
            "vitcore/interpret/token_similarity.py", "token_similarity", "token_components"
        ),
    )


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
chain = st.container(height=56, border=False, key="positions_chain")
config = None
try:
    config, weights = client.weights(model)
except (ValueError, OSError) as error:
    components.page_heading(_NAME, key="positions")
    components.figure_state(
        "error",
        "Model weights could not be read.",
        f"{as_sentence(str(error))} Select another model.",
        height=420,
    )
else:
    side = grid_side(patch_size, config.image_size)
    kinds = position_encodings(config, weights.get("positions"), (side, side))
    random_init = next(kind for kind in kinds if kind.name == "untrained")
    own = kinds[0] if kinds[0].own else None
    finding = position_finding(own, random_init, began=closeness_begun_with(config, (side, side)))
    components.page_heading(_NAME, finding, key="positions")
    draw_tiles(picture, patch_size, config, kinds, f"{picture.key}-{patch_size}-{model}")
    draw_shuffle(model, picture, patch_size, config)
    components.how_to_read(
        "positions_shuffle", code=components.source_of("vitcore/intervention.py", "Intervention")
    )
    draw_distance(kinds)
    draw_tokens(model, picture, patch_size, config, f"{picture.key}-{patch_size}-{model}")

with chain:
    answer = client.reading(model, picture, patch_size)
    stage = components.strip(answer, picture, patch_size, now="positions", config=config)
if stage and stage != "positions":
    navigation.goto(stage)
