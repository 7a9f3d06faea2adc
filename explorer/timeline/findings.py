"""What is said about the timeline of a training."""

from explorer.client.snapshot_metrics import Looked, Weights
from explorer.client.snapshots import Moment
from explorer.components.timeline.component import Film
from explorer.text.findings import counted
from explorer.text.formatting import signed
from explorer.text.language import tr
from explorer.text.names import DATASET_NAMES


def finding(film: Film) -> str:
    """What changed from the first snapshot to the last that is known; "" while there is one."""
    known = _known(film)
    values = [(moment.step, weights.closeness) for moment, weights, _ in known if weights]
    if film.history.config.positions == "learned" and len(values) > 1:
        (_, first), (step, last) = values[0], values[-1]
        if first is not None and last is not None:
            return tr(
                "Spatial correlation of position embeddings: {first} → {last} {over}",
                first=signed(first),
                last=signed(last),
                over=_over(film, step),
            )
    looks = [(moment.step, looked) for moment, _, looked in known if looked]
    if (
        len(looks) > 1 and film.selection.patch_size < film.history.config.image_size
    ):  # else no distance
        first, last = (float(looked.distance.mean()) for _, looked in (looks[0], looks[-1]))
        return tr(
            "Mean attention distance: {first} → {last} px {over}",
            first=f"{first:.1f}",
            last=f"{last:.1f}",
            over=_over(film, looks[-1][0]),
        )
    return ""


def unfamiliar(data: str, source: str, *, trained: bool = True) -> str:
    """That images like the chosen one are out of distribution, or "".

    Args:
        data: what the model was trained on, as `History` has it.
        source: of the chosen image.
        trained: whether it was; else it is to be.
    """
    seen = {"sketch10": source == "sketch10", "cifar10": source != "sketch10"}
    if seen.get(data, True):
        return ""
    name = DATASET_NAMES[data]
    if trained:
        return tr("Out of distribution: trained on {dataset}.", dataset=name)
    return tr("The selected image is not from {dataset}.", dataset=name)


def _known(film: Film) -> list[tuple[Moment, Weights | None, Looked | None]]:
    """The snapshots up to the one that the run kept as its model, with what is known of each."""
    end = film.history.best_at
    return [
        (
            moment,
            weights if isinstance(weights, Weights) else None,
            looked if isinstance(looked, Looked) else None,
        )
        for moment, weights, looked in zip(
            film.history.moments, film.weights, film.looks, strict=True
        )
        if end is None or moment.step <= end
    ]


def _over(film: Film, step: int) -> str:
    """Over how many steps, and whether these were all."""
    over = tr("over {steps}", steps=counted(step, "step"))
    if film.history.failed:
        return tr("{over} (run failed)", over=over)
    return tr("{over} (best)", over=over) if step == film.history.best_at else over
