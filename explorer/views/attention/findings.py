"""Findings of the tabs, each one line written from the numbers it is about."""

from __future__ import annotations

import numpy as np

from explorer.records import MAPS
from explorer.text.findings import percent
from explorer.text.language import N_, tr
from vitcore.interpret.deletion_insertion import Curves
from vitcore.interpret.head_ablation import HeadEffects, ranked
from vitcore.interpret.token_norms import NORM_RATIO

MAP_NAMES = dict(
    zip(
        MAPS,
        (N_("raw attention"), N_("rollout"), N_("relevance"), N_("occlusion")),
        strict=True,
    )
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
        return tr("Only one patch: nothing to rank")
    areas, chance = found.deletion_area[:-1], float(found.deletion_area[-1])
    best = int(areas.argmin())
    if chance - areas[best] < _BEATS:
        return tr(
            "No map beats random order (deletion AUC {area} vs. {random})",
            area=f"{areas[best]:.2f}",
            random=f"{chance:.2f}",
        )
    added, at_random = found.insertion_area[:-1], float(found.insertion_area[-1])
    first = {"best": _best(areas, best), "random": f"{chance:.2f}"}
    if chance - areas[: MAPS.index("occlusion")].min() < _BEATS:  # it is itself made by masking
        return tr(
            "Best deletion AUC: {best} (random {random}); no attention-based map beats random "
            "order",
            **first,
        )
    return tr(
        "Best deletion AUC: {best} (random {random}); insertion: {added} ({at_random})",
        **first,
        added=_best(added, int(added.argmax())),
        at_random=f"{at_random:.2f}",
    )


def _best(areas: np.ndarray, best: int) -> str:
    """The map of an area, with those whose areas read the same."""
    said = [f"{area:.2f}" for area in areas]
    alike = [tr(MAP_NAMES[name]) for name, one in zip(MAPS, said, strict=True) if one == said[best]]
    return f"{joined(alike)} {said[best]}"


def joined(words: list[str]) -> str:
    """ "a", "a and b" or "a, b and c"."""
    if len(words) == 1:
        return words[0]
    return tr("{first} and {last}", first=tr(", ").join(words[:-1]), last=words[-1])


def head_name(block: int, head: int) -> str:
    """The compact name of a head: L2H3."""
    return f"L{block + 1}H{head + 1}"


def points(change: float) -> str:
    """A change of probability in percentage points."""
    size = abs(100 * change)
    number = f"{size:.0f}" if size >= 9.95 else f"{size:.1f}"
    return tr("{points} pp", points=f"{'−' if change < 0 else '+'}{number}")


def ablation_finding(effects: HeadEffects, label: str) -> str:
    """Which head changes this image's prediction most."""
    change = effects.heads.probability
    block, head = ranked(change)[0]
    before, now = float(effects.before.probability), float(change[block, head])
    if abs(now) < _HARDLY:
        return tr("No single head changes {label} by 1 pp or more", label=label)
    return tr(
        "Largest effect: {head}, {label} {before} → {after}",
        head=head_name(block, head),
        label=label,
        before=percent(before),
        after=percent(before + now),
    )


def ablation_finding_of_many(effects: HeadEffects) -> str:
    """Which head changes the true label's probability most, mean over many images."""
    change = effects.heads.probability
    block, head = ranked(change)[0]
    most = float(change[block, head])
    if abs(most) < _HARDLY:
        return tr("No single head has a mean effect of 1 pp or more")
    return tr(
        "Largest mean effect: {head}, {effect}",
        head=head_name(block, head),
        effect=points(most),
    )


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
        return tr("Predicts {label} after every block", label=names[final])
    since = int(others[-1]) + 1
    settled = _after(blocks) if since == blocks else tr("from block {block} on", block=since)
    if earlier := _stretches(answers[:since] == final):
        settled = tr("{settled}, also {earlier}", settled=settled, earlier=joined(earlier))
    elif since == blocks:
        settled = tr("only {settled}", settled=settled)
    return tr(
        "Predicts {label} {settled} ({other} {before})",
        label=names[final],
        settled=settled,
        other=names[int(answers[since - 1])],
        before=_after(since - 1),
    )


def _after(block: int) -> str:
    return tr("after block {block}", block=block) if block else tr("at the embedding")


def _stretches(leading: np.ndarray) -> list[str]:
    """Where something leads, in words: "at the embedding", "after block 3", "after blocks 5–6"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], leading, [False]]).astype(int)))
    found = []
    for first, end in edges.reshape(-1, 2).tolist():
        if end - first == 1:
            found.append(_after(first))
        else:
            message = N_("up to block {last}") if first == 0 else N_("after blocks {first}–{last}")
            found.append(tr(message, first=first, last=end - 1))
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
    return tr(
        "{label}: {first} of {patches} patches at the embedding, {last} after block {block}",
        label=names[final],
        first=first,
        patches=answers.shape[1],
        last=last,
        block=len(answers) - 1,
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
    return tr(
        "{count} of {patches} patches favor {label} over {other} (mean difference {difference})",
        count=int((lead > 0).sum()),
        patches=len(lead),
        label=names[final],
        other=names[other],
        difference=difference,
    )


def token_norms_finding(norms: np.ndarray, outliers: np.ndarray, *, prefix: int) -> str:
    """How token norms grow, and whether some patches have far larger ones.

    Args:
        norms: (L+1, T) L2 norm of each token.
        outliers: (L+1, N) bool, as from `high_norm_tokens`.
        prefix: tokens before the patches.
    """
    patches = norms[:, prefix:]
    medians = np.median(patches, axis=1)
    if not medians.all():  # nothing is some times as large
        return tr("Median norm is 0 {where}", where=_after(int(medians.argmin())))
    growth = float(medians[-1] / medians[0])
    if patches.shape[1] == 1:
        return tr("Norm grows {times}×", times=f"{growth:.1f}")
    if outliers.any():
        block = int(outliers.sum(axis=1).argmax())
        many = int(outliers[block].sum())
        message = (
            N_("1 high-norm patch {where} (> {ratio}× median). Median grows {times}×.")
            if many == 1
            else N_("{count} high-norm patches {where} (> {ratio}× median). Median grows {times}×.")
        )
        return tr(
            message,
            count=many,
            where=_after(block),
            ratio=f"{NORM_RATIO:.0f}",
            times=f"{growth:.1f}",
        )
    largest = float((patches / medians[:, None]).max())
    return tr(
        "No high-norm patches (largest: {largest}× median). Median grows {times}×.",
        largest=f"{largest:.1f}",
        times=f"{growth:.1f}",
    )
