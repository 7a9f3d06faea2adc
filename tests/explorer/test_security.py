"""Who is answered, and with which headers: the middleware called as a server calls it."""

from functools import partial
from http.cookies import SimpleCookie

import pytest
import streamlit as st

from explorer import security, visitors
from explorer.runs import rights
from explorer.runs.rights import OPERATOR
from explorer.security import COOKIE, Security
from explorer.sessions import Sessions

HTML = (b"content-type", b"text/html; charset=utf-8")


def answer(path="/", *, kind="http", method="GET", **headers):
    """What is sent back: the status (101 for a session that is opened) and the headers."""
    sent = []

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [HTML]})
            await send({"type": "http.response.body", "body": b"page"})

    async def send(message):
        sent.append(message)

    scope = {
        "type": kind,
        "path": path,
        **({"method": method} if kind == "http" else {}),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    with pytest.raises(StopIteration):  # nothing in it waits; a browser's loop may be running here
        Security(app)(scope, None, send).send(None)
    kinds = {"websocket.accept": 101, "websocket.close": 403}
    found = {name.decode(): value.decode() for name, value in sent[0].get("headers", ())}
    return sent[0].get("status", kinds.get(sent[0]["type"])), found


@pytest.fixture
def settings(monkeypatch):
    """Set options of Streamlit for one test."""
    chosen, usual = {}, st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: chosen.get(name, usual(name)))
    return chosen


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("vit.school.example", 200),
        ("VIT.school.example:80", 200),
        ("a.lab.example", 200),
        ("[::1]:8501", 200),
        ("lab.example", 421),
        ("evil.example", 421),
        ("vit.school.example.evil.example", 421),
        ("127.0.0.1", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_a_name_that_was_not_given_is_not_answered(settings, host, status):
    settings["server.allowedHosts"] = ["vit.school.example", "*.lab.example", "::1"]
    assert answer(host=host)[0] == status
    opened = answer(kind="websocket", host=host, origin=f"http://{host}")[0]
    assert opened == (101 if status == 200 else 403)
    assert answer("/vit/_stcore/health", host=host)[0] == 200
    assert answer("/vit/healthz", host=host)[0] == 200
    assert answer("/metrics", host=host, method="HEAD")[0] == 200  # which has a key
    for method in ("PUT", "POST", "DELETE"):
        sent = answer("/_stcore/upload_file/session/healthz", host=host, method=method)
        assert sent[0] == status
    joined = answer("/healthz", kind="websocket", host=host, origin=f"http://{host}")[0]
    assert joined == opened
    assert answer("/_stcore/metrics", host=host)[0] == 404
    settings["server.allowedHosts"] = []
    assert answer(host=host)[0] == 200


def test_without_a_setting_this_machine_alone_is_answered():
    hosts = ["localhost:8501", "127.0.0.1:8501", "localhost.evil.example", "192.168.0.7"]
    assert [answer(host=host)[0] for host in hosts] == [200, 200, 421, 421]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8501", 101),
        ("https://localhost:8501", 101),  # a proxy may end TLS
        ("http://localhost:9999", 403),
        ("http://localhost", 403),
        ("http://127.0.0.1:8501", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("file://", 403),
        ("http://[", 403),
        ("", 403),
        ("https://course.example", 101),
        ("https://course.example:444", 403),
    ],
)
def test_a_session_is_opened_by_a_page_of_this_server_alone(settings, origin, status):
    settings["server.corsAllowedOrigins"] = ["https://course.example/"]
    given = {"origin": origin} if origin else {}
    assert answer("/_stcore/stream", kind="websocket", host="localhost:8501", **given)[0] == status
    settings["server.enableCORS"] = False
    assert answer("/_stcore/stream", kind="websocket", host="localhost:8501", **given)[0] == 101


def test_a_server_that_ends_goes_on_with_its_sessions_and_takes_no_new_ones(monkeypatch):
    sessions = Sessions()
    monkeypatch.setattr(security, "server_sessions", lambda: sessions)
    here = {"host": "localhost", "origin": "http://localhost"}
    opens = partial(answer, "/_stcore/stream", kind="websocket", **here)
    assert opens()[0] == 101
    sessions.ending = True
    assert opens()[0] == 503  # where a proxy asks the next replica
    assert answer("/patches", host="localhost")[0] == 200


@pytest.mark.parametrize("path", ["/", "/patches", "/_stcore/upload_file", "/_stcore/metrics"])
def test_every_answer_has_the_headers(settings, path):
    settings["server.corsAllowedOrigins"] = ["https://course.example"]
    status, headers = answer(path, host="localhost")
    assert status == (404 if path.endswith("metrics") else 200)
    policy = dict(part.split(maxsplit=1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == "'self' https://course.example"
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_browser_of_a_shared_server_is_known_by_a_cookie(settings):
    assert "set-cookie" not in answer(host="localhost")[1]
    settings["server.allowedHosts"] = ["vit.school.example"]
    given = [answer(host="vit.school.example")[1]["set-cookie"] for _ in range(2)]
    proofs = [SimpleCookie(cookie)[COOKIE] for cookie in given]
    assert proofs[0].value != proofs[1].value
    assert min(len(proof.value) for proof in proofs) >= 32
    assert all(proof["httponly"] and proof["samesite"] == "Lax" for proof in proofs)
    known = {"host": "vit.school.example", "cookie": f"other=1; {COOKIE}={proofs[0].value}"}
    assert "set-cookie" not in answer(**known)[1]


def test_a_visitor_is_who_holds_the_cookie_and_a_teacher_who_holds_the_key(settings, monkeypatch):
    cookies = {}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: cookies))
    monkeypatch.setattr(st, "session_state", {})
    assert visitors.me() == OPERATOR
    settings["server.allowedHosts"] = ["vit.school.example"]
    without = visitors.me()
    assert visitors.me() == without
    cookies[COOKIE] = "anna"
    anna = visitors.me()
    cookies[COOKIE] = "ben"
    assert len({without.name, anna.name, visitors.me().name}) == 3
    assert not anna.operates
    assert "anna" not in anna.name
    for key, word, operates in (
        ("", "", False),
        ("a", "", False),
        ("a", "b", False),
        ("a", "a", True),
    ):
        monkeypatch.setenv(visitors.KEY, key)
        st.session_state["field"] = word
        visitors._check("page", "field")
        assert visitors.me().operates == operates


def test_what_is_off_is_off_for_visitors(settings, monkeypatch):
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: {}))
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setenv(rights.OFF, "training, other")
    assert not visitors.is_off("training")
    settings["server.allowedHosts"] = ["vit.school.example"]
    assert [visitors.is_off(what) for what in ("training", "uploads", "")] == [True, False, False]
