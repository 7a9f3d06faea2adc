"""Findings of the tabs, each one line written from the numbers it is about."""

from __future__ import annotations

import numpy as np

from explorer.records import MAPS
from explorer.text.findings import percent
from vitcore.interpret.deletion_insertion import Curves
from vitcore.interpret.head_ablation import HeadEffects, ranked
from vitcore.interpret.token_norms import NORM_RATIO

MAP_NAMES = dict(
    zip(MAPS, ("raw attention", "rollout", "relevance", "occlusion"), strict=True)
)  # as they are called in sentences
_BEATS = 0.03  # AUC by which an order must differ from a random one
_HARDLY = 0.01  # change of a probability that is none


def attribution_finding(found: Curves, *, patches: int) -> str:
    """Which maps do best in the deletion and the insertion test.

    Args:
        found: a row for each map in the order of MAPS, and a last one for random order.
        patches: in the grid.
    """
    if patches == 1:
        return "Only one patch: nothing to rank"
    areas, chance = found.deletion_area[:-1], float(found.deletion_area[-1])
    best = int(areas.argmin())
    if chance - areas[best] < _BEATS:
        return f"No map beats random order (deletion AUC {areas[best]:.2f} vs. {chance:.2f})"
    added, at_random = found.insertion_area[:-1], float(found.insertion_area[-1])
    first = f"Best deletion AUC: {_best(areas, best)} (random {chance:.2f})"
    if chance - areas[: MAPS.index("occlusion")].min() < _BEATS:  # it is itself made by masking
        return f"{first}; no attention-based map beats random order"
    return f"{first}; insertion: {_best(added, int(added.argmax()))} ({at_random:.2f})"


def _best(areas: np.ndarray, best: int) -> str:
    """The map of an area, with those whose areas read the same."""
    said = [f"{area:.2f}" for area in areas]
    alike = [MAP_NAMES[name] for name, one in zip(MAPS, said, strict=True) if one == said[best]]
    return f"{joined(alike)} {said[best]}"


def joined(words: list[str]) -> str:
    """ "a", "a and b" or "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def head_name(block: int, head: int) -> str:
    """The compact name of a head: L2H3."""
    return f"L{block + 1}H{head + 1}"


def points(change: float) -> str:
    """A change of probability in percentage points."""
    size = abs(100 * change)
    number = f"{size:.0f}" if size >= 9.95 else f"{size:.1f}"
    return f"{'−' if change < 0 else '+'}{number} pp"


def ablation_finding(effects: HeadEffects, label: str) -> str:
    """Which head changes this image's prediction most."""
    change = effects.heads.probability
    block, head = ranked(change)[0]
    before, now = float(effects.before.probability), float(change[block, head])
    if abs(now) < _HARDLY:
        return f"No single head changes {label} by 1 pp or more"
    after = f"{label} {percent(before)} → {percent(before + now)}"
    return f"Largest effect: {head_name(block, head)}, {after}"


def ablation_finding_of_many(effects: HeadEffects) -> str:
    """Which head changes the true label's probability most, mean over many images."""
    change = effects.heads.probability
    block, head = ranked(change)[0]
    most = float(change[block, head])
    if abs(most) < _HARDLY:
        return "No single head has a mean effect of 1 pp or more"
    return f"Largest mean effect: {head_name(block, head)}, {points(most)}"


def logit_lens_finding(probabilities: np.ndarray, names: tuple[str, ...]) -> str:
    """From which block on the logit lens predicts the final class.

    Args:
        probabilities: (L+1, C), at the embedding and after each block.
        names: of the classes.
    """
    answers = probabilities.argmax(axis=1)
    final, blocks = int(answers[-1]), len(probabilities) - 1
    others = np.flatnonzero(answers != final)
    if not len(others):
        return f"Predicts {names[final]} after every block"
    since = int(others[-1]) + 1
    settled = f"after block {blocks}" if since == blocks else f"from block {since} on"
    if earlier := _stretches(answers[:since] == final):
        settled = f"{settled}, also {joined(earlier)}"
    elif since == blocks:
        settled = f"only {settled}"
    other = f"{names[int(answers[since - 1])]} {_after(since - 1)}"
    return f"Predicts {names[final]} {settled} ({other})"


def _after(block: int) -> str:
    return f"after block {block}" if block else "at the embedding"


def _stretches(leading: np.ndarray) -> list[str]:
    """Where something leads, in words: "at the embedding", "after block 3", "after blocks 5–6"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], leading, [False]]).astype(int)))
    found = []
    for first, end in edges.reshape(-1, 2).tolist():
        if end - first == 1:
            found.append(_after(first))
        else:
            found.append(
                f"up to block {end - 1}" if first == 0 else f"after blocks {first}–{end - 1}"
            )
    return found


def patch_predictions_finding(
    early_by_patch: np.ndarray, names: tuple[str, ...], final: int
) -> str:
    """How many patches, each alone, predict the class that the model predicts.

    Args:
        early_by_patch: (L+1, N, C) probabilities.
        names: of the classes.
        final: the predicted class of the image.
    """
    answers = early_by_patch.argmax(axis=2)  # (L+1, N)
    first, last = (int((row == final).sum()) for row in (answers[0], answers[-1]))
    return (
        f"{names[final]}: {first} of {answers.shape[1]} patches at the embedding, "
        f"{last} after block {len(answers) - 1}"
    )


def patch_logits_finding(
    patch_logits: np.ndarray, names: tuple[str, ...], final: int, other: int
) -> str:
    """How many patch logits favor one class over another.

    Args:
        patch_logits: (N, C) patch logits.
        names: of the classes.
        final: the predicted class.
        other: the one it is compared with.
    """
    lead = patch_logits[:, final] - patch_logits[:, other]
    mean = float(lead.mean())
    difference = f"{'−' if mean < 0 else '+'}{abs(mean):.1f}"
    return (
        f"{int((lead > 0).sum())} of {len(lead)} patches favor {names[final]} over "
        f"{names[other]} (mean difference {difference})"
    )


def token_norms_finding(norms: np.ndarray, outliers: np.ndarray, *, prefix: int) -> str:
    """How token norms grow, and whether some patches have far larger ones.

    Args:
        norms: (L+1, T) L2 norm of each token.
        outliers: (L+1, N) bool, as from `high_norm_tokens`.
        prefix: tokens before the patches.
    """
    patches = norms[:, prefix:]
    growth = float(np.median(patches[-1]) / max(float(np.median(patches[0])), 1e-12))
    if patches.shape[1] == 1:
        return f"Norm grows {growth:.1f}×"
    if outliers.any():
        block = int(outliers.sum(axis=1).argmax())
        many = int(outliers[block].sum())
        found = f"{many} high-norm {'patch' if many == 1 else 'patches'} {_after(block)}"
        found = f"{found} (> {NORM_RATIO:.0f}× median)"
    else:
        largest = float((patches / np.median(patches, axis=1, keepdims=True)).max())
        found = f"No high-norm patches (largest: {largest:.1f}× median)"
    return f"{found}. Median grows {growth:.1f}×."
