"""A browser's part of a session, without the browser: what it sends, and what it waits for."""

import asyncio
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.util import calc_hash
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SUBPROTOCOL = "streamlit"
REFERENCE = re.compile(r"\bE\d{4}\b")  # of an unexpected error, in any language


class Visitor:
    """One session on its own WebSocket; a context manager.

    Args:
        address: of the app, "http://127.0.0.1:8501", with its base path where it has one.
        timeout: seconds after which an act is given up.
    """

    def __init__(self, address: str, *, timeout: float = 60.0) -> None:
        self._address, self._timeout = address, timeout
        self._again: dict[asyncio.Task, float] = {}  # fragments that run by themselves: seconds
        self._finished = asyncio.Event()
        self._begun = False  # the run that was asked for; what ends before it is an older one
        self._page = ""
        self.widgets: dict[str, str] = {}  # key -> id
        self.bytes = 0
        self.errors: list[str] = []
        self.closed = False

    async def __aenter__(self):
        parts = urllib.parse.urlsplit(self._address)
        self._socket = await connect(
            f"ws://{parts.netloc}{parts.path}/_stcore/stream",
            origin=f"{parts.scheme}://{parts.netloc}",
            additional_headers=await asyncio.to_thread(self._cookies),
            subprotocols=[SUBPROTOCOL],
            max_size=None,
        ).__aenter__()
        self._reader = asyncio.create_task(self._read())
        return self

    def _cookies(self) -> dict[str, str]:
        """What the first page of a new browser sets: by it nginx chooses a replica."""
        with urllib.request.urlopen(f"{self._address}/", timeout=self._timeout) as answer:
            set_ = answer.headers.get_all("Set-Cookie", [])
        return {"Cookie": "; ".join(one.partition(";")[0] for one in set_)} if set_ else {}

    async def __aexit__(self, *error):
        self._stop_fragments()
        self._reader.cancel()
        with suppress(Exception):
            await self._socket.close()

    async def act(
        self,
        page: str = "",
        query: dict[str, str] | None = None,
        *,
        press: str = "",
        values: Iterable[WidgetState] = (),
        waits: float = 0.0,
    ) -> tuple[float, float | None]:
        """Run a page of the app, as a link or the browser's back button does, or change widgets.

        Args:
            page: its path.
            query: of its address.
            press: a button, by its key, in place of these.
            values: of widgets, in place of these; they may be what no browser sends.
            waits: seconds for what runs by itself until all answers have come.

        Returns:
            Seconds until the page was drawn, and until nothing on it waited any more; None where
            something still did.
        """
        message = BackMsg()
        state = message.rerun_script
        if press:
            state.widget_states.widgets.add(id=self.widgets[press], trigger_value=True)
        state.widget_states.widgets.extend(values)
        if not state.widget_states.widgets:
            self._page = calc_hash(page) if page else self._page
            state.is_history_navigation = True
        state.page_script_hash = self._page
        state.query_string = urllib.parse.urlencode(query or {})
        self._finished.clear()
        self._begun = False
        self._stop_fragments()
        began = time.perf_counter()
        await self._send(message)
        await asyncio.wait_for(self._finished.wait(), self._timeout)
        drawn = time.perf_counter() - began
        while self._again:
            self._finished.clear()
            left = waits - (time.perf_counter() - began)
            try:
                await asyncio.wait_for(self._finished.wait(), left)
            except TimeoutError:
                return drawn, None
        return drawn, time.perf_counter() - began

    async def _send(self, message: BackMsg) -> None:
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                self.bytes += len(data)
                message = ForwardMsg()
                message.ParseFromString(data)
                self._take(message)
        except ConnectionClosed as error:
            self.errors.append(f"closed: {error}")
        self.closed = True
        self._finished.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._stop_fragments()
            self._page, self._begun = message.new_session.page_script_hash, True
        elif kind == "auto_rerun":
            one = message.auto_rerun
            task = asyncio.create_task(self._run_again(one.interval, one.fragment_id))
            self._again[task] = one.interval
        elif kind == "script_finished":
            early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
            if self._begun and not early:
                self._finished.set()
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            kind = element.WhichOneof("type")
            if kind == "exception":
                self.errors.append(element.exception.message)
            elif kind == "html" and (unexpected := REFERENCE.search(element.html.body)):
                self.errors.append(unexpected[0])
            elif kind and (name := getattr(getattr(element, kind), "id", "")):
                self.widgets[name.rpartition("-")[2]] = name

    async def _run_again(self, interval: float, fragment: str) -> None:
        while True:
            await asyncio.sleep(interval)
            message = BackMsg()
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            message.rerun_script.page_script_hash = self._page
            await self._send(message)

    def _stop_fragments(self) -> None:
        for task in self._again:
            task.cancel()
        self._again.clear()
