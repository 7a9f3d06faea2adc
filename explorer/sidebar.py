"""The sidebar, the same on every page: image, patch size and model."""

from __future__ import annotations

import hashlib
from html import escape

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer import client, components, metrics, state, url, url_fields, visitors
from explorer.data import cifar10_setup, images
from explorer.data.decoder import decoders
from explorer.results import Failure
from explorer.selection import (
    DEFAULT_CLASS,
    DEFAULT_PATCH_SIZE,
    LARGEST_INDEX,
    SOURCE_NAMES,
    USER_SOURCES,
    Image,
    ModelRef,
    Selection,
    selected,
)
from explorer.text import model_card
from explorer.text.language import N_, tr
from explorer.text.upload import refusal, upload_note
from explorer.tours import tours
from vitcore import checkpoints
from vitcore.checkpoints import CheckpointError
from vitcore.config import CLASS_NAMES, PATCH_SIZES
from vitcore.datasets import DataError
from vitcore.datasets.image_files import LARGEST_FILE, READABLE, DecodedImage, ImageError
from vitcore.training.runs import read_run

OwnImage = tuple[Image, DecodedImage]  # what is shown, and what it was before

# What is no image after all is refused in our own words, not in the browser's.
_FILE_TYPES = ["image", "jfif", "avif", "heic", "heif"]  # not every browser knows the last ones
_DRAWN = "sketch10"
_MOST_ATTENTION = 2**31  # bytes of all attention weights of an image
_REPEATED = N_("{name} appears twice in the URL; using the last value.")
_SOURCES_HELP = N_(
    "**CIFAR-10**: test images, not used for training.  \n"
    "**sketch10**: synthetic images of the same classes, with segmentation masks.  \n"
    "**Upload, Camera**: your images stay on this machine."
)


def sidebar(page: str) -> list[str]:
    """Draw the sidebar and settle what is selected, `selected()`.

    Args:
        page: name of the page that is run.

    Returns:
        Sentences for the page: invalid values of the URL, and what is shown instead.
    """
    models = client.model_names()
    default = "cifar10" if cifar10_setup.cifar10().found else _DRAWN
    _read_url(default)
    with st.sidebar:
        image = _image(default)
        patch_size = st.select_slider(
            tr("Patch size"),
            PATCH_SIZES,
            value=DEFAULT_PATCH_SIZE,
            key="patch_size",
            bind="query-params",
            persist_state="session",
            help=tr("Patch side in pixels. Patch and position embeddings are resized to it."),
        )
        model, gone = _model(models)
        components.view_links(key="view_links")
    st.session_state["selection"] = Selection(_fitting(model, patch_size), image, patch_size)
    return _about_url(page, models, default, gone)


def _read_url(default: str) -> None:
    """Note what the URL asks for, in a run that starts from one.

    Before the first bound widget: binding drops impossible values without a word. Kept until it
    is answered, because any run may be cut short by the next.
    """
    context = get_script_run_ctx(suppress_warning=True)
    back_or_forward = bool(context and context.is_history_navigation)
    if "url_asks" not in st.session_state or back_or_forward:
        opening = "url_asks" not in st.session_state
        query = st.query_params.to_dict()
        repeated = [name for name in url_fields.SELECTED if len(st.query_params.get_all(name)) > 1]
        today = url.with_present_names(query)
        st.session_state["url_asks"] = today, opening
        source = today.get("image_source", default if back_or_forward else "")
        if source in SOURCE_NAMES:
            st.session_state["image_source"] = source
        st.session_state["url_repeats"] = repeated
        read = dict(today)
        if not url.is_countable(read.get("image_index", "0")):
            del read["image_index"]  # the number box would fail on it
        if repeated or read != query:  # of a name that is repeated a widget would take no value
            _rewrite_url(read)


def _rewrite_url(words: dict[str, str]) -> None:
    """Put words that widgets can read into the URL, as one entry of the history, and run again.

    "Back" leads to the old words once more, and by then widgets are bound to the new names: they
    are let go, and bind themselves in the next run.
    """
    with get_script_run_ctx().session_state.query_params() as bound:
        for name in url_fields.FIELDS:
            if (binding := bound.get_binding_for_param(name)) is not None:
                bound.unbind_widget(binding.widget_id)
    st.query_params.from_dict(words)
    st.rerun()


def _about_url(page: str, models: list[str], default: str, gone: str) -> list[str]:
    """Sentences about what is not shown though it was asked for, until a person goes on.

    Args:
        page: name of the page that is run.
        models: names that can be chosen.
        default: source of images by default.
        gone: the model that was chosen and no longer is one, or "".
    """
    now = page, selected().key
    if (asks := st.session_state["url_asks"]) is not None:
        query, opening = asks
        state.follow_url()
        if page == "attention" and not opening:
            st.session_state["attention_went_back"] = True
        trouble = client.load_error(query.get("model", ""))
        notes = [tr(_REPEATED, name=name) for name in st.session_state["url_repeats"]]
        known = url.known_of(
            selected(),
            models=models,
            runs=[run.name for run in visitors.jobs().runs()] if page == "train" else [],
            tours=tuple(tours()),
            source=default,
            index=st.session_state.get("image_index", 0),
        )
        unread, said = url.selection_errors(query, known, load_error=trouble, page=page)
        notes += said
        for name in unread:
            st.session_state[name] = ""  # a hidden field takes any word
            if opening:  # it is not bound to its field yet
                st.query_params.pop(name, None)
        if opening and st.session_state["image_source"] in USER_SOURCES:
            first = f"{tr(DEFAULT_CLASS)} 0"
            said = N_("Neither links nor a restarted server keep your own images. Showing {name}.")
            notes.append(tr(said, name=first))
        st.session_state["url_notes"] = now, notes
        st.session_state["url_asks"] = None
    elif gone:
        chosen = st.session_state.get("model")
        shown = [chosen] if chosen in models else models
        note = url.model_not_found(gone, shown, client.load_error(gone))
        st.session_state["url_notes"] = now, [note]
    then, kept = st.session_state["url_notes"]
    if then != now:
        st.session_state["url_notes"] = now, []
        return []
    return kept


def _image(default: str) -> Image:
    source = _source(default)
    if source in USER_SOURCES:
        return _own(source)
    about_data = st.container()
    label, index = _class_and_index()
    ten = st.container(gap="xxsmall")
    if source == "cifar10":
        with about_data:
            source = _cifar10_or_drawn()
    image = images.chosen(source, label, index)
    ten_images, indices = images.around(source, label, index)
    with ten:
        names = [f"{tr(label)} {i}" for i in indices]
        components.thumbs(
            ten_images, indices, names, index, "image_thumbs", lambda: _clicked(indices)
        )
        st.button(
            tr("Random image"), icon=":material/shuffle:", on_click=_surprise, type="tertiary"
        )
    st.session_state["listed_image"] = image
    return image


def _source(default: str) -> str:
    """Select where images come from; in the URL by its key, where a bound widget writes labels.

    A browser that opens another page takes what is not bound out of the URL. Where its session is
    new, because the server was started again, the widget still has what was selected.
    """
    source = st.selectbox(
        tr("Image"),
        tuple(SOURCE_NAMES),
        index=tuple(SOURCE_NAMES).index(default),
        key="image_source",
        persist_state="session",
        format_func=lambda name: tr(SOURCE_NAMES[name]),
        help=tr(_SOURCES_HELP),
    )
    written = st.query_params.get("image_source", default)
    if source == default:
        st.query_params.pop("image_source", None)
    elif source != written:
        st.query_params["image_source"] = source
    return source


def _class_and_index() -> tuple[str, int]:
    row = st.container(horizontal=True, gap="xsmall")
    label = row.selectbox(
        tr("Class"),
        CLASS_NAMES,
        index=CLASS_NAMES.index(DEFAULT_CLASS),
        key="image_class",
        format_func=tr,
        bind="query-params",
        persist_state="session",
        width=118,
    )
    index = row.number_input(
        tr("Index"),
        0,
        LARGEST_INDEX,
        0,
        key="image_index",
        bind="query-params",
        persist_state="session",
        width=72,
    )
    return label, index


def _clicked(indices: list[int]) -> None:
    index = components.picked(st.session_state.get("image_thumbs"), indices)
    if index is not None:
        st.session_state["image_index"] = index


def _surprise() -> None:
    rng = np.random.default_rng()
    st.session_state["image_class"] = str(rng.choice(CLASS_NAMES))
    st.session_state["image_index"] = int(rng.integers(LARGEST_INDEX + 1))


def _cifar10_or_drawn() -> str:
    """The source to show: CIFAR-10 where it opens at once; else sketch10, and say why."""
    data = cifar10_setup.cifar10()
    if data.ready:
        try:
            images.open_cifar10()
            return "cifar10"
        except (DataError, OSError) as error:
            data.refuse(str(error))
    data.prepare()
    if data.busy:
        _progress()
        return _DRAWN
    _small(f"{tr(data.sentence)} {tr('Showing sketch10.')}")
    if data.can_fetch:
        st.button(tr("Download CIFAR-10 (170 MB)"), key="fetch_cifar10", on_click=data.fetch)
    return _DRAWN


@st.fragment(run_every=0.5)
def _progress() -> None:
    data = cifar10_setup.cifar10()
    if not data.busy:
        st.rerun()
    if data.done is None:
        _small(f"{tr(data.sentence)} {tr('Showing sketch10.')}")
    else:
        st.progress(data.done, text=f"{tr(data.sentence)} {data.done:.0%}")


def _small(sentence: str) -> None:
    st.html(f'<p class="quiet-line">{escape(sentence)}</p>')


def _own(source: str) -> Image:
    """The image a person brought, or what is shown until there is one; says which it is."""
    if visitors.is_off("uploads"):
        said = tr("Uploads are disabled on this server. Select CIFAR-10 or sketch10.")
        visitors.refusal(said, page="sidebar")
        return _last_or_first()
    visitors.accepted(page="sidebar")
    decoders().prepare()
    if source == "camera":
        file = st.camera_input(tr("Camera"), key="image_camera", label_visibility="collapsed")
    else:
        file = st.file_uploader(
            tr("Upload an image"),
            _FILE_TYPES,
            key="image_upload",
            max_upload_size=LARGEST_FILE // 10**6,
        )
    kept: dict[str, OwnImage] = st.session_state.setdefault("own_images", {})
    refused = None
    if file is not None:
        data = file.getvalue()
        mark = hashlib.sha256(data).hexdigest()
        # One assignment: a run may be cut short at any of them.
        if st.session_state.get("own_file", (None, None))[0] != mark:
            st.session_state["own_file"] = mark, _decode(data, source, kept)
        refused = st.session_state["own_file"][1]
    image = kept[source][0] if source in kept else _last_or_first()
    if refused:
        said = tr("{refused} Still showing {name}.", refused=tr(refused), name=image.title)
        st.html(f'<p class="problem-line" role="alert">{escape(said)}</p>')
    elif source in kept:
        decoded = kept[source][1]
        _small(upload_note(decoded))
        if decoded.lost_something:
            st.html(components.upload_crop(decoded))
    else:
        camera = N_("Showing {name} until you take a photo.")
        upload = N_("Showing {name} until you choose a file.")
        _small(tr(camera if source == "camera" else upload, name=image.title))
        if source == "upload":
            _small(tr(READABLE))
    return image


def _decode(data: bytes, source: str, kept: dict[str, OwnImage]) -> str | None:
    """Keep the image in a person's file, or say why it cannot be shown."""
    try:
        decoded = decoders().decode(data)
        kept[source] = images.own(decoded.pixels, source), decoded
    except ImageError as error:
        metrics.refused()
        return refusal(error)
    return None


def _last_or_first() -> Image:
    last = st.session_state.get("listed_image")
    if last is not None:
        return last
    source = "cifar10" if cifar10_setup.cifar10().ready else _DRAWN
    return images.chosen(source, DEFAULT_CLASS, 0)


def _model(models: list[str]) -> tuple[ModelRef | Failure, str]:
    """Select the model; also the name selected before where its run is gone or corrupted."""
    gone = st.session_state.get("model", "")
    if not models:
        st.markdown(tr("Model  \n:small[No models yet. Train one on the Train page.]"))
        return client.resolve(""), ""
    if gone in ("", *models):
        gone = ""
    else:
        asked = st.query_params.get("model")
        # A value, because the browser would keep the old one without.
        st.session_state["model"] = asked if asked in models else models[0]
    st.selectbox(
        tr("Model"),
        models,
        key="model",
        bind="query-params",
        persist_state="session",
    )
    name = st.session_state["model"]
    if trained := _trained_on(name):
        _small(trained)
    return client.resolve(name), gone


def _fitting(model: ModelRef | Failure, patch_size: int) -> ModelRef | Failure:
    """The model, or why it is not run at a patch size."""
    if isinstance(model, Failure):
        return model
    config = model.config
    if patch_size > config.image_size:
        said = N_("{model} has images of {size} × {size} pixels.")
        hint = tr("Use a smaller patch size.")
        return Failure(tr(said, model=model.name, size=config.image_size), hint)
    need = 4 * config.depth * config.num_heads * config.tokens(patch_size) ** 2
    if need > _MOST_ATTENTION:
        said = N_("The attention of {model} takes {need} GB at P = {size}.")
        hint = tr("Use a larger patch size.")
        return Failure(tr(said, model=model.name, need=f"{need / 1e9:.1f}", size=patch_size), hint)
    return model


def _trained_on(model: str) -> str:
    """The model's training data, or "" where its folder does not say it."""
    try:
        return model_card.learned_from(
            client.card(model) or {}, read_run(checkpoints.folder_of(model))
        )
    except CheckpointError:
        return ""
