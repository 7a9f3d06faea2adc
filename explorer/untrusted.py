"""What a page of ours never sends, but a stranger may: values that its widgets cannot have.

Streamlit would read such a value anew in each run, and fail: the session would stay broken until
it connects again, and each message write a traceback. It would keep any number of files, too.
"""

from __future__ import annotations

import logging
import traceback
from functools import cache
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.state.common import GENERATED_ELEMENT_ID_PREFIX
from streamlit.runtime.state.session_state import (
    STREAMLIT_INTERNAL_KEY_PREFIX,
    Serialized,
    Value,
    WStates,
)
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

_TALKATIVE = (  # loggers that write a line or a traceback for what one message or request makes
    "streamlit.components.v2.bidi_component.serialization",
    "streamlit.error_util",
    "streamlit.runtime.app_session",
    "streamlit.runtime.scriptrunner.script_runner",
    "streamlit.runtime.state.query_params",
    "streamlit.runtime.websocket_session_manager",
    "streamlit.web.server.starlette.starlette_routes",
    "streamlit.web.server.starlette.starlette_websocket",
    "uvicorn.error",
)
# A number box sends whole numbers as such, and is declared to send any.
_KINDS = {"int_value": "double_value", "int_array_value": "double_array_value"}
_FILES = 2  # uploads kept of a session, a page's and the one it replaces: 25 MB each at most
_log = logging.getLogger(__name__)
_PREFIXES = GENERATED_ELEMENT_ID_PREFIX, STREAMLIT_INTERNAL_KEY_PREFIX  # of widgets' ids
_read, _set = WStates.__getitem__, WStates.set_widget_from_proto
_add = MemoryUploadedFileManager.add_file


def guard() -> None:
    """Have the default in place of what cannot be read, and each kind of line logged once."""
    WStates.__getitem__ = _read_or_default
    WStates.set_widget_from_proto = _set_or_ignore
    MemoryUploadedFileManager.add_file = _add_and_drop
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_Once())


def _read_or_default(states: WStates, widget: str) -> Any:
    state, known = states.states.get(widget), states.widget_metadata.get(widget)
    if not isinstance(state, Serialized) or known is None:
        return _read(states, widget)
    sent, options = state.value.WhichOneof("value"), known.formatted_options
    if sent is not None and _kind(sent) != _kind(known.value_type):
        wrong = "another type"
    elif options is not None and sent == "string_value" and state.value.string_value not in options:
        wrong = "no option"
    else:
        try:
            return _read(states, widget)
        except Exception as error:  # deserializers raise nearly anything, and JSON may be too deep
            wrong = type(error).__name__
    _note(f"ignored a value that no page sends: {sent} for {known.value_type}, {wrong}")
    states.states[widget] = Value(known.deserializer(None))
    return _read(states, widget)


def _set_or_ignore(states: WStates, sent: WidgetState) -> None:
    if sent.id.startswith(_PREFIXES):
        _set(states, sent)
    else:  # taken for a key of the session's own, which has no value yet
        _note("ignored a value that no page sends: no widget has such an id")


def _add_and_drop(
    manager: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec
) -> None:
    manager.remove_file(session_id, file.file_id)  # sent again, it is the newest
    _add(manager, session_id, file)
    for older in list(manager.file_storage[session_id])[:-_FILES]:
        manager.remove_file(session_id, older)


def _kind(field: str) -> str:
    return _KINDS.get(field, field)


@cache
def _note(sentence: str) -> None:
    _log.warning("%s", sentence)


class _Once(logging.Filter):
    """Lets each kind of line through once: of one place, and of one type and place of an error."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[tuple[str, ...]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        at = traceback.extract_tb(error.__traceback__)[-1:] if error else ()
        places = (f"{frame.filename}:{frame.lineno}" for frame in at)
        kind = f"{record.pathname}:{record.lineno}", type(error).__name__, *places
        new = kind not in self._known
        self._known.add(kind)
        return new
