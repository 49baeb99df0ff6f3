from __future__ import annotations

import logging
import stat
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pybayeux import Advice, Message
from pybayeux_reload.session_file import SavedSession, as_json, discard, load, store

if TYPE_CHECKING:
    from pathlib import Path

_REPLY = Message(
    channel="/meta/handshake",
    id="1",
    client_id="abc",
    version="1.0",
    supported_connection_types=["websocket", "long-polling"],
    advice=Advice(reconnect="retry", timeout=30000),
    ext={"ack": True},
    successful=True,
)


def _saved(**changes: Any) -> SavedSession:
    fields = {"url": "http://a/b", "handshake": as_json(_REPLY), "cookies": "c=1; d=2", "channels": ("/a", "/b/**")}
    return SavedSession(**{**fields, **changes})


def _write_with(file: Path, **changes: Any) -> None:
    """Write a session file in which some members differ."""
    file.write_bytes(msgspec.json.encode(msgspec.to_builtins(_saved()) | changes))


def test_a_stored_session_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    store(file, _saved())
    loaded = load(file)
    assert loaded == _saved()
    assert loaded is not None
    assert loaded.reply() == _REPLY
    store(file, _saved(cookies=""))
    assert load(file) == _saved(cookies="")
    assert [each.name for each in tmp_path.iterdir()] == ["session.json"]


def test_members_that_the_protocol_does_not_name_are_kept(tmp_path: Path) -> None:
    reply = Message(channel="/meta/handshake", client_id="abc", successful=True)
    reply.extra["x-messages"] = 3
    store(tmp_path / "session.json", _saved(handshake=as_json(reply)))
    loaded = load(tmp_path / "session.json")
    assert loaded is not None
    assert loaded.reply().extra == {"x-messages": 3}


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    file, left_over = tmp_path / "session.json", tmp_path / "session.json.new"
    left_over.touch(0o644)
    store(file, _saved())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not left_over.exists()


def test_without_a_file_there_is_no_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load(tmp_path / "session.json") is None
    discard(tmp_path / "session.json")
    assert caplog.records == []


def test_a_discarded_file_is_removed(tmp_path: Path) -> None:
    store(tmp_path / "session.json", _saved())
    discard(tmp_path / "session.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b"{}", b"\xff", b'{"url":"http://a/b","handshake":{}}'])
def test_another_file_holds_no_session(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: bytes) -> None:
    (tmp_path / "session.json").write_bytes(text)
    assert load(tmp_path / "session.json") is None
    assert "holds no session" in caplog.text


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "pybayeux-reload-2"},
        {"url": None},
        {"handshake": {}},
        {"handshake": {"channel": "/meta/handshake", "clientId": "secret"}},
        {"handshake": {"channel": "/meta/handshake", "clientId": "secret", "successful": False}},
        {"handshake": {"channel": "/meta/handshake", "successful": True}},
        {"cookies": 3},
        {"channels": "/secret"},
    ],
)
def test_an_invalid_session_is_logged_without_its_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    _write_with(tmp_path / "session.json", **changes)
    assert load(tmp_path / "session.json") is None
    assert "holds no session" in caplog.text
    assert "secret" not in caplog.text


def test_a_file_that_cannot_be_read_or_removed_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert load(tmp_path) is None  # a folder
        discard(tmp_path)
    assert [record.name for record in caplog.records] == ["pybayeux.reload"] * 2


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        store(tmp_path / "missing" / "session.json", _saved())
