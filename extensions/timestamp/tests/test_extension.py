from __future__ import annotations

from typing import Any

import pytest

from pybayeux import Channel, Message
from pybayeux_timestamp import Timestamp

_NOW = 1_795_467_370.42  # 2026-11-23, 20:56:10.42 UTC


def _stamped(extension: Timestamp, channel: str = "/orders", **fields: Any) -> str | None:
    message = Message(channel=channel, **fields)
    extension.outgoing(message)
    return message.timestamp


@pytest.mark.parametrize(
    "channel", [Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/orders", "/service/echo"]
)
def test_every_message_has_the_time_in_the_format_of_cometd(channel: str) -> None:
    assert _stamped(Timestamp(clock=lambda: _NOW), channel) == "Mon, 23 Nov 2026 20:56:10 GMT"


def test_the_format_of_the_protocol() -> None:
    assert _stamped(Timestamp("iso", clock=lambda: _NOW)) == "2026-11-23T20:56:10.42"


def test_a_message_that_is_sent_again_gets_a_new_time() -> None:
    moments = iter([_NOW, _NOW + 1])
    extension = Timestamp(clock=lambda: next(moments))
    first = _stamped(extension)
    assert _stamped(extension, timestamp=first) == "Mon, 23 Nov 2026 20:56:11 GMT"


def test_an_unknown_format_is_an_error() -> None:
    unknown: Any = "unix"
    with pytest.raises(ValueError, match="expected one of rfc1123, iso; got 'unix'"):
        Timestamp(unknown)
