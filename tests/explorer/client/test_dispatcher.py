"""The queue before the worker: who comes first, what is dropped, and what a lost worker costs."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from explorer.client.dispatcher import Dispatcher
from explorer.client.request_queue import Session, Task
from explorer.client.tasks import forward_pass
from explorer.results import Failure, Pending, Ready
from tests.explorer.waiting import answered, eventually


class InThisProcess(ThreadPoolExecutor):
    """Stands in for the worker where its being a process does not matter."""

    def __init__(self):
        super().__init__(max_workers=1)

    def processor_seconds(self):
        return 0.0

    def shutdown(self, wait=True, kill_workers=False):
        super().shutdown(wait=wait, cancel_futures=True)


@pytest.fixture
def make():
    made = []

    def make(start=InThisProcess, **options):
        made.append(Dispatcher(start, **options))
        return made[-1]

    yield make
    for dispatcher in made:
        dispatcher.close()


@pytest.fixture
def busy():
    """Keep the worker of a dispatcher until the test lets go."""
    begun, go = threading.Event(), threading.Event()
    someone = Session()

    def hold():
        begun.set()
        go.wait(60)
        return "held"

    def busy(dispatcher):
        dispatcher.ask(Task("busy", hold), someone, patience=0)
        assert begun.wait(60)
        return go

    yield busy
    go.set()


def note(seen, name):
    return Task(name, lambda: seen.append(name) or name)


def test_an_answer_comes_back_and_is_kept(make):
    seen = []
    dispatcher, session = make(), Session()
    assert answered(dispatcher, note(seen, "a"), session) == "a"
    assert answered(dispatcher, note(seen, "a"), Session()) == "a"
    assert seen == ["a"]


def test_a_result_that_overflows_is_a_failure_and_the_worker_stays(make):
    started = []
    dispatcher = make(
        lambda: started.append(1) or InThisProcess(),
        explain=lambda error: Failure(type(error).__name__),
    )
    session = Session()
    wrong = Task("wrong", lambda: {"logits": np.array([0.0, np.inf], np.float32)})
    dispatcher.begin(session, allowance=0.0)
    assert answered(dispatcher, wrong, session) == Failure("FloatingPointError")
    assert answered(dispatcher, Task("right", lambda: "right"), session) == "right"
    assert started == [1]


def test_a_result_that_overflows_here_is_left_to_the_worker(make):
    dispatcher, session = make(), Session()
    task = Task("a", lambda: "of the worker", here=lambda: np.array([np.nan]))
    assert answered(dispatcher, task, session) == "of the worker"


def test_two_sessions_that_ask_the_same_share_one_call(make, busy):
    seen = []
    dispatcher, one, two = make(), Session(), Session()
    go = busy(dispatcher)
    dispatcher.ask(note(seen, "a"), one)
    dispatcher.ask(note(seen, "a"), two)
    go.set()
    assert answered(dispatcher, note(seen, "a"), one) == "a"
    assert answered(dispatcher, note(seen, "a"), two) == "a"
    assert seen == ["a"]


def test_a_run_waits_no_longer_than_its_allowance_in_all(make, busy):
    dispatcher, session = make(), Session()
    busy(dispatcher)
    dispatcher.begin(session, allowance=0.1)
    left = []
    for name in "abc":
        assert isinstance(dispatcher.ask(note([], name), session), Pending)
        left.append(session.allowance)
    assert 0 >= left[0] >= left[1] >= left[2]  # it waited for the first, and has nothing left


def test_wishes_of_one_run_are_served_in_their_order(make, busy):
    seen = []
    dispatcher, session = make(), Session()
    go = busy(dispatcher)
    for name in "abc":
        dispatcher.ask(note(seen, name), session)
    go.set()
    assert answered(dispatcher, note(seen, "c"), session) == "c"
    assert seen == ["a", "b", "c"]


def test_what_a_newer_run_no_longer_asks_for_is_never_computed(make, busy):
    seen = []
    dispatcher, session = make(), Session()
    go = busy(dispatcher)
    for name in "abc":
        dispatcher.begin(session, allowance=0)
        dispatcher.ask(note(seen, name), session)
        dispatcher.ask(note(seen, "always"), session)
        dispatcher.end(session)
    go.set()
    assert answered(dispatcher, note(seen, "always"), session) == "always"
    assert seen == ["c", "always"]


def test_sessions_take_turns(make, busy):
    seen = []
    dispatcher, greedy, modest = make(), Session(), Session()
    go = busy(dispatcher)
    for name in ("greedy 1", "greedy 2", "greedy 3"):
        dispatcher.ask(note(seen, name), greedy)
    dispatcher.ask(note(seen, "modest"), modest)
    go.set()
    assert answered(dispatcher, note(seen, "greedy 3"), greedy) == "greedy 3"
    assert seen == ["greedy 1", "modest", "greedy 2", "greedy 3"]


def test_of_one_slot_only_the_newest_wish_is_kept(make, busy):
    seen = []
    dispatcher, session = make(), Session()
    go = busy(dispatcher)
    for name in "abc":
        dispatcher.ask(note(seen, name), session, slot="heads")
    go.set()
    assert answered(dispatcher, note(seen, "c"), session) == "c"
    assert seen == ["c"]


def test_a_session_that_is_gone_wishes_nothing(make, busy):
    seen = []
    dispatcher, session, other = make(), Session(), Session()
    go = busy(dispatcher)
    dispatcher.ask(note(seen, "gone"), session)
    del session
    go.set()
    assert answered(dispatcher, note(seen, "here"), other) == "here"
    assert seen == ["here"]


def test_there_is_news_once_an_awaited_answer_has_come(make, busy):
    dispatcher, session, other = make(), Session(), Session()
    go = busy(dispatcher)
    dispatcher.begin(session, allowance=0)
    assert isinstance(dispatcher.ask(note([], "a"), session), Pending)
    assert not dispatcher.settled(session)
    go.set()
    assert answered(dispatcher, note([], "a"), other) == "a"
    assert dispatcher.settled(session)
    dispatcher.begin(session, allowance=0)
    assert dispatcher.ask(note([], "a"), session).value == "a"
    assert not dispatcher.settled(session)


def test_what_is_not_heeded_is_computed_and_is_no_news(make, busy):
    dispatcher, session = make(), Session()
    go = busy(dispatcher)
    dispatcher.begin(session, allowance=0)
    quiet, notify = Task("quiet", int, ("1",)), Task("notify", int, ("2",))
    dispatcher.ask(quiet, session, notify=False)
    assert not session.waiting
    dispatcher.ask(notify, session)
    assert session.waiting == {"notify"}
    go.set()
    assert dispatcher.ask(notify, session, patience=60).value == 2
    assert dispatcher.ask(quiet, session, patience=0).value == 1


def test_a_run_that_a_poller_started_does_not_wait(make, busy):
    dispatcher, session = make(), Session()
    busy(dispatcher)
    session.polled = True
    dispatcher.begin(session, allowance=60)
    assert session.allowance == 0
    assert isinstance(dispatcher.ask(note([], "a"), session), Pending)


def test_an_error_is_explained_and_stays_until_a_person_acts(make):
    calls = []

    def fail():
        calls.append(1)
        raise ValueError("patch_size must be in 1..32, got 99")

    dispatcher, session = (
        make(explain=lambda error: Failure(str(error), "Choose another.")),
        Session(),
    )
    problem = answered(dispatcher, Task("a", fail), session)
    assert problem == Failure("patch_size must be in 1..32, got 99", "Choose another.")

    session.polled = True
    dispatcher.begin(session, allowance=0)
    assert dispatcher.ask(Task("a", fail), session) == problem
    assert len(calls) == 1

    dispatcher.begin(session, allowance=60)
    assert dispatcher.ask(Task("a", fail), session) == problem
    assert len(calls) == 2


def test_answers_are_kept_within_the_room_and_the_oldest_go_first(make):
    calls = []

    def array(name):
        return Task(name, lambda: calls.append(name) or np.zeros(1000, np.uint8))

    dispatcher, session = make(limit=2500), Session()
    for name in "abcba":
        answered(dispatcher, array(name), session)
    assert calls == ["a", "b", "c", "a"]


def test_a_shared_answer_cannot_be_written_to(make):
    answer = answered(make(), Task("a", lambda: np.zeros(3)), Session())
    with pytest.raises(ValueError, match="read-only"):
        answer[0] = 1


def test_first_steps_come_first_and_say_how_far_they_are(make):
    begun, go = threading.Event(), threading.Event()
    steps = [
        Task(1, lambda: None, message="Importing."),
        Task(2, lambda: begun.set() or go.wait(60), message="Loading."),
    ]
    dispatcher, session = make(first_steps=lambda: steps), Session()
    task = Task("a", lambda: "a")
    dispatcher.open()
    assert begun.wait(60)
    answer = dispatcher.ask(task, session, patience=0)
    assert (answer.message, answer.progress) == ("Loading.", 0.5)
    go.set()
    assert answered(dispatcher, task, session) == "a"


def test_a_start_that_fails_is_a_problem_and_is_tried_again(make):
    library = threading.Event()

    def start():
        if not library.is_set():
            raise RuntimeError("no such library")
        return InThisProcess()

    dispatcher, session = make(start), Session()
    first = Task("a", lambda: "a")
    assert dispatcher.state == "starting"
    problem = answered(dispatcher, first, session)
    assert problem.message == "no such library"
    assert dispatcher.state == "failed"
    library.set()
    dispatcher.begin(session, allowance=60)
    assert dispatcher.ask(first, session).value == "a"
    assert dispatcher.state == "ready"


def test_idle_time_warms_one_thing_at_a_time_and_gives_way(make):
    seen = []
    warming, go = threading.Event(), threading.Event()

    def warm(name):
        seen.append(name)
        warming.set()
        go.wait(60)

    def idle(done):
        name = next((name for name in ("w1", "w2") if name not in done), None)
        return name and Task(name, lambda: warm(name), warms_up=name)

    dispatcher, session = make(idle=idle), Session()
    dispatcher.open()
    assert warming.wait(60)
    dispatcher.ask(note(seen, "asked"), session)
    go.set()
    assert answered(dispatcher, note(seen, "asked"), session) == "asked"
    eventually(lambda: len(seen) == 3)
    assert seen == ["w1", "asked", "w2"]


# With the real process.


def test_the_worker_is_another_process_and_stays(make):
    dispatcher, session = make(forward_pass.start), Session()
    first = answered(dispatcher, Task("a", os.getpid), session)
    again = answered(dispatcher, Task("b", os.getpid), session)
    assert first == again != os.getpid()


def test_closing_ends_the_worker_and_answers_no_more(make):
    dispatcher, session = make(forward_pass.start), Session()
    pid = answered(dispatcher, Task("pid", os.getpid), session)
    dispatcher.close()
    eventually(lambda: not _alive(pid))
    assert isinstance(dispatcher.ask(Task("late", os.getpid), session, patience=0.1), Pending)


def test_no_answer_in_time_is_a_problem_and_the_next_worker_answers(make):
    first_steps = [Task("start", os.getpid)]  # starting takes longer than the deadline
    dispatcher, session = (
        make(forward_pass.start, first_steps=lambda: first_steps, deadline=3.0),
        Session(),
    )
    old = answered(dispatcher, Task("pid", os.getpid), session)
    problem = answered(dispatcher, Task("slow", time.sleep, (60,)), session)
    assert "3 s" in problem.message
    new = answered(dispatcher, Task("pid again", os.getpid), session)
    assert new != old


def test_a_worker_that_dies_is_replaced_and_asked_once_more(make, tmp_path):
    mark = str(tmp_path / "mark")

    def die_once():
        if os.path.exists(mark):
            return "answered"
        open(mark, "w").close()
        os._exit(9)

    assert answered(make(forward_pass.start), Task("a", die_once), Session()) == "answered"


def test_a_request_that_kills_every_worker_is_given_up(make):
    dispatcher, session = make(forward_pass.start), Session()
    problem = answered(dispatcher, Task("deadly", os._exit, (9,)), session)
    assert "crashed" in problem.message
    assert dispatcher.state == "ended"  # by the request: it can be started
    assert answered(dispatcher, Task("a", len, ("ab",)), session) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="kills as Linux and macOS do")
def test_the_worker_ends_when_the_server_is_killed(tmp_path):
    script = textwrap.dedent("""
        import os, signal
        from explorer.client.tasks import forward_pass
        if __name__ == "__main__":
            print(forward_pass.start().submit(os.getpid).result(), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    (tmp_path / "server.py").write_text(script)
    server = subprocess.run(
        [sys.executable, str(tmp_path / "server.py")],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    pid = int(server.stdout)
    eventually(lambda: not _alive(pid))


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not os.path.isdir("/proc/self")


def test_worker_starts_after_the_first_page_was_drawn(make, monkeypatch):
    monkeypatch.setattr("explorer.client.dispatcher._FOR_THE_BROWSER", 0.0)
    started = threading.Event()

    def start():
        started.set()
        return InThisProcess()

    dispatcher, session = make(start, head_start=60.0), Session()
    dispatcher.begin(session, allowance=60.0)
    answer = dispatcher.ask(Task("answer", lambda: 42), session)
    assert isinstance(answer, Pending)
    assert session.allowance > 0  # the page did not wait for its minute
    assert not started.wait(0.2)
    dispatcher.end(session)
    assert started.wait(60)
    eventually(lambda: dispatcher.ask(Task("answer", lambda: 42), session, patience=0) == Ready(42))


def test_worker_starts_by_itself_where_nobody_comes(make):
    started = threading.Event()

    def start():
        started.set()
        return InThisProcess()

    make(start, head_start=0.1).open()
    assert started.wait(60)


def test_until_there_is_a_worker_a_result_is_computed_here(make):
    go, session, calls = threading.Event(), Session(), []

    def here():
        calls.append("here")
        return np.ones(3)

    def broken():
        raise ValueError

    dispatcher = make(first_steps=lambda: [Task("import", go.wait, arguments=(60,))])
    task = Task("one", lambda: "there", here=here)
    for _ in range(2):
        found = dispatcher.ask(task, session, patience=0)
        np.testing.assert_array_equal(found.value, np.ones(3))
        assert not found.value.flags.writeable
    assert calls == ["here"]
    assert not session.waiting
    again = Task("two", lambda: "there", here=broken)
    assert isinstance(dispatcher.ask(again, session, patience=0), Pending)
    go.set()
    assert answered(dispatcher, again, session) == "there"
    assert answered(dispatcher, Task("three", lambda: "there", here=here), session) == "there"
    assert calls == ["here"]


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ([0.02, 0.04], False),
        ([0.02, 0.02], True),
        ([0.06], True),
        ([0.0], True),
    ],
)
def test_a_worker_is_ended_only_where_it_stands_still_or_had_its_time(
    make, monkeypatch, given, ends
):
    go, times = threading.Event(), iter(given)

    def processor_seconds(_):
        now = next(times, None)
        if now is None:
            go.set()
        return given[-1] + 0.005 if now is None else now

    dispatcher = make(deadline=0.05, idle=lambda warm: None)
    monkeypatch.setattr(InThisProcess, "processor_seconds", processor_seconds)
    found = answered(dispatcher, Task("long", lambda: go.wait(60)), Session())
    go.set()
    assert isinstance(found, Failure) == ends


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_the_time_of_a_process_is_what_it_says_itself():
    def busy():
        end = time.process_time() + 0.5
        while time.process_time() < end:
            pass

    worker = forward_pass.start()
    worker.submit(busy).result()  # and what it had for its start
    worker.submit(busy).result()
    told = worker.processor_seconds()
    worker.shutdown(kill_workers=True)
    assert told == pytest.approx(0.5, abs=0.3)


def test_one_question_at_a_time_is_computed_here_while_the_worker_starts(make):
    """Many at once would keep it from starting; who has no time to wait is told to."""
    library, begun, go = threading.Event(), threading.Event(), threading.Event()

    def start():
        library.wait(60)
        return InThisProcess()

    def slow():
        begun.set()
        go.wait(60)
        return "first"

    dispatcher, found = make(start), []
    one = Task("one", lambda: "worker", here=slow)
    asks = threading.Thread(target=lambda: found.append(dispatcher.ask(one, Session(), patience=9)))
    asks.start()
    assert begun.wait(60)
    two = Task("two", lambda: "worker", here=lambda: "second")
    assert isinstance(dispatcher.ask(two, Session(), patience=0.0), Pending)
    go.set()
    asks.join()
    assert found[0].value == "first"
    assert dispatcher.ask(two, Session(), patience=9).value == "second"
    patient = Session()
    patient.allowance = -0.1  # it has waited longer than it should, for another question
    assert dispatcher.ask(Task("three", lambda: "worker", here=lambda: "third"), patient).value
    library.set()


def test_how_many_sessions_wait_is_told_to_those_that_do(make):
    dispatcher, sessions = make(InThisProcess), [Session() for _ in range(3)]
    for number, session in enumerate(sessions, start=1):
        session.waiting.add("a")
        assert dispatcher.end(session) == number
    sessions[1].waiting.clear()
    assert dispatcher.end(sessions[1]) == 0
    assert dispatcher.end(sessions[0]) == 2
