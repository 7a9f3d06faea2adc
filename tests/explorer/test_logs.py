"""What an operator's programs read in the log."""

import json
import logging
import subprocess
import sys
from contextvars import copy_context

import pytest

from explorer import logs
from explorer.client import models
from explorer.client.dispatcher import Dispatcher
from explorer.client.request_queue import Session, Task
from tests.explorer.client.test_dispatcher import InThisProcess, answered

LATER = """
import logging, os
os.environ["VITEXPLORER_LOG"] = "json"
from streamlit.logger import get_logger
get_logger("streamlit.before")
from explorer import logs
logs.set_up()
for name in ("streamlit.before", "streamlit.after"):
    get_logger(name).warning("one\\ntwo of %s", name)
logging.getLogger("explorer.any").warning("three")
"""


@pytest.fixture
def lines(caplog):
    """The records so far as an operator's program reads them."""
    caplog.handler.setFormatter(logs.JsonLines())

    def lines():
        written = [caplog.handler.format(record) for record in caplog.records]
        assert not any("\n" in line for line in written)
        return [json.loads(line) for line in written]

    return lines


def test_an_error_is_found_by_the_reference_that_the_visitor_sees(lines):
    failure = models.unexpected(RuntimeError("nobody foresaw this, 猫"))
    (line,) = lines()
    assert line["reference"] in failure.message
    assert "nobody foresaw this, 猫" in line["message"]
    assert (line["level"], line["logger"]) == ("ERROR", "explorer.client.models")
    assert line["time"].endswith("+00:00")
    assert "exception" not in line


def test_an_exception_stands_in_the_line_of_its_record(lines):
    try:
        raise LookupError("lost")
    except LookupError:
        logging.getLogger("explorer").exception("here")
    (line,) = lines()
    assert line["message"] == "here"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("LookupError: lost")


def test_what_the_worker_cannot_do_is_logged_as_of_the_run_that_asked(lines, monkeypatch):
    def ask():
        logs.begin_request()
        answered(dispatcher, Task("a", int, ("x",)), Session())
        return logs.request.get()

    # The log's context is the thread's: a record is formatted where it is made.
    monkeypatch.setattr(models._log, "warning", lambda *_, **__: seen.append(logs.request.get()))
    seen = []
    dispatcher = Dispatcher(InThisProcess, explain=models.explain)
    names = [copy_context().run(ask) for _ in range(2)]
    dispatcher.close()
    assert seen == names
    assert len(set(names)) == 2


def test_all_loggers_write_lines_also_those_that_come_later():
    done = subprocess.run(
        [sys.executable, "-c", LATER], capture_output=True, text=True, check=True
    ).stderr
    said = [json.loads(line) for line in done.splitlines()]
    assert [line["message"] for line in said] == [
        "one\ntwo of streamlit.before",
        "one\ntwo of streamlit.after",
        "three",
    ]
