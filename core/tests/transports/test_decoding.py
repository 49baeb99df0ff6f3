from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import pytest

from pybayeux import Message
from pybayeux._util.redact import Redactor
from pybayeux.errors import BayeuxError, MessageDecodeError
from pybayeux.transports.base import DONE, TransportContext
from pybayeux.transports.decoding import read_messages, receive_large, refusals_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux.transports.base import Completion


async def _nothing(_: object) -> None:
    pass


class Reader:
    """Reads answers, and keeps what is reported."""

    def __init__(self) -> None:
        self.reported: list[BayeuxError] = []
        self.redact = Redactor()
        self._context = TransportContext(
            "http://h/", self._receive, _nothing, _nothing, self.redact, report=self.reported.append
        )
        self.received: list[list[Message]] = []

    def read(self, body: bytes, unwrap: Callable[[bytes], bytes] = bytes) -> list[Message]:
        return asyncio.run(read_messages(body, self._context, unwrap))

    def receive_large(self, body: bytes) -> None:
        """Receive a body in the pieces that a network makes of it."""
        pieces = deque(body[start : start + 1000] for start in range(0, len(body), 1000))
        asyncio.run(receive_large(pieces, self._context))
        assert not pieces

    def _receive(self, messages: list[Message]) -> Completion:
        self.received.append(messages)
        return DONE


def test_messages_are_decoded() -> None:
    assert Reader().read(b'[{"channel":"/a"}]') == [Message(channel="/a")]


def test_what_they_are_wrapped_in_comes_off() -> None:
    assert Reader().read(b'cb({"channel":"/a"})', lambda body: body[3:-1]) == [Message(channel="/a")]


def test_a_failure_shows_what_came_without_secrets() -> None:
    reader = Reader()
    reader.redact.remember("t0k3n-t0k3n")
    with pytest.raises(MessageDecodeError, match=r"not JSON.*<h1>\*\*\*</h1>") as caught:
        reader.read(b"<h1>t0k3n-t0k3n</h1>")
    assert caught.value.__cause__ is None


def test_a_failure_of_the_unwrapping_keeps_its_words() -> None:
    def refuse(body: bytes) -> bytes:
        raise MessageDecodeError("no script")

    with pytest.raises(MessageDecodeError, match="no script; received 'gibberish'"):
        Reader().read(b"gibberish", refuse)


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    with pytest.raises(MessageDecodeError, match="received"):
        Reader().read(b"\xff\xfe\x00")


def test_what_is_damaged_is_reported_without_secrets() -> None:
    reader = Reader()
    reader.redact.remember("t0k3n-t0k3n")
    messages = reader.read(b'[{"channel":"/a","data":["t0k3n-t0k3n",NaN]},{"channel":"/b"}]')
    assert [message.channel for message in messages] == ["/a", "/b"]
    (error,) = reader.reported
    assert str(error).startswith("a message on /a: data is no JSON")
    assert "t0k3n" not in str(error)


def test_reports_of_one_batch_are_few() -> None:
    reader = Reader()
    assert len(reader.read(b"[%b]" % b",".join([b'{"channel":"/a","data":NaN}'] * 50))) == 50
    assert len(reader.reported) == 11
    assert "40 more" in str(reader.reported[-1])


def test_the_events_of_a_large_answer_are_received_before_its_replies() -> None:
    reader = Reader()
    event, reply = b'{"channel":"/a","data":1}', b'{"channel":"/meta/connect","id":"1","successful":true}'
    reader.receive_large(b"[%b,%b]" % (reply, b",".join([event] * 50_000)))
    *slices, last = reader.received
    assert len(slices) > 1
    assert {message.channel for part in slices for message in part} == {"/a"}
    assert sum(map(len, slices)) == 50_000
    assert [message.id for message in last] == ["1"]


def test_a_failure_of_a_large_answer_shows_its_beginning_without_secrets() -> None:
    reader = Reader()
    reader.redact.remember("t0k3n-t0k3n")
    with pytest.raises(MessageDecodeError, match=r"not JSON.*<h1>\*\*\*</h1>") as caught:
        reader.receive_large(b"<h1>t0k3n-t0k3n</h1>" * 60_000)
    assert caught.value.__cause__ is None
    assert not reader.received


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'[{"channel":"/meta/handshake","successful":false,"error":"403::Handshake denied"}]', 1),
        (b'[{"channel":"/a","data":1},{"channel":"/meta/connect","successful":false}]', 2),
        (b'[{"channel":"/meta/connect","successful":true}]', 0),
        (b'[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]', 0),
        (b'[{"channel":"/meta/connect","successful":false},{"message":"no channel"}]', 0),
        (b"<html>Bad Gateway</html>", 0),
        (b"", 0),
    ],
)
def test_refusals_in_an_answer_with_a_bad_status(body: bytes, count: int) -> None:
    assert len(refusals_in(body)) == count
