"""Records of the log as lines of JSON, for operators whose programs read them."""

import hashlib
import json
import logging
import os
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime

from streamlit.runtime.scriptrunner import get_script_run_ctx

LOG = "VITEXPLORER_LOG"  # environment variable: "json", else as Streamlit and Python write
request: ContextVar[str] = ContextVar("request", default="")  # the script run or HTTP request


def begin_request() -> None:
    """What is logged in this context from here on belongs together."""
    request.set(secrets.token_hex(6))


class JsonLines(logging.Formatter):
    """One JSON object a record, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {
            "time": at,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": request.get(),
            "session": _session(),
            "reference": getattr(record, "reference", ""),  # as the visitor sees it
            "exception": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return json.dumps({name: value for name, value in said.items() if value})


def _session() -> str:
    """A name for the session whose script logs; its own would let a reader take it over."""
    context = get_script_run_ctx(suppress_warning=True)
    return hashlib.sha256(context.session_id.encode()).hexdigest()[:12] if context else ""


class _Logger(logging.Logger):
    """Streamlit gives each of its loggers a handler, also those that it makes later."""

    def addHandler(self, hdlr: logging.Handler) -> None:  # noqa: N802 - a name of logging's
        hdlr.setFormatter(JsonLines())
        super().addHandler(hdlr)


def set_up() -> None:
    """Write as the operator asked; called once the server has set up its own loggers."""
    if os.environ.get(LOG) != "json":
        return
    logging.basicConfig()
    logging.setLoggerClass(_Logger)
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for logger in (logging.root, *loggers):
        for handler in logger.handlers:
            handler.setFormatter(JsonLines())
