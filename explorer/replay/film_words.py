"""What is said about the film of a training: its finding, and how to read it."""

from explorer.components.replay import Film
from explorer.replay.learning import Looked, Weights
from explorer.replay.moments import Moment
from explorer.words.numerals import signed
from explorer.words.position_kinds import began_with_waves, untrained_closeness
from vitcore.introspection.distance import distance_bounds

_CHANGE = 0.1  # of closeness, that is worth saying
HOW_TO_READ = (
    "Each moment is a **snapshot**: the whole model, kept after that many steps, shown the "
    "chosen picture at the chosen patch size. Snapshots lie closer at the beginning, where "
    "most changes. **Positions**: each tile stands at its own place and shows how like it "
    "every place is, more (orange) or less (blue) than the moment's average; **closeness** "
    "is the correlation of that likeness with nearness over all pairs of two places, 0 "
    "where positions know nothing of their neighbours. **Filters**: the strongest "
    "principal components of the patch embedding, each kept in its place from moment to "
    "moment, the strongest at the end of a training first; grey is zero. "
    "**Attention**: where the token that answers looks, on one scale for all "
    "moments of a block; with mean pooling that is the mean over all patches. "
    "**Distance**: how far heads look on average, beside an even spread (dotted) and the "
    "first weights (grey). It is "
    "one picture: what a head does on others, the Attention page can tell. That attention "
    "moves together with the answer does not say that it is the reason for it. Where a training "
    "ended early, the film opens at the weights that were kept, those of the lowest loss."
)


def finding(film: Film) -> str:
    """What changed from the first moment to the last, as far as known: the figure's title."""
    known = _known(film)
    values = [(moment.step, weights.closeness) for moment, weights, _ in known if weights]
    if film.history.config.positions == "learned" and len(values) > 1:
        (_, first), (step, last) = values[0], values[-1]
        if first is not None and last is not None:
            numbers = f"closeness {signed(first)} at the start, {signed(last)} {_end(film, step)}"
            return f"{_positions(film, first, last)}: {numbers}"
    looks = [(moment.step, looked) for moment, _, looked in known if looked]
    if len(looks) > 1 and film.patch_size < film.history.config.image_size:  # else no distance
        first, last = (float(looked.distance.mean()) for _, looked in (looks[0], looks[-1]))
        end = _end(film, looks[-1][0])
        return f"Heads look {first:.1f} pixels far at the start, {last:.1f} {end}"
    if film.history.failed:
        return "What was kept of a training before it fell apart"
    return "What training makes of positions, filters, attention and the answer"


def _positions(film: Film, first: float, last: float) -> str:
    """What became of the order of learned positions, which began as waves or as noise."""
    config = film.history.config
    if began_with_waves(config):
        if last - first >= _CHANGE:
            return "Positions began in order, and training adds to it"
        if first - last >= _CHANGE:
            return "Positions drift from the waves they began as"
        return "Positions began in order and stay so"
    # On a grid that is not the stored one noise is close to its neighbours, too.
    untrained = untrained_closeness(config, _grid(film)) or 0.0
    if last - max(first, untrained) >= _CHANGE:
        return "Positions find their neighbours"
    if untrained >= _CHANGE:
        return "Closeness is not clearly above that of untrained positions on this grid"
    return "Positions have not found their neighbours"


def meaning(film: Film) -> str:
    """What the number in the title is, in one sentence; "" where it holds none."""
    title = finding(film)
    if "closeness" in title:
        return (
            "Closeness is 1 where the nearer two places are, the more alike their positions are, "
            "and 0 where nearness does not matter."
        )
    if title.startswith("Heads look"):
        config = film.history.config
        even, _ = distance_bounds(_grid(film), (config.image_size,) * 2)
        return (
            "How far away, on average, lies what the heads look at; "
            f"looking everywhere alike would make it {even:.1f} pixels."
        )
    return ""


def _grid(film: Film) -> tuple[int, int]:
    return (film.history.config.grid_side(film.patch_size),) * 2


def unfamiliar(data: str, source: str) -> str:
    """That a model never saw a picture like the chosen one in training, or "".

    Args:
        data: what it learned from, as `History` has it.
        source: of the chosen picture.
    """
    if data == "sketch10" and source != "sketch10":
        return "It learned from drawings and has never seen a photograph like this one."
    if data == "cifar10" and source == "sketch10":
        return "It learned from photographs and has never seen a drawing like this one."
    return ""


def _known(film: Film) -> list[tuple[Moment, Weights | None, Looked | None]]:
    """The moments up to the one that the run kept as its model, with what is known of each."""
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


def _end(film: Film, step: int) -> str:
    after = f"after {step:,} {'step' if step == 1 else 'steps'}"
    if film.history.failed:
        return f"{after}, the last moment before it fell apart"
    if step == film.history.best_at:
        return f"{after}, when it was best"
    return after
