"""Overview: one forward pass, from the image to the prediction, on one screen."""

import streamlit as st

from explorer import client, components, state, tours
from explorer.client import card_metrics
from explorer.client.results import Problem, Reading
from explorer.client.training_patch_sizes import trained_at
from explorer.components.start.component import start
from explorer.navigation import goto
from explorer.text import findings
from explorer.text.datasets import DATASET_NAMES
from explorer.text.prefix_tokens import prefix_counts
from explorer.tours import guide
from vitcore.config import CLASS_NAMES, PATCH_SIZES, grid_side


def choose_size() -> None:
    size = components.chosen_size(st.session_state.get("cut_sizes"))
    if size is not None:
        st.session_state["patch_size"] = size


def test_accuracy() -> tuple[dict[int, str], str, int]:
    """The model's test accuracy by patch size, from its card, and on what it was measured."""
    data = picture.source if picture.source in DATASET_NAMES else card_metrics.learned_from(model)
    accuracy, images = card_metrics.shares_on_card(model, data)
    known = {size: f"test {findings.percent(value)}" for size, value in accuracy.items()}
    return known, DATASET_NAMES.get(data, data), images if known else 0


picture, patch_size, model = state.picture(), state.patch_size(), state.model()
try:
    config, _ = client.weights(model)
except (OSError, ValueError):  # `answer` says what is wrong
    config = None
answer = client.reading(model, picture, patch_size)
side = grid_side(patch_size)

if guide.now() is None:
    tour = tours.tour()
    chosen = start(
        tours.article_map(),
        minutes=tour.minutes,
        steps=len(tour.steps),
        questions=tour.questions,
    )
    if isinstance(chosen, dict):
        goto(chosen["page"])
    elif chosen is not None:
        guide.start(0 if chosen == "tour" else int(chosen))
        st.rerun()

finding = ""
if isinstance(answer, Reading):
    said = findings.prediction(answer.probabilities, picture.truth, CLASS_NAMES)
    finding = f"Prediction: {said}"
components.page_heading("Overview", finding, key="overview")

if stage := components.hero(answer, picture, patch_size, config=config):
    goto(stage)

prefix = config.num_prefix_tokens if config else 0
class_token = config is not None and config.pooling == "class"
st.container(key="overview_facts").markdown(
    findings.facts(
        patch_size=patch_size,
        side=side,
        prefix=prefix_counts(prefix, class_token=class_token),
        tokens=side * side + prefix,
        image_size=config.image_size if config else len(picture.pixels),
        seconds=answer.seconds if isinstance(answer, Reading) else None,
    )
)
components.how_to_read(
    "overview_class_token" if class_token else "overview",
    code=components.source_of("vitcore/tracing.py", "trace"),
    example="vit",
)

sizes = trained_at(model, config) if config else ()
components.figure_heading("Predictions by patch size", help=findings.sizes_help(sizes))
answers = {patch_size: answer}
if isinstance(answer, Problem):
    answers = dict.fromkeys(PATCH_SIZES, answer)
elif isinstance(answer, Reading):  # until then, the worker has one thing to do
    for size in PATCH_SIZES:
        if size != patch_size:
            answers[size] = client.reading(model, picture, size)
known, dataset, images = test_accuracy()
caption = findings.sizes_caption(sizes, dataset, images)
st.html(f'<p class="quiet-line">{caption}</p>')
components.cut_sizes(
    answers, picture, patch_size, prefix=prefix, known=known, on_change=choose_size
)
