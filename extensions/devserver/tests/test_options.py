from __future__ import annotations

from typing import Any

import pytest

from pybayeux_devserver.options import AuthStyle, Options, Order, echo


def test_plain_strings_become_enums() -> None:
    options = Options(order="reply-first", auth_style="http")  # type: ignore[arg-type]
    assert options.order is Order.REPLY_FIRST
    assert options.auth_style is AuthStyle.HTTP


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"path": "cometd"}, "slash"),
        ({"timeout": -1}, "timeout: expected 0 or more"),
        ({"connection_types": ()}, "connection_types: expected at least one"),
        ({"order": "sideways"}, "sideways"),
        ({"handshake_order": "sideways"}, "sideways"),
        ({"messages_per_frame": 0}, "messages_per_frame: expected at least 1"),
        ({"max_uri_length": -1}, "max_uri_length: expected 0 or more"),
    ],
)
def test_invalid_values_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Options(**wrong)


@pytest.mark.parametrize(("replay", "channels"), [(True, ("/**",)), (False, ()), (("/event/*",), ("/event/*",))])
def test_replay_channels(replay: bool | tuple[str, ...], channels: tuple[str, ...]) -> None:
    assert Options(replay=replay).replay_channels == channels


def test_echo_returns_its_argument() -> None:
    assert echo({"a": 1}) == {"a": 1}
