"""What the steps of a tour say in numbers, each from the model as it is at that moment.

A function gives the values of the names in a step's words. Three of them have a meaning beyond:
`answer` is the correct option, `pin` the patch to pin, `head` the (block, head) to show large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer import client
from explorer.client import card_metrics
from explorer.records import ModelOutput
from explorer.results import Failure, Pending, Ready
from explorer.selection import ModelRef, Selection, selected
from explorer.state import shuffled_order
from explorer.text.findings import percent, prediction
from explorer.text.formatting import max_difference
from explorer.text.language import tr
from explorer.text.position_encodings import position_encodings
from vitcore.config import PATCH_SIZES, ViTConfig, grid_side
from vitcore.interpret.branches import KEPT
from vitcore.interpret.distance import distance_bounds
from vitcore.interpret.selective_head import selective_head

Facts = dict[str, Any] | Pending | Failure
_MOVED, _ROUNDING = 0.02, 1e-3  # change of a probability that counts as one; that rounding explains
_WIDE = 0.9  # of the mean distance of uniform attention, from which a head counts as wide


@dataclass(frozen=True, slots=True)
class Known:
    """What every fact may start from."""

    selection: Selection
    model: ModelRef
    answer: ModelOutput

    @property
    def config(self) -> ViTConfig:
        return self.model.config

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, in the language of the page."""
        return self.model.shown_names


_FUNCTIONS: dict[str, Callable[[Known], Facts]] = {}


def of(name: str) -> dict[str, Any] | Failure:
    """The facts of this name for the selected image, patch size and model.

    Of those that are still awaited, "waiting" says what is being done.
    """
    selection = selected()
    model = selection.model
    if isinstance(model, Failure):
        return model
    result = client.forward(selection)
    names, label = model.shown_names, selection.truth
    common = shape(model, selection.patch_size)
    if not isinstance(result, Ready):
        return {**common, "waiting": result.message}
    answer = result.value
    common |= {
        "top": names[int(answer.probabilities.argmax())],
        "confidence": percent(float(answer.probabilities.max())),
        "truth": tr("unknown") if label is None else names[label],
        "prediction": prediction(answer.probabilities, label, names),
    }
    own = _FUNCTIONS[name](Known(selection, model, answer)) if name != "common" else {}
    if isinstance(own, (Pending, Failure)):
        return {**common, "waiting": own.message}
    return {**common, **own}


def shape(model: ModelRef, patch_size: int) -> dict[str, Any]:
    """What is known of the forward pass before it has run."""
    config = model.config
    side = grid_side(patch_size, config.image_size)
    return {
        "model": model.name,
        "P": patch_size,
        "side": side,
        "N": side * side,
        "T": config.tokens(patch_size),
        "D": config.width,
        "L": config.depth,
        "H": config.num_heads,
        "d": config.d,
        "mlp": config.mlp_dim,
        "numbers": 3 * patch_size**2,
        "pixels": f"{3 * (side * patch_size) ** 2:,}",
    }


def grid_and_input() -> tuple[tuple[int, int], np.ndarray]:
    """The patch grid and the model input."""
    selection = selected()
    return (selection.side, selection.side), selection.model_input


def _blocks(depth: int) -> list[str]:
    return [tr("block {block}", block=number) for number in range(1, depth + 1)]


def _fact(function: Callable[[Known], Facts]) -> Callable[[Known], Facts]:
    _FUNCTIONS[function.__name__] = function
    return function


@_fact
def shuffling(known: Known) -> Facts:
    """Whether shuffled patches change the prediction, with position embeddings and without."""
    answer = known.answer
    result = client.shuffle_predictions(known.selection, shuffled_order(answer.grid))
    if not isinstance(result, Ready):
        return result
    found = result.value

    def change(before: np.ndarray, after: np.ndarray) -> tuple[float, str]:
        top, then = int(before.argmax()), int(after.argmax())
        line = f"{known.names[top]} {percent(float(before[top]))} → "
        line += "" if top == then else f"{known.names[then]} "
        return float(np.abs(after - before).max()), line + percent(float(after[then]))

    moved, with_line = change(found.original, found.shuffled)
    still, without_line = change(found.original_without, found.shuffled_without)
    with_it, without_it = moved > _MOVED, still > _ROUNDING
    return {
        "answer": {(True, False): 0, (False, True): 1, (True, True): 2, (False, False): 3}[
            with_it, without_it
        ],
        "with": with_line,
        "without": without_line,
    }


@_fact
def convolution(known: Known) -> Facts:
    """With which stride a convolution is the patch embedding, and how much of the model it is."""
    result = client.dense_conv_difference(known.selection)
    if not isinstance(result, Ready):
        return result
    size = known.selection.patch_size
    strides = sorted({1, size // 2, size})
    counts = {name: array.size for name, array in client.weights(known.model).items()}
    own = sum(count for name, count in counts.items() if name.startswith("patch_embedding/"))
    total = sum(counts.values())
    return {
        "options": [tr("Stride {stride}", stride=stride) for stride in strides],
        "answer": strides.index(size),
        "difference": max_difference(result.value),
        "total": f"{total:,}",
        "share": percent(own / total),
    }


@_fact
def neighbors(known: Known) -> Facts:
    """Cosine similarity of position embeddings: neighbors, and opposite corners."""
    answer = known.answer
    weights = client.weights(known.model)
    rows, columns = answer.grid
    kind = position_encodings(known.config, weights.get("positions"), answer.grid)[0]
    if not kind.own or columns < 2:
        return {"near": tr("none"), "far": tr("none")}
    alike = kind.similarity  # (gh, gw, gh, gw)
    near = [alike[r, c, r, c + 1] for r in range(rows) for c in range(columns - 1)]
    far = [alike[0, 0, -1, -1], alike[0, -1, -1, 0]]
    return {"near": f"{np.mean(near):.2f}", "far": f"{np.mean(far):.2f}".replace("-", "−")}


@_fact
def strongest_key(known: Known) -> Facts:
    """Where one query of the most selective head attends most."""
    answer = known.answer
    found = selective_head(
        answer.attention, answer.grid, num_prefix_tokens=answer.num_prefix_tokens
    )
    row = answer.attention[found.block, found.head, answer.num_prefix_tokens + found.patch]
    shares, columns = row[answer.num_prefix_tokens :], answer.grid[1]
    key = int(shares.argmax())
    return {
        "head": (found.block, found.head),
        "pin": found.patch,
        "key": key,
        "shares": [round(float(share), 5) for share in shares],
        "block_n": found.block + 1,
        "head_n": found.head + 1,
        "query_at": f"({found.patch // columns + 1}, {found.patch % columns + 1})",
        "times": f"{float(shares[key]) * len(row):.0f}",
        "three": tr(", ").join(
            f"({k // columns + 1}, {k % columns + 1}) {percent(float(shares[k]))}"
            for k in np.argsort(-shares)[:3]
        ),
        "uniform": percent(1 / len(row)),
    }


@_fact
def distances(known: Known) -> Facts:
    """From which block on a head attends about as far as uniform attention would."""
    result = client.head_metrics(known.selection)
    if not isinstance(result, Ready):
        return result
    distance = result.value.distance[0]  # (L, H), pixels
    uniform, _ = distance_bounds(known.answer.grid, (known.config.image_size,) * 2)
    wide = [*(distance.max(axis=1) >= _WIDE * uniform), True]
    first, last = (
        tr(", ").join(f"{one:.1f}" for one in np.sort(heads))
        for heads in (distance[0], distance[-1])
    )
    return {
        "options": [*_blocks(len(distance)), tr("none")],
        "answer": wide.index(True),
        "wide": percent(_WIDE),
        "first": first,
        "last": last,
        "uniform": f"{uniform:.1f}",
    }


@_fact
def best_head(known: Known) -> Facts:
    """The head whose ablation costs the predicted class most."""
    answer = known.answer
    result = client.head_ablation(known.selection)
    if not isinstance(result, Ready):
        return result
    found = result.value
    change = found.effects.heads.probability  # (L, H)
    block, head = map(int, np.unravel_index(int(change.argmin()), change.shape))
    rank = np.argsort(np.argsort(change, axis=None))
    return {
        "heads": [known.config.depth, known.config.num_heads],
        "answer": block * known.config.num_heads + head,
        "changes": [round(100 * float(one), 1) for one in change.ravel()],
        "ranks": [int(one) + 1 for one in rank],
        "block_n": block + 1,
        "head_n": head + 1,
        "then": percent(float(answer.probabilities[found.class_index] + change.min())),
        "label": known.names[found.class_index],
    }


@_fact
def residuals(known: Known) -> Facts:
    """What the model predicts without one residual connection, and without one sub-layer."""
    answer = known.answer
    result = client.residual_ablation(known.selection)
    if not isinstance(result, Ready):
        return result
    found = result.value
    top = int(answer.probabilities.argmax())
    alone = found[:, :, KEPT.index("branch")].argmax(-1) == top  # f(x) only
    kept = found[:, :, KEPT.index("input")].argmax(-1) == top  # x only
    sums = alone.size
    share = int(alone.sum()) / sums
    return {
        "sums": sums,
        "cut_ok": int(alone.sum()),
        "layer_ok": int(kept.sum()),
        "answer": 0 if share > 0.75 else 1 if share > 0.25 else 2,
    }


@_fact
def first_right(known: Known) -> Facts:
    """From which block on the logit lens gives the final class."""
    answer = known.answer
    tops = answer.logit_lens.argmax(-1)  # (L+1,)
    last = tops[-1]
    other = np.flatnonzero(tops != last)
    block = int(other[-1]) + 1 if len(other) else 0
    at = answer.logit_lens[block, last]
    return {
        "options": [
            tr("before block 1"),
            *_blocks(known.config.depth),
        ],
        "answer": block,
        "where": tr("after block {block}", block=block) if block else tr("before block 1"),
        "at": percent(float(at)),
    }


@_fact
def pooling(known: Known) -> Facts:
    """How the last tokens become one, and how many patches would give the same class alone."""
    patch_logits, top = known.answer.patch_logits, int(known.answer.probabilities.argmax())
    if patch_logits is None:
        return {"pooled": tr("a class token stands in for the average"), "alone": ""}
    same, count = int((patch_logits.argmax(-1) == top).sum()), len(patch_logits)
    return {
        "pooled": tr("the patch tokens are averaged, too"),
        "alone": tr(
            "Alone, {same} of {count} patch tokens would give {label}.",
            same=same,
            count=count,
            label=known.names[top],
        ),
    }


@_fact
def pairs(_known: Known) -> Facts:
    """How tokens and pairs grow where the patch size is halved."""
    small, large = 2, 4
    tokens = {size: grid_side(size) ** 2 for size in (small, large)}
    ratio = (tokens[small] / tokens[large]) ** 2
    options = [2, 4, 8, 16]
    return {
        "options": [f"{one}×" for one in options],
        "answer": options.index(round(ratio)),
        "tokens_large": tokens[large],
        "tokens_small": tokens[small],
        "pairs_large": f"{tokens[large] ** 2:,}",
        "pairs_small": f"{tokens[small] ** 2:,}",
    }


@_fact
def accuracy(known: Known) -> Facts:
    """The accuracy on the card of the model, and its most frequent error."""
    model, patch_size = known.model.name, known.selection.patch_size
    shares, count = card_metrics.shares_on_card(model, "cifar10")
    found = card_metrics.confusion(card_metrics.card_of(model))
    size = patch_size if patch_size in shares else PATCH_SIZES[2]
    said = percent(shares[size]) if size in shares else tr("not on its card")
    facts: dict[str, Any] = {"accuracy": said, "count": f"{count:,}", "chance": percent(0.1)}
    if found is not None:
        matrix = np.array(found[2], float)
        shown = matrix / matrix.sum(1, keepdims=True)
        np.fill_diagonal(shown, 0)
        true, predicted = map(int, np.unravel_index(int(shown.argmax()), shown.shape))
        facts |= {
            "true": known.names[true],
            "predicted": known.names[predicted],
            "rate": percent(float(shown[true, predicted])),
        }
        options = [
            (true, predicted),
            *[pair for pair in ((8, 0), (6, 2), (1, 8)) if pair != (true, predicted)],
        ]
        order = np.random.default_rng(3).permutation(len(options))
        facts["options"] = [
            f"{known.names[options[k][0]]} → {known.names[options[k][1]]}" for k in order
        ]
        facts["answer"] = int(np.flatnonzero(order == 0)[0])
    return facts
