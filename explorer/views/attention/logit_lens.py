"""Logit lens: predictions after each block, per patch, with patch logits and token norms."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer import client, components
from explorer.components.attribution_tiles.component import Group, Tile, map_tiles, tiles_payload
from explorer.components.patch_predictions.component import answers_by_patch, answers_payload
from explorer.figures.logit_lens import logit_lens, token_norms
from explorer.records import ModelOutput
from explorer.results import Ready
from explorer.text.formatting import signed
from explorer.text.language import N_, tr
from explorer.views.attention.common import (
    CHANGED,
    AnalysisContext,
    as_csv,
    as_npz,
    chart,
    colours,
    download,
    draw_placeholder,
    quiet,
)
from explorer.views.attention.findings import (
    logit_lens_finding,
    patch_logits_finding,
    patch_predictions_finding,
    token_norms_finding,
)
from vitcore.interpret.token_norms import high_norm_tokens

HEIGHT = 480


def draw(context: AnalysisContext) -> None:
    """Four figures of one forward pass, with the interventions."""
    output = context.baseline
    if context.selection.intervened:
        result = client.forward(context.selection, newest=True)
        if not isinstance(result, Ready):
            draw_placeholder(result, height=HEIGHT)
            return
        output = result.value
        quiet(tr(CHANGED))
    answer = int(output.logit_lens[-1].argmax())
    other = context.other if context.other != answer else context.predicted
    left, right = st.columns([10, 11], gap="large")
    with left:
        _logit_lens(context, output, answer, other)
    with right:
        _by_patch(context, output, answer, other)
    if context.model.config.pooling == "mean" and output.patch_logits is not None:
        left, right = st.columns([10, 11], gap="large")
        with left:
            _patch_logits(context, output, answer, other)
        with right:
            _norms(output)
    else:
        _norms(output)
    row = st.container(horizontal=True, gap="small")
    name = context.selection.file("logit-lens")
    download(
        tr("Predictions (CSV)"), lambda: logit_lens_csv(output, context.names), f"{name}.csv",
        key="logit_lens_csv", place=row,
    )  # fmt: skip
    download(tr("Arrays (NPZ)"), lambda: npz(output), f"{name}.npz", key="early_npz", place=row)


def _logit_lens(context: AnalysisContext, output: ModelOutput, answer: int, other: int) -> None:
    names = context.shown_names
    components.figure_heading(tr("Logit lens"), logit_lens_finding(output.logit_lens, names))
    figure = logit_lens(output.logit_lens, names, answer=answer, other=other, colours=colours())
    chart(figure, "attention_logit_lens")
    components.how_to_read(
        "attention_logit_lens",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def _by_patch(context: AnalysisContext, output: ModelOutput, answer: int, other: int) -> None:
    components.figure_heading(
        tr("Per-patch predictions"),
        patch_predictions_finding(output.patch_logit_lens, context.shown_names, answer),
    )
    answers_by_patch(
        answers_payload(
            output.image,
            output.patch_logit_lens,
            output.grid,
            names=context.shown_names,
            coloured=(answer, other),
            file=context.selection.file("patches.png"),
            rev=f"{context.selection.key}·{answer}·{other}",
        ),
        key="attention_by_patch",
    )
    components.how_to_read(
        "attention_patch_predictions_class_token"
        if context.model.config.pooling == "class"
        else "attention_patch_predictions",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def _patch_logits(context: AnalysisContext, output: ModelOutput, answer: int, other: int) -> None:
    patch_logits, names = output.patch_logits, context.shown_names
    components.figure_heading(
        tr("Patch logits"), patch_logits_finding(patch_logits, names, answer, other)
    )
    # A class has its color here as in the curves; gray is below zero.
    maps = {
        tr("{label} logit", label=names[answer]): (patch_logits[:, answer], ("third", "first")),
        tr("{label} logit", label=names[other]): (patch_logits[:, other], ("third", "second")),
        tr("Difference"): (patch_logits[:, answer] - patch_logits[:, other], ("second", "first")),
    }
    tiles = tuple(
        Tile(
            name=name,
            said=name.lower(),
            note=tr("mean {value}", value=signed(float(values.mean()))),
            values=values.reshape(output.grid),
            scale=_ends(values),
            signed=True,
            ends=ends,
            testing=False,
        )
        for name, (values, ends) in maps.items()
    )
    map_tiles(
        tiles_payload(
            output.image,
            (Group(name=tr("Mean over patches = model logit"), tiles=tiles),),
            file=context.selection.file("patch-logits.png"),
            rev=f"patch-logits·{context.selection.key}·{answer}·{other}",
        ),
        key="attention_patch_logits",
    )
    components.how_to_read(
        "attention_patch_logits",
        code=components.source_of("vitcore/interpret/logit_lens.py", "logit_lens"),
    )


def _ends(values: np.ndarray) -> tuple[str, str, str]:
    most = f"{float(np.abs(values).max()):.1f}"
    return f"−{most}", "0", f"+{most}"


def _norms(output: ModelOutput) -> None:
    outliers = high_norm_tokens(output.token_norms, num_prefix_tokens=output.num_prefix_tokens)
    components.figure_heading(
        tr("Token norms"),
        token_norms_finding(output.token_norms, outliers, prefix=output.num_prefix_tokens),
    )
    figure = token_norms(
        output.token_norms,
        outliers,
        prefix=output.num_prefix_tokens,
        columns=output.grid[1],
        colours=colours(),
    )
    chart(figure, "attention_norms")
    components.how_to_read(
        "attention_token_norms", code=components.source_of("vitcore/interpret/token_norms.py")
    )


def logit_lens_csv(output: ModelOutput, names: tuple[str, ...]) -> str:
    """A row for the image and each patch after each block: the probability of each class."""
    rows = []
    for place, (whole, patches) in enumerate(
        zip(output.logit_lens, output.patch_logit_lens, strict=True)
    ):
        rows.append([place, "image", "", *whole])
        for patch, shares in enumerate(patches):
            row, column = divmod(patch, output.grid[1])
            rows.append([place, row + 1, column + 1, *shares])
    return as_csv([N_("after block"), "row", "column", *names], rows)


def npz(output: ModelOutput) -> bytes:
    """Logit lens, patch logits and token norms."""
    arrays = {
        "logit_lens": output.logit_lens,
        "patch_logit_lens": output.patch_logit_lens,
        "token_norms": output.token_norms,
        "logits": output.logits,
    }
    if output.patch_logits is not None:
        arrays["patch_logits"] = output.patch_logits
    return as_npz(**arrays)
