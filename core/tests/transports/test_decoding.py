from __future__ import annotations

import pytest

from pybayeux import Message
from pybayeux._util.redact import Redactor
from pybayeux.errors import MessageDecodeError
from pybayeux.transports.decoding import decode_answer, refusals_in


def test_messages_are_decoded() -> None:
    assert decode_answer(b'[{"channel":"/a"}]', Redactor()) == [Message(channel="/a")]


def test_what_they_are_wrapped_in_comes_off() -> None:
    assert decode_answer(b'cb({"channel":"/a"})', Redactor(), lambda body: body[3:-1]) == [Message(channel="/a")]


def test_a_failure_shows_what_came_without_secrets() -> None:
    redact = Redactor()
    redact.remember("t0k3n-t0k3n")
    with pytest.raises(MessageDecodeError, match=r"not JSON.*<h1>\*\*\*</h1>") as caught:
        decode_answer(b"<h1>t0k3n-t0k3n</h1>", redact)
    assert caught.value.__cause__ is None


def test_a_failure_of_the_unwrapping_keeps_its_words() -> None:
    def refuse(body: bytes) -> bytes:
        raise MessageDecodeError("no script")

    with pytest.raises(MessageDecodeError, match="no script; received 'gibberish'"):
        decode_answer(b"gibberish", Redactor(), refuse)


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    with pytest.raises(MessageDecodeError, match="received"):
        decode_answer(b"\xff\xfe\x00", Redactor())


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
