"""Whose turn is next where some wishes can wait."""

from explorer.client.request_queue import Queue, Session, Task


def task(name, background=False):
    return Task(name, print, background=background)


def order(queue):
    names = []
    while (request := queue.begin_next()) is not None:
        names.append(request.task.key)
        queue.end()
    return names


def test_work_for_the_background_comes_last_whenever_it_was_asked_for():
    queue, session = Queue(), Session()
    for one in (task("slow", True), task("slower", True), task("now"), task("soon")):
        queue.add(one, session, None)
    assert order(queue) == ["now", "soon", "slow", "slower"]


def test_one_sessions_background_waits_for_what_another_needs_now():
    queue, first, second = Queue(), Session(), Session()
    for number in range(3):
        queue.add(task(f"slice {number}", True), first, None)
    assert queue.begin_next().task.key == "slice 0"
    queue.end()
    queue.add(task("reading"), second, None)
    assert order(queue) == ["reading", "slice 1", "slice 2"]


def test_the_background_of_two_sessions_takes_turns():
    queue, first, second = Queue(), Session(), Session()
    for number in range(2):
        queue.add(task(f"a{number}", True), first, None)
        queue.add(task(f"b{number}", True), second, None)
    assert order(queue) == ["a0", "b0", "a1", "b1"]
