"""The timeline of a model's training, gathered snapshot by snapshot while a page shows it."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from explorer import components
from explorer.client import session
from explorer.client.snapshot_metrics import Looked, Weights, weights_at
from explorer.client.snapshots import History, Moment, history, with_news
from explorer.client.tasks import snapshot_tasks
from explorer.components.timeline.component import Film, replay, replay_payload
from explorer.figures.style import palette
from explorer.results import Failure, Ready, Result
from explorer.selection import Image, ModelRef, Selection, selected
from explorer.text.language import tr
from explorer.text.names import DATASET_NAMES
from explorer.timeline import export, findings
from vitcore import checkpoints
from vitcore.config import ViTConfig
from vitcore.messages import as_sentence
from vitcore.training import snapshots
from vitcore.training.runs import Run, read_run

HEIGHT = 509  # of the figure, and of what stands in its place
_AT_ONCE = 8  # moments that the worker is asked for before the page looks again
_PATIENCE = 0.4  # seconds that one look may spend on weights, until all are read
_WATCH_RUN = 5.0  # seconds between two looks at whether a run still lives
_AFTERWARDS = 0.5  # seconds between two looks once a run has ended, until its film is whole


@st.cache_resource(max_entries=6, show_spinner=False)
def _weights(
    folder: Path,  # noqa: ARG001 - names the film
    config: ViTConfig,  # noqa: ARG001
    patch_size: int,  # noqa: ARG001
) -> dict[Moment, Weights | Failure]:
    """What was read of each moment's weights so far, for all who look at the same film."""
    return {}


class Gatherer:
    """Collects a film: weights are read here, what a model does with the image by the worker.

    Args:
        past: which moments there are.
        selection: image and patch size.
    """

    def __init__(self, past: History, selection: Selection) -> None:
        self.past, self.selection = past, selection
        self._weights = _weights(past.folder, past.config, selection.patch_size)
        self._looks: dict[Moment, Looked] = {}
        self._troubles: dict[Moment, Failure] = {}  # of this gathering; the next one asks again
        self._packed: tuple[Any, bytes] | None = None
        self._watched = time.monotonic()
        self.waiting = ""

    def is_of(self, folder: Path, selection: Selection) -> bool:
        """Whether it gathers this film."""
        image, patch_size = self.selection.image, self.selection.patch_size
        mine = self.past.folder, image.key, patch_size
        return mine == (folder, selection.image.key, selection.patch_size)

    def gather(self) -> None:
        """Read weights for a moment, and ask the worker for a few of the moments still missing."""
        if self.past.lives:
            self.past = with_news(self.past)
        self._read_weights(time.monotonic() + _PATIENCE)
        moments = self.past.moments
        self.waiting, late = "", 0
        self._troubles.clear()
        for moment in (*moments[-1:], *moments[:1], *moments[1:-1]):
            if moment in self._looks:
                continue
            result = self._ask(moment)
            if isinstance(result, Ready):
                self._looks[moment] = result.value
            elif isinstance(result, Failure):
                self._troubles[moment] = result
            else:
                self.waiting, late = result.message, late + 1
                if late == _AT_ONCE:
                    break

    def _read_weights(self, until: float) -> None:
        """In order, for each keeps its components where the moment before had them."""
        before: Weights | None = None
        for moment in self.past.moments:
            if moment not in self._weights:
                if time.monotonic() > until:
                    return
                try:
                    read = weights_at(moment, self.past.config, self.selection.patch_size, before)
                except (OSError, ValueError) as error:
                    read = Failure(as_sentence(str(error)), "")
                self._weights[moment] = read
            read = self._weights[moment]
            before = read if isinstance(read, Weights) else before

    def _ask(self, moment: Moment) -> Result[Looked]:
        weights = self._weights.get(moment)
        if isinstance(weights, Failure):
            return weights
        config = self.past.config
        model = ModelRef(moment.folder.name, moment.folder, moment.stamp, config)
        return session.ask(
            snapshot_tasks.looked,
            replace(self.selection, model=model),
            moment.seed,
            message=tr("Running the snapshots…"),
            background=True,
            notify=False,
        )

    def film(self) -> Film:
        """What is known by now."""
        moments = self.past.moments
        return Film(
            history=self.past,
            selection=self.selection,
            weights=[self._weights.get(moment) for moment in moments],
            looks=[self._looks.get(moment) or self._troubles.get(moment) for moment in moments],
            waiting=self.waiting,
        )

    def mark(self, film: Film) -> str:
        """Names all that is drawn: another mark, another film."""
        parts = [
            part if isinstance(part, Failure) else part is not None
            for part in (*film.weights, *film.looks)
        ]
        return repr((self.past, self.selection.image.key, self.selection.patch_size, parts))

    def packed(self, film: Film) -> bytes:
        """Its payload, made again only where something has come."""
        mark = film.waiting, self.mark(film)
        if self._packed is None or self._packed[0] != mark:
            self._packed = mark, replay_payload(film)
        return self._packed[1]

    def run_has_ended(self) -> bool:
        """Whether a run that lived no longer does; its folder is read only now and then."""
        if not self.past.lives or time.monotonic() - self._watched < _WATCH_RUN:
            return False
        self._watched = time.monotonic()
        return read_run(self.past.folder).state != "running"


def has_film(model: str | Path) -> bool:
    """Whether snapshots of its training were kept."""
    try:
        return bool(snapshots.list_snapshots(checkpoints.folder_of(model)))
    except (OSError, ValueError):
        return False


def section(model: Run | str | Path, *, key: str = "replay", every: float = 1.0) -> None:
    """A model's training as a film, for the chosen image and patch size.

    While the run lives, moments are added as they are kept; it draws itself anew for that, and
    once when all is there, so call it outside of other fragments.

    Args:
        model: a run, a bundled name or a model's folder.
        key: of its widgets, other ones for other sections on a page.
        every: seconds between two looks for new moments while the run lives.
    """
    try:
        past = history(model)
    except (OSError, ValueError) as error:
        components.figure_state(
            "error", as_sentence(str(error)), tr("Select another model."), height=110
        )
        return
    if not past.moments and not past.lives:
        components.figure_state(
            "empty",
            tr("No snapshots were saved for this model."),
            tr("New runs save them."),
            height=110,
        )
        return
    gatherer = _gatherer(past, key)
    gatherer.gather()  # what is known already need not be awaited
    film = gatherer.film()
    awaited, savable = past.lives or not film.complete, film.savable
    offer_familiar(past.data, film.selection.image, key)
    # A fragment also where nothing is awaited: else the browser would build the figure anew.
    st.fragment(_follow, run_every=(every if past.lives else _AFTERWARDS) if awaited else None)(
        key, awaited=awaited, savable=savable
    )
    if past.moments:
        _downloads(gatherer, key, savable=savable)
    _help()


def _gatherer(past: History, key: str) -> Gatherer:
    """The one of this session, for the image and patch size chosen now."""
    name, selection = f"{key}_gatherer", selected()
    kept: Gatherer | None = st.session_state.get(name)
    if kept is None or not kept.is_of(past.folder, selection):
        kept = st.session_state[name] = Gatherer(past, selection)
    kept.past = past
    return kept


def offer_familiar(data: str, image: Image, key: str, *, trained: bool = True) -> None:
    """Where the image is out of distribution, say so and offer one of the training data.

    Args:
        data: what the model was trained on.
        image: the selected one.
        key: of the button, `{key}_familiar`.
        trained: whether it was trained; else it is to be.
    """
    if not (words := findings.unfamiliar(data, image.source, trained=trained)):
        return
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.markdown(words, width="content")
    row.button(
        tr("Use a {dataset} image", dataset=DATASET_NAMES[data]),
        key=f"{key}_familiar",
        on_click=_choose_source,
        args=(data,),
    )


def _choose_source(source: str) -> None:
    st.session_state["image_source"] = source


def _follow(key: str, *, awaited: bool, savable: bool) -> None:
    """Draw what is there by now; where something else than this must change, run the page."""
    gatherer: Gatherer = st.session_state[f"{key}_gatherer"]
    gatherer.gather()
    film = gatherer.film()
    complete = not gatherer.past.lives and film.complete
    if awaited and (complete or gatherer.run_has_ended() or film.savable > savable):
        st.rerun()
    _draw(gatherer, key)


def _draw(gatherer: Gatherer, key: str) -> None:
    film = gatherer.film()
    if not film.history.moments:
        components.figure_heading(tr("Training timeline"))
        components.figure_state("loading", tr("Waiting for the first snapshot…"), "", height=HEIGHT)
        return
    components.figure_heading(tr("Training timeline"), findings.finding(film))
    replay(gatherer.packed(film), key=key)


def _downloads(gatherer: Gatherer, key: str, *, savable: bool) -> None:
    """The film as one file, made of what is known when it is asked for.

    Outside of what draws itself anew: each drawing gives a button another callable, and a click
    that was under way would ask for one that is gone.
    """
    theme = st.context.theme.type

    def made(kind: str) -> bytes:
        film = gatherer.film()
        return _exported(gatherer.mark(film), kind, theme, film)

    row = st.container(horizontal=True, gap="small")
    for kind, (name, mime) in export.KINDS.items():
        row.download_button(
            tr("Animation ({format})", format=name),
            partial(made, kind),
            f"{gatherer.past.folder.name}-training.{kind}",
            mime,
            key=f"{key}_{kind}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            disabled=not savable,
        )


@st.cache_data(max_entries=4, show_spinner=False)
def _exported(
    mark: str,  # noqa: ARG001 - names the film
    kind: str,
    theme: str | None,
    _film: Film,
) -> bytes:
    return export.animated(_film, kind, palette(theme))


def _help() -> None:
    source = components.source_of
    components.how_to_read(
        "training_timeline",
        code="\n\n".join(
            (
                source("vitcore/interpret/positions.py", "spatial_correlation"),
                source(
                    "vitcore/interpret/filters.py",
                    "follow_components",
                    "_strongest",
                    "_matched",
                ),
                source("vitcore/interpret/attention_metrics.py", "pooled_attention"),
                source("vitcore/interpret/distance.py", "attention_distance"),
            )
        ),
    )
