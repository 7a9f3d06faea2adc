"""A Python script with vitcore that reproduces what the page shows."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.selection import Image
from explorer.text.image_code import IN_FOLDER, image_code
from vitcore.config import CLASS_NAMES
from vitcore.intervention import Intervention


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the page's figures depend on."""

    model: str
    image: Image
    patch_size: int
    changes: Intervention
    answer: int  # the predicted class
    other: int  # the class it is compared with
    fusion: str = "mean"
    discard: float = 0.0
    pooling: str = "mean"
    prefix: int = 0
    pinned: int | None = None
    looked_at: bool = False  # the pinned patch is the key, not the query


def script(state: State) -> str:
    """Python source that computes every value of the page, in its order."""
    parts = [
        _opening(state),
        image_code(state.image, mask=True) + "\n",
        _trace(state),
        _maps(state),
        _heads(),
        _numbers(state),
        _logit_lens(state),
    ]
    return "\n".join(parts)


def _opening(state: State) -> str:
    image = state.image
    said = image.name if image.is_own else f"{image.name} of {image.source}"
    shown = f"{said}, patch size {state.patch_size}, model {_plain(state.model)}"
    return f'''"""What ViT Explorer showed: {shown}."""

{IN_FOLDER}
import numpy as np

import vitcore
from vitcore import checkpoints

model = vitcore.load({state.model!r})
patch_size = {state.patch_size}
answer, other = {state.answer}, {state.other}  # {_class(state.answer)}, {_class(state.other)}
'''


def _trace(state: State) -> str:
    changes = state.changes
    lines = ["# One forward pass, with the interventions."]
    if changes == Intervention():
        lines.append("change = None")
    else:
        lines.append(
            f"change = vitcore.Intervention(ablated_heads={_whole(changes.ablated_heads)}, "
            f"patches={_moves(changes)}, use_pos_embed={changes.use_pos_embed})"
        )
    lines += [
        "trace = vitcore.trace(model, image, patch_size=patch_size, intervention=change)",
        "probabilities = trace.probabilities  # (C,)",
        "attention = trace.attention  # (L, H, T, T), rows are queries",
    ]
    if state.pinned is not None:
        lines.append("first = trace.num_prefix_tokens")
        lines.append(
            f"pinned = attention[:, :, first:, first + {state.pinned}]"
            "  # (L, H, N), the pinned patch is the key"
            if state.looked_at
            else f"pinned = attention[:, :, first + {state.pinned}, first:]"
            "  # (L, H, N), the pinned patch is the query"
        )
    return "\n".join(lines) + "\n"


def _maps(state: State) -> str:
    how = f'head_fusion="{state.fusion}", discard_ratio={state.discard:g}'
    return f"""# Attribution maps, deletion and insertion curves; without interventions.
whole = vitcore.trace(model, image, patch_size=patch_size)
pool = {{"pooling": model.config.pooling, "num_prefix_tokens": whole.num_prefix_tokens}}
raw = vitcore.pooled_attention(whole.attention[-1].mean(axis=0), **pool).reshape(whole.grid)
rolled = vitcore.rollout(whole.attention, {how})
rollout = vitcore.pooled_attention(rolled, **pool).reshape(whole.grid)
maps, curves = {{}}, {{}}
for label in (answer, other):
    relevance = vitcore.relevance(model, image, label, patch_size)
    occlusion = vitcore.occlusion(model, image, label, patch_size)
    maps[label] = np.stack([raw, rollout, relevance, occlusion]).astype(np.float32)
    curves[label] = vitcore.deletion_insertion(model, image, maps[label], label, patch_size)
"""


def _heads() -> str:
    return """# Head ablation: change in probability without each head, (L, H).
effects = vitcore.head_importance(model, image[None], None, patch_size)
without_each = effects.heads.probability
"""


def _numbers(state: State) -> str:
    lines = [
        "# Head metrics, each (L, H), with the interventions.",
        "distance = vitcore.attention_distance(trace)",
        "entropy = vitcore.attention_entropy(trace)",
        "dependence = vitcore.query_dependence(trace)",
    ]
    if state.prefix:
        lines += [
            "in_paper = vitcore.attention_distance(trace, renormalize=False)",
            "on_prefix = vitcore.prefix_attention(trace)",
        ]
    # Where patches moved, the mask does not fit.
    if state.image.mask is not None and not state.changes.patches:
        lines += [
            "pooled = vitcore.pooled_attention(attention, **pool)",
            "on_object = vitcore.object_attention(pooled, mask, trace.grid)",
        ]
    return "\n".join(lines) + "\n"


def _logit_lens(state: State) -> str:
    lines = [
        "# Logit lens: logits after each block, of the image and of each patch.",
        f"config, weights = checkpoints.read({state.model!r})",
        "logit_lens = vitcore.logit_lens(trace.hidden_states, weights, config)",
        "token_norms = vitcore.token_norms(trace)  # (L+1, T)",
    ]
    if state.pooling == "mean":
        lines.append("# (N, C); their mean is trace.logits.")
        lines.append("patch_logits = trace.patch_logits[trace.num_prefix_tokens:]")
    return "\n".join(lines) + "\n"


def _class(index: int) -> str:
    return CLASS_NAMES[index] if index < len(CLASS_NAMES) else f"class {index}"


def _plain(name: str) -> str:
    """A model's name inside a docstring."""
    return name.replace("\\", "/").replace('"', "'")


def _whole(pairs: tuple[tuple[int, int], ...]) -> str:
    return repr(tuple((int(block), int(head)) for block, head in pairs))


def _moves(changes: Intervention) -> str:
    return repr({int(t): None if s is None else int(s) for t, s in sorted(changes.patches.items())})
