from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pybayeux import Message, requests
from pybayeux.transports.cookies import CookieJar
from pybayeux_reload.saved import load
from pybayeux_reload.session import KeptSession

if TYPE_CHECKING:
    from pathlib import Path

_REPLY = Message(channel="/meta/handshake", id="1", client_id="abc", successful=True)


@dataclass
class _Context:
    """What the session looks at of a transport's."""

    url: str = "http://127.0.0.1:8080/cometd"
    cookies: CookieJar = field(default_factory=CookieJar)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.json"


def _request(*types: str) -> Message:
    return requests.handshake(types or ["long-polling"])


def _begun(file: Path, context: _Context | None = None) -> KeptSession:
    """A session that the server has granted and that lives."""
    session = KeptSession(file)
    assert session.begin(_request(), context or _Context()) is None
    session.accepted(_REPLY)
    session.lives()
    return session


def test_a_session_is_kept_once_it_lives(file: Path) -> None:
    session = KeptSession(file)
    session.begin(_request(), _Context())
    session.accepted(_REPLY)
    session.subscribed(["/a"])
    assert load(file) is None
    session.lives()
    saved = load(file)
    assert saved is not None
    assert (saved.url, saved.channels, saved.reply().client_id) == (_Context().url, ("/a",), "abc")


def test_what_changes_is_written_and_what_does_not_change_is_not(file: Path) -> None:
    session = _begun(file)
    session.subscribed(["/b", "/a"])
    session.unsubscribed(["/b", "/c"])
    saved = load(file)
    assert saved is not None
    assert saved.channels == ("/a",)
    file.unlink()
    session.lives()
    assert load(file) is None


def test_cookies_are_kept_and_given_back_to_the_server_alone_that_set_them(file: Path) -> None:
    context = _Context()
    context.cookies.take(context.url, [("Set-Cookie", "BAYEUX_BROWSER=1; Path=/; HttpOnly"), ("Set-Cookie", "LB=2")])
    _begun(file, context)
    later = _Context()
    assert KeptSession(file).begin(_request(), later) is not None
    assert set((later.cookies.header(later.url) or "").split("; ")) == {"BAYEUX_BROWSER=1", "LB=2"}
    assert later.cookies.header("http://elsewhere/cometd") is None


def test_a_cookie_that_changes_is_written_with_the_next_connect(file: Path) -> None:
    context = _Context()
    session = _begun(file, context)
    context.cookies.take(context.url, [("Set-Cookie", "LB=3; Path=/")])
    session.lives()
    saved = load(file)
    assert saved is not None
    assert saved.cookies == "LB=3"


def test_only_the_first_handshake_after_a_start_is_spared(file: Path) -> None:
    _begun(file)
    session = KeptSession(file)
    assert session.begin(_request(), _Context()) is not None
    assert (session.resumed, session.on_trial) == (True, True)
    session.accepted(_REPLY)
    session.lives()
    assert (session.resumed, session.on_trial) == (True, False)
    assert session.begin(_request(), _Context()) is None
    assert not session.resumed
    assert load(file) is None  # a new session was asked for: the old one is lost


def test_the_first_handshake_after_another_start_is_spared_too(file: Path) -> None:
    session = _begun(file)
    session.leaving = True
    session.restart()
    assert not session.leaving
    assert session.begin(_request(), _Context()) is not None


def test_a_session_of_another_server_is_not_taken_over(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    _begun(file)
    assert KeptSession(file).begin(_request(), _Context("http://other/cometd")) is None
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
    session = KeptSession(file)
    session.begin(_request(), _Context())
    reply = Message(channel="/meta/handshake", client_id="abc", successful=True, supported_connection_types=offered)
    session.accepted(reply)
    session.lives()
    assert (KeptSession(file).begin(_request(*allowed), _Context()) is not None) == taken


def test_while_it_is_handed_over_nothing_is_written(file: Path) -> None:
    session = _begun(file)
    session.subscribed(["/a"])
    session.leaving = True
    session.unsubscribed(["/a"])
    saved = load(file)
    assert saved is not None
    assert saved.channels == ("/a",)


def test_a_session_that_ends_is_not_kept(file: Path) -> None:
    session = _begun(file)
    session.end()
    session.lives()
    assert load(file) is None
