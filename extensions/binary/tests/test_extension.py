from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pybayeux import Message, decode, encode
from pybayeux_binary import Binary, BinaryData

_MARKED: dict[str, Any] = {"binary": {}}


def _sent(message: Message) -> Message:
    Binary().outgoing(message)
    return message


def _received(channel: str = "/files", **fields: Any) -> Message:
    """Return a received message after the extension has seen it."""
    [message] = decode(encode([Message(channel=channel, **fields)]))
    Binary().incoming(message)
    return message


@pytest.mark.parametrize("encoded", [False, True])
def test_bytes_are_sent_as_text_with_a_mark(encoded: bool) -> None:
    """With the high-level client `data` is JSON already, with the low-level one it is not."""
    data: Any = BinaryData(bytes.fromhex("864FD26FB559F75B"), last=False, meta={"name": "a.bin"})
    if encoded:
        data = msgspec.Raw(msgspec.json.encode(data))
    message = _sent(Message(channel="/files", data=data, ext={"ack": 1}))
    assert message.data == {"data": "HelloWorld", "last": False, "meta": {"name": "a.bin"}}
    assert message.ext == {"ack": 1, "binary": {}}


@pytest.mark.parametrize(
    "fields", [{}, {"data": None}, {"data": "text"}, {"data": {"data": "00", "last": True}}, {"data": object()}]
)
def test_other_messages_are_not_changed(fields: dict[str, Any]) -> None:
    message = _sent(Message(channel="/files", **fields))
    assert message.data is fields.get("data")
    assert message.ext is None


def test_meta_messages_are_never_binary() -> None:
    wire = {"data": "00", "last": True}
    assert _sent(Message(channel="/meta/connect", data=BinaryData(b"\x00"))).ext is None
    assert _received("/meta/connect", data=wire, ext=_MARKED).data == wire


def test_a_marked_message_has_bytes_and_no_mark() -> None:
    message = _received(data={"data": "HelloWorld", "last": False, "meta": {"name": "a.bin"}}, ext={**_MARKED, "x": 1})
    assert message.data == BinaryData(bytes.fromhex("864FD26FB559F75B"), last=False, meta={"name": "a.bin"})
    assert message.ext == {"x": 1}
    assert _received(data={"data": "00", "last": True}, ext=_MARKED).ext is None


def test_a_message_without_a_mark_is_not_changed() -> None:
    wire = {"data": "HelloWorld", "last": True}
    for ext in (None, {}, {"ack": 1}):
        message = _received(data=wire, ext=ext)
        assert (message.data, message.ext) == (wire, ext)


def test_the_reply_to_a_marked_publish_is_not_changed() -> None:
    message = _received(successful=True, ext=_MARKED)
    assert not message.has_data


@pytest.mark.parametrize("data", [None, "HelloWorld", {"last": True}, {"data": "~"}, {"data": "HelloW"}])
def test_a_wrong_mark_is_reported_and_the_message_is_not_changed(data: Any) -> None:
    message = Message(channel="/files", data=data, ext={"binary": {}})
    with pytest.raises(ValueError):
        Binary().incoming(message)
    assert (message.data, message.ext) == (data, {"binary": {}})


def test_a_typed_subscription_gets_its_type() -> None:
    message = _received(data={"data": "HelloWorld", "last": True}, ext=_MARKED)
    assert msgspec.json.decode(message.raw_data, type=BinaryData) == message.data
