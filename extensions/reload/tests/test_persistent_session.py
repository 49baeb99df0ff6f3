from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pybayeux import Message, requests
from pybayeux.transports.cookies import CookieJar
from pybayeux_reload.persistent_session import PersistentSession
from pybayeux_reload.session_file import load

if TYPE_CHECKING:
    from pathlib import Path

_REPLY = Message(channel="/meta/handshake", id="1", client_id="abc", successful=True)


@dataclass
class _Context:
    """The part of a transport context that the session uses."""

    url: str = "http://127.0.0.1:8080/cometd"
    cookies: CookieJar = field(default_factory=CookieJar)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.json"


def _request(*types: str) -> Message:
    return requests.handshake(types or ["long-polling"])


def _begun(file: Path, context: _Context | None = None) -> PersistentSession:
    """A session that the server has granted, and whose first connect is answered."""
    session = PersistentSession(file)
    assert session.take_over(_request(), context or _Context()) is None
    session.on_handshake_reply(_REPLY)
    session.on_connect_reply()
    return session


def test_a_session_is_saved_once_a_connect_is_answered(file: Path) -> None:
    session = PersistentSession(file)
    session.take_over(_request(), _Context())
    session.on_handshake_reply(_REPLY)
    session.on_subscribed(["/a"])
    assert load(file) is None
    session.on_connect_reply()
    saved = load(file)
    assert saved is not None
    assert (saved.url, saved.channels, saved.reply().client_id) == (_Context().url, ("/a",), "abc")


def test_the_file_is_written_when_the_session_changes_and_only_then(file: Path) -> None:
    session = _begun(file)
    session.on_subscribed(["/b", "/a"])
    session.on_unsubscribed(["/b", "/c"])
    saved = load(file)
    assert saved is not None
    assert saved.channels == ("/a",)
    file.unlink()
    session.on_connect_reply()
    assert load(file) is None


def test_cookies_are_saved_and_sent_to_no_other_server(file: Path) -> None:
    context = _Context()
    context.cookies.take(context.url, [("Set-Cookie", "BAYEUX_BROWSER=1; Path=/; HttpOnly"), ("Set-Cookie", "LB=2")])
    _begun(file, context)
    later = _Context()
    assert PersistentSession(file).take_over(_request(), later) is not None
    assert set((later.cookies.header(later.url) or "").split("; ")) == {"BAYEUX_BROWSER=1", "LB=2"}
    assert later.cookies.header("http://elsewhere/cometd") is None


def test_a_cookie_that_changes_is_written_with_the_next_connect(file: Path) -> None:
    context = _Context()
    session = _begun(file, context)
    context.cookies.take(context.url, [("Set-Cookie", "LB=3; Path=/")])
    session.on_connect_reply()
    saved = load(file)
    assert saved is not None
    assert saved.cookies == "LB=3"


def test_only_the_first_handshake_after_a_start_is_replaced(file: Path) -> None:
    _begun(file)
    session = PersistentSession(file)
    assert session.take_over(_request(), _Context()) is not None
    assert (session.resumed, session.is_unconfirmed) == (True, True)
    session.on_handshake_reply(_REPLY)
    session.on_connect_reply()
    assert (session.resumed, session.is_unconfirmed) == (True, False)
    assert session.take_over(_request(), _Context()) is None
    assert not session.resumed
    assert load(file) is None  # a new session was asked for: the old one is lost


def test_the_first_handshake_after_another_start_is_replaced_too(file: Path) -> None:
    session = _begun(file)
    session.is_handing_over = True
    session.restart()
    assert not session.is_handing_over
    assert session.take_over(_request(), _Context()) is not None


def test_a_session_of_another_server_is_not_taken_over(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    _begun(file)
    assert PersistentSession(file).take_over(_request(), _Context("http://other/cometd")) is None
    assert "another server" in caplog.text


@pytest.mark.parametrize(
    ("offered", "allowed", "taken"),
    [
        (["websocket", "long-polling"], ["long-polling"], True),
        (None, ["long-polling"], True),
        (["websocket"], ["long-polling"], False),
    ],
)
def test_a_session_without_a_transport_that_is_allowed_is_not_taken_over(
    file: Path, offered: list[str] | None, allowed: list[str], taken: bool
) -> None:
    session = PersistentSession(file)
    session.take_over(_request(), _Context())
    reply = Message(channel="/meta/handshake", client_id="abc", successful=True, supported_connection_types=offered)
    session.on_handshake_reply(reply)
    session.on_connect_reply()
    assert (PersistentSession(file).take_over(_request(*allowed), _Context()) is not None) == taken


def test_nothing_is_written_while_the_session_is_handed_over(file: Path) -> None:
    session = _begun(file)
    session.on_subscribed(["/a"])
    session.is_handing_over = True
    session.on_unsubscribed(["/a"])
    saved = load(file)
    assert saved is not None
    assert saved.channels == ("/a",)


def test_a_session_that_has_ended_is_not_saved(file: Path) -> None:
    session = _begun(file)
    session.end()
    session.on_connect_reply()
    assert load(file) is None
