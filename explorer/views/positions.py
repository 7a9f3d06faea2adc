"""Positions: the similarity of position embeddings, and what the model predicts without them."""

import streamlit as st

from explorer import client, components, navigation, state, url, url_fields
from explorer.components.positions.component import positions, positions_payload
from explorer.components.shuffle.component import shuffle, shuffle_payload
from explorer.components.token_maps.component import token_maps, token_maps_payload
from explorer.data.small_models import conditions, small_models
from explorer.figures.positions import similarity_against_distance
from explorer.figures.small_models import accuracy_dots
from explorer.figures.style import palette, toolbar
from explorer.records import TokenMaps
from explorer.results import Failure, Ready
from explorer.selection import ModelRef, Selection, selected
from explorer.text.formatting import signed
from explorer.text.language import N_, tr
from explorer.text.position_encodings import (
    PositionEncoding,
    began_with_waves,
    closeness_begun_with,
    position_encodings,
)
from explorer.text.position_findings import (
    distance_finding,
    position_finding,
    rise,
    shuffle_finding,
    token_finding,
)
from explorer.text.small_model_findings import ENCODINGS, encoding_finding
from vitcore.interpret.positions import similarity_by_distance
from vitcore.patches import patchify, unpatchify

_NAME = N_("Position embeddings")
_TOKENS, _TOKENS_HEIGHT = "positions_tokens", 400
MOST_PATCHES = 1024  # compared with each other: beyond, N × N cosines take seconds here


def too_many(selection: Selection) -> bool:
    """Whether there are more patches than are compared with each other."""
    return selection.side**2 > MOST_PATCHES


def draw_tiles(selection: Selection, model: ModelRef, kinds: list[PositionEncoding]) -> None:
    """The figure of tiles, and how to read it."""
    config = model.config
    draw_similarity(selection, kinds)
    correlation = next(kind.correlation for kind in kinds if kind.name == "untrained")
    components.how_to_read(
        "positions_tiles_mimetic" if began_with_waves(config) else "positions_tiles",
        code=components.source_of(
            "vitcore/interpret/positions.py", "cosine_similarity", "spatial_correlation"
        ),
        base=config.pos_embed_grid,
        r="–" if correlation is None else signed(correlation),
    )


@st.fragment
def draw_similarity(selection: Selection, kinds: list[PositionEncoding]) -> None:
    """The figure alone, which runs by itself where another encoding or scale is chosen."""
    key, known = "positions_tiles", url.known_of(selection)
    asked = state.asked(key, url_fields.POSITIONS, known)
    data = positions_payload(selection.model_input, kinds, asked=asked, rev=selection.key)
    positions(data, key=key, on_view=lambda: state.keep(key, url_fields.POSITIONS, known))


def draw_shuffle(selection: Selection, model: ModelRef) -> None:
    """The shuffled image and what the model predicts for it."""
    cells = patchify(selection.model_input, selection.patch_size)  # (gh, gw, P, P, 3)
    rows, columns = cells.shape[:2]
    state.in_url(state.SHUFFLE)
    order = state.shuffled_order((rows, columns))
    moved = cells.reshape(rows * columns, *cells.shape[2:])[order].reshape(cells.shape)
    names, finding = model.shown_names, ""
    if rows * columns == 1:
        result = Failure(tr("Only one patch."), tr("Use a smaller patch size."))
        finding = None
    else:
        result = client.shuffle_predictions(selection, order)
        if isinstance(result, Ready):
            placed = model.config.positions != "none"
            finding = shuffle_finding(result.value, names, positions=placed)
    components.figure_heading(tr("Patch shuffling"), finding, key="positions_shuffle")
    data = shuffle_payload(
        unpatchify(cells),
        unpatchify(moved),
        result.value if isinstance(result, Ready) else result,
        names=names,
        truth=selection.truth,
        moves=rows * columns > 1,
        rev=f"{selection.key}-{state.shuffles()}",
    )
    shuffle(data, key="positions_shuffle", on_again=shuffle_again)


def shuffle_again() -> None:
    st.session_state[state.SHUFFLE] = str((state.shuffles() + 1) % 10_000)


def draw_distance(kinds: list[PositionEncoding]) -> None:
    """Mean cosine against distance, for every encoding."""
    components.figure_heading(tr("Similarity vs. distance"), distance_finding(kinds[0]) or None)
    if kinds[0].single:
        components.figure_state(
            "empty", tr("Only one position."), tr("Use a smaller patch size."), height=300
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


def draw_too_many(name: str | None = None, *, height: int) -> None:
    """What stands in the place of a figure that compares more patches than can be drawn."""
    if name:
        components.figure_heading(name)
    components.figure_state(
        "empty", tr("Too many patches."), tr("Use a larger patch size."), height=height
    )


def draw_tokens(selection: Selection) -> None:
    """What becomes of the similarity of positions: that of the tokens, after each block."""
    name, known = tr("Token similarity"), url.known_of(selection)
    if too_many(selection):
        state.asked(_TOKENS, url_fields.TOKENS, known)
        draw_too_many(name, height=_TOKENS_HEIGHT)
        return
    if selection.side == 1:
        state.asked(_TOKENS, url_fields.TOKENS, known)
        components.figure_heading(name)
        components.figure_state(
            "empty",
            tr("Only one patch."),
            tr("Use a smaller patch size."),
            height=_TOKENS_HEIGHT,
        )
        return
    result = client.token_maps(selection)
    if not isinstance(result, Ready):
        state.asked(_TOKENS, url_fields.TOKENS, known)
        components.figure_heading(name, "")
        components.placeholder(result, height=_TOKENS_HEIGHT)
        return
    maps = result.value
    components.figure_heading(name, token_finding(maps.similarity))
    draw_token_maps(selection, maps)
    components.how_to_read(
        "positions_tokens",
        code=components.source_of(
            "vitcore/interpret/token_similarity.py", "token_similarity", "token_components"
        ),
    )


@st.fragment
def draw_token_maps(selection: Selection, maps: TokenMaps) -> None:
    """The figure alone, which runs by itself where another block or scale is chosen."""
    known = url.known_of(selection)
    data = token_maps_payload(
        selection.model_input,
        maps.grid,
        maps.similarity,
        maps.components,
        maps.explained,
        asked=state.asked(_TOKENS, url_fields.TOKENS, known),
        rev=selection.key,
    )
    token_maps(data, key=_TOKENS, on_view=lambda: state.keep(_TOKENS, url_fields.TOKENS, known))


def draw_accuracy() -> None:
    """What the encodings are worth: small models trained alike."""
    models = small_models()
    components.figure_heading(tr("Accuracy by encoding"), encoding_finding(models))
    figure = accuracy_dots(
        {tr(label): models[name] for name, label in ENCODINGS.items()},
        colours=palette(st.context.theme.type),
    )
    st.plotly_chart(
        figure, width="stretch", key="positions_accuracy", config=toolbar("accuracy-by-encoding")
    )
    how = conditions()
    components.how_to_read(
        "small_models_positions",
        code=components.source_of("vitcore/bench/comparison.py"),
        width=how["model"]["width"],
        blocks=how["model"]["depth"],
        patch_size=how["model"]["patch_size"],
        steps=how["steps"],
        batch_size=how["batch_size"],
    )


selection = selected()
model = selection.model
chain = st.container(height=40, border=False, key="positions_chain")
if isinstance(model, Failure):
    components.page_heading(tr(_NAME), key="positions")
    components.placeholder(model, height=420)
else:
    config, side, kinds = model.config, selection.side, []
    if too_many(selection):
        state.asked("positions_tiles", url_fields.POSITIONS, url.known_of(selection))
        components.page_heading(tr(_NAME), key="positions")
        draw_too_many(height=420)
    else:
        kinds = position_encodings(config, client.weights(model).get("positions"), (side, side))
        random_init = next(kind for kind in kinds if kind.name == "untrained")
        own, began = kinds[0] if kinds[0].own else None, closeness_begun_with(config, (side, side))
        finding = position_finding(own, random_init, began=began)
        components.page_heading(tr(_NAME), finding, key="positions")
        draw_tiles(selection, model, kinds)
    draw_shuffle(selection, model)
    components.how_to_read(
        "positions_shuffle", code=components.source_of("vitcore/intervention.py", "Intervention")
    )
    if kinds:
        draw_distance(kinds)
    else:
        draw_too_many(tr("Similarity vs. distance"), height=300)
    draw_tokens(selection)
    draw_accuracy()

with chain:
    stage = components.strip(client.forward(selection), selection, now="positions")
if stage and stage != "positions":
    navigation.goto(stage)
