from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Channel
from pybayeux_devserver.protocol.channels import (
    broadcast_channel,
    channel_to_publish,
    channels_to_subscribe,
    covered,
    routes,
)
from pybayeux_devserver.protocol.errors import Refused


@pytest.mark.parametrize(
    ("channel", "patterns", "expected"),
    [
        ("/a/b", ["/a/b"], True),
        ("/a/b", ["/x", "/a/*"], True),
        ("/a/b/c", ["/a/*"], False),
        ("/a/b/c", ["/a/**"], True),
        ("/ab", ["/a/*", "/a"], False),
        ("/a", [], False),
        ("/a", ["/**"], True),
        ("/a/*", ["/a/**"], True),
    ],
)
def test_covered(channel: str, patterns: list[str], expected: bool) -> None:
    assert covered(channel, patterns) is expected


def test_routes() -> None:
    assert routes("/a/b") == {"/a/b", "/a/*", "/a/**", "/**"}
    assert routes("/a") == {"/a", "/*", "/**"}


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4),
    st.lists(st.sampled_from("abc"), max_size=4),
    st.sampled_from(["/*", "/**", "/b"]),
)
def test_covered_agrees_with_channel_match(name: list[str], parent: list[str], end: str) -> None:
    channel, pattern = "/" + "/".join(name), "".join(f"/{segment}" for segment in parent) + end
    assert covered(channel, [pattern]) is Channel(pattern).match(channel)


@pytest.mark.parametrize("subscription", ["/a", "/a/**", "/service/x", "/topic/T?Type=x"])
def test_one_channel_can_be_subscribed_to(subscription: str) -> None:
    assert channels_to_subscribe(subscription) == [subscription]


def test_several_channels_can_be_subscribed_to() -> None:
    assert channels_to_subscribe(["/a", "/b/*"]) == ["/a", "/b/*"]


@pytest.mark.parametrize(
    ("subscription", "error"),
    [
        (None, "403::subscription_missing"),
        ([], "403::subscription_missing"),
        ("", "403::subscription_missing"),
        ("noslash", "403::subscription_invalid"),
        (7, "403::subscription_invalid"),
        (["/a", None], "403::subscription_invalid"),
        ("/meta/connect", "403::subscribe_failed"),
        (["/a", "/meta/**"], "403::subscribe_failed"),
    ],
)
def test_channels_that_cannot_be_subscribed_to(subscription: Any, error: str) -> None:
    with pytest.raises(Refused) as refusal:
        channels_to_subscribe(subscription)
    assert refusal.value.error == error


@pytest.mark.parametrize(
    ("name", "error"),
    [("/meta/bogus", "404::unknown_channel"), ("/a/*", "405::channel_invalid"), ("a", "405::channel_invalid")],
)
def test_channels_that_cannot_be_published_to(name: str, error: str) -> None:
    with pytest.raises(Refused) as refusal:
        channel_to_publish(name)
    assert refusal.value.error == error


def test_channels_that_can_be_published_to() -> None:
    assert channel_to_publish("/service/x") == "/service/x"
    assert channel_to_publish("/a/b") == "/a/b"


@pytest.mark.parametrize("name", ["/meta/x", "/service/x", "/a/**", "a"])
def test_server_publishes_to_broadcast_channels_only(name: str) -> None:
    with pytest.raises(ValueError, match="expected a broadcast channel"):
        broadcast_channel(name)
