"""Titles of the panels below the lens, written from the numbers they are about."""

from __future__ import annotations

import numpy as np

from explorer.analyses.explanations import MAPS
from explorer.words.findings import percent, with_article
from vitcore.introspection.curves import Curves
from vitcore.introspection.head_effects import HeadEffects, ranked
from vitcore.introspection.token_norms import LONGER

MAP_NAMES = dict(
    zip(MAPS, ("raw attention", "rollout", "relevance", "occlusion"), strict=True)
)  # as they are called in sentences
_BEATS = 0.03  # area by which an order must differ from a random one to be believed
_HARDLY = 0.01  # probability by which an answer moves that hardly changes


def maps_title(found: Curves, label: str, *, patches: int) -> str:
    """Which map to believe on this picture, by erasing in its order.

    Args:
        found: a row for each map in the order of MAPS, and a last one for random order.
        label: the class that the curves follow.
        patches: in the grid.
    """
    if patches == 1:
        return "With one patch there is one order only: nothing to compare"
    areas, chance = found.deletion_area[:-1], float(found.deletion_area[-1])
    best = int(areas.argmin())
    if chance - areas[best] < _BEATS:
        return (
            f"On this picture no map is to be believed: {label} falls as fast in random order "
            f"(area {chance:.2f}) as in the best map's ({areas[best]:.2f})"
        )
    said = [f"{area:.2f}" for area in areas]  # and drawn: alike is what reads alike
    alike = [name for name, area in zip(MAPS, said, strict=True) if area == said[best]]
    marks = joined([MAP_NAMES[name] for name in alike]) + (" marks" if len(alike) == 1 else " mark")
    first = (
        f"Erasing what {marks} first makes {label} fall fastest: "
        f"area {said[best]}, random order {chance:.2f}"
    )
    if len(alike) > 1:
        return first
    if MAPS[best] != "occlusion":
        return first
    inside = int(areas[:best].argmin())  # occlusion is itself made by erasing
    name = MAP_NAMES[MAPS[inside]]
    if chance - areas[inside] < _BEATS:
        return f"{first}; no map from inside the model does it faster than random order"
    return f"{first}; from inside the model, {name} does best ({said[inside]})"


def believed(found: Curves) -> str:
    """What insertion says, in one sentence below the maps; "" where there is one patch."""
    if len(found.shares) < 3:
        return ""
    areas, chance = found.insertion_area[:-1], float(found.insertion_area[-1])
    best = int(areas.argmax())
    better = [
        MAP_NAMES[name]
        for name, one, other in zip(MAPS, found.deletion_area, found.insertion_area, strict=False)
        if found.deletion_area[-1] - one >= _BEATS and other - chance >= _BEATS
    ]
    both = (
        f"Better than random in both tests, by {_BEATS:.2f} or more: {joined(better)}."
        if better
        else f"No map is better than random in both tests by {_BEATS:.2f} or more."
    )
    return (
        f"Added to an empty picture, {MAP_NAMES[MAPS[best]]} brings the answer back soonest "
        f"(area {areas[best]:.2f}, random order {chance:.2f}). {both}"
    )


def joined(words: list[str]) -> str:
    """ "a", "a and b" or "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def head_name(block: int, head: int) -> str:
    return f"head {head + 1} of block {block + 1}"


def points(change: float) -> str:
    """The size of a change of probability, in percentage points."""
    size = abs(100 * change)
    return f"{size:.0f}" if size >= 9.95 else f"{size:.1f}"


def heads_title(effects: HeadEffects, label: str) -> str:
    """What the head that matters most does to this picture's answer."""
    change = effects.heads.probability
    block, head = ranked(change)[0]
    before, now = float(effects.before.probability), float(change[block, head])
    if abs(now) < _HARDLY:
        return (
            f"No single head decides: without any one of them {label} moves by less than "
            f"1 point from {percent(before)}"
        )
    verb = "falls" if now < 0 else "rises"
    return (
        f"Without {head_name(block, head)}, {label} {verb} from {percent(before)} "
        f"to {percent(before + now)}: no other head changes it as much"
    )


def heads_many_title(effects: HeadEffects, source: str, *, of: int) -> str:
    """Which head matters most over many pictures, as far as they are counted.

    Args:
        effects: of the pictures by now.
        source: "cifar10" or "sketch10".
        of: how many pictures there will be.
    """
    change = effects.heads.probability
    block, head = ranked(change)[0]
    kind = "photographs" if source == "cifar10" else "sketches"
    so_far = "So far, over" if effects.pictures < of else "Over"
    most = float(change[block, head])
    if abs(most) < _HARDLY:
        return (
            f"{so_far} {effects.pictures} {kind} no single head moves the right class "
            "by a point on average"
        )
    verb = "falls" if most < 0 else "rises"
    return (
        f"{so_far} {effects.pictures} {kind}, {head_name(block, head)} matters most: without it "
        f"the right class {verb} by {points(most)} points on average"
    )


def early_title(early: np.ndarray, names: tuple[str, ...]) -> str:
    """From which block on the model answers what it answers at the end.

    Args:
        early: (L+1, C) probabilities, stopped before block 0 .. at the end.
        names: of the classes.
    """
    answers = early.argmax(axis=1)
    final, blocks = int(answers[-1]), len(early) - 1
    label = names[final]
    last_other = [place for place in range(blocks) if answers[place] != final]
    if not last_other:
        return f"It would answer {label} wherever it stopped, even before block 1"
    since = last_other[-1] + 1
    before = names[int(answers[since - 1])]
    where = "before block 1" if since == 1 else f"after block {since - 1}"
    settled = "at the end" if since == blocks else f"from block {since} on"
    earlier = _stretches(answers[:since] == final)
    if earlier:
        leads = f"{joined(earlier)} and again {settled}"
    else:
        leads = f"only {settled}" if since == blocks else settled
    return f"Stopped {where} it would answer {before}; {label} leads {leads}"


def _stretches(leading: np.ndarray) -> list[str]:
    """Where something leads, in words: "up to block 1", "after block 3", "after blocks 5 to 6"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], leading, [False]]).astype(int)))
    found = []
    for first, end in edges.reshape(-1, 2).tolist():
        if first == 0:
            found.append("before block 1" if end == 1 else f"up to block {end - 1}")
        elif end - first == 1:
            found.append(f"after block {first}")
        else:
            found.append(f"after blocks {first} to {end - 1}")
    return found


def by_patch_title(early_by_patch: np.ndarray, names: tuple[str, ...], final: int) -> str:
    """How many patches, each read alone, say what the picture is answered.

    Args:
        early_by_patch: (L+1, N, C) probabilities.
        names: of the classes.
        final: the class that the picture is answered.
    """
    answers = early_by_patch.argmax(axis=2)  # (L+1, N)
    count, label = answers.shape[1], names[final]
    if count == 1:
        return f"The one patch, read alone at the end, answers {names[int(answers[-1, 0])]}"
    first, last = (int((row == final).sum()) for row in (answers[0], answers[-1]))
    return f"At the end {last} of {count} patches answer {label} by themselves, {first} at first"


def votes_title(votes: np.ndarray, names: tuple[str, ...], final: int, other: int) -> str:
    """Which of two classes the patches vote for.

    Args:
        votes: (N, C) each patch's own logits.
        names: of the classes.
        final: the class that is answered.
        other: the one it is compared with.
    """
    lead = votes[:, final] - votes[:, other]
    more, count = int((lead > 0).sum()), len(lead)
    mean = float(lead.mean())
    if count == 1:
        first, second = (final, other) if mean >= 0 else (other, final)
        return f"The one patch prefers {names[first]} to {names[second]}, by {abs(mean):.1f}"
    verdict = "leads" if mean >= 0 else "trails"
    noun = "patch prefers" if more == 1 else "patches prefer"
    return (
        f"{more} of {count} {noun} {names[final]} to {names[other]}; "
        f"on average it {verdict} by {abs(mean):.1f}"
    )


def norms_title(norms: np.ndarray, outliers: np.ndarray, *, prefix: int) -> str:
    """How long tokens are, and whether some patches stand out.

    Args:
        norms: (L+1, T) length of each token.
        outliers: (L+1, N) bool, as from `long_patches`.
        prefix: tokens before the patches.
    """
    patches = norms[:, prefix:]
    growth = float(np.median(patches[-1]) / max(float(np.median(patches[0])), 1e-12))
    changed = f"tokens end {growth:.1f} times as long as they begin"
    if not outliers.any():
        largest = float((patches / np.median(patches, axis=1, keepdims=True)).max())
        if patches.shape[1] == 1:
            return f"{changed[0].upper()}{changed[1:]}"
        return (
            f"No patch is more than {LONGER:.0f} times as long as the median: the longest is "
            f"{largest:.1f} times; {changed}"
        )
    block = int(outliers.sum(axis=1).argmax())
    many = int(outliers[block].sum())
    where = "before block 1" if block == 0 else f"after block {block}"
    noun = "patch is" if many == 1 else "patches are"
    return f"{many} {noun} over {LONGER:.0f} times as long as the median {where}; {changed}"


def on_class(label: str) -> str:
    return f"Why {with_article(label)}" if not label.startswith("class ") else f"Why {label}"
