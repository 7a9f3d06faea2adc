"""Overview: one forward pass, from the image to the prediction, on one screen."""

import streamlit as st

from explorer import client, components, tours
from explorer.client import card_metrics
from explorer.client.training_patch_sizes import trained_at
from explorer.components.start.component import start
from explorer.navigation import goto
from explorer.results import Failure, Ready
from explorer.selection import selected
from explorer.text import findings
from explorer.text.language import tr
from explorer.text.names import DATASET_NAMES, prefix_counts
from explorer.tours import guide
from vitcore.config import PATCH_SIZES


def choose_size() -> None:
    size = components.chosen_size(st.session_state.get("cut_sizes"))
    if size is not None:
        st.session_state["patch_size"] = size


def test_accuracy() -> tuple[dict[int, str], str, int]:
    """The model's test accuracy by patch size, from its card, and on what it was measured."""
    source, model = selection.image.source, selection.model_name
    data = source if source in DATASET_NAMES else card_metrics.learned_from(model)
    accuracy, images = card_metrics.shares_on_card(model, data)
    known = {
        size: tr("test {accuracy}", accuracy=findings.percent(value))
        for size, value in accuracy.items()
    }
    return known, DATASET_NAMES.get(data, data), images if known else 0


selection = selected()
config, patch_size = selection.config, selection.patch_size
result = client.forward(selection)
output = result.value
side = selection.side

if guide.now() is None:
    offered = [
        {"id": one.id, "title": one.title, "steps": len(one.steps), "questions": one.questions}
        for one in map(tours.tours().get, tours.NAMES)
    ]
    if (chosen := start(tours.article_map(), offered)) is not None:
        guide.start(guide.asked(chosen))
        st.rerun()
else:
    st.container(height=40, border=False, key="overview_chain")

finding = ""
if output is not None:
    said = findings.prediction(output.probabilities, selection.truth, selection.shown_names)
    finding = tr("Prediction: {prediction}", prediction=said)
components.page_heading(tr("Overview"), finding, key="overview")

if stage := components.hero(result, selection):
    goto(stage)

prefix = config.num_prefix_tokens if config else 0
class_token = config is not None and config.pooling == "class"
st.container(key="overview_facts").markdown(
    findings.facts(
        patch_size=patch_size,
        side=side,
        prefix=prefix_counts(prefix, class_token=class_token),
        tokens=side * side + prefix,
        image_size=selection.image_size,
        seconds=output.seconds if output is not None else None,
    )
)
components.how_to_read(
    "overview_class_token" if class_token else "overview",
    code=components.source_of("vitcore/tracing.py", "trace"),
    example="vit",
)

sizes = trained_at(selection.model_name, config) if config else ()
components.figure_heading(tr("Predictions by patch size"), help=findings.sizes_help(sizes))
results = {patch_size: result}
if isinstance(result, Failure):
    results = dict.fromkeys(PATCH_SIZES, result)
elif isinstance(result, Ready):  # until then, the worker has one thing to do
    for size in PATCH_SIZES:
        if size != patch_size and size <= selection.image_size:
            results[size] = client.forward(selection.at(size))
known, dataset, images = test_accuracy()
caption = findings.sizes_caption(sizes, dataset, images)
st.html(f'<p class="quiet-line">{caption}</p>')
components.cut_sizes(results, selection, known=known, on_change=choose_size)
