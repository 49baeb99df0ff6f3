from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import channels
from pybayeux import Channel, ChannelType

patterns = st.sampled_from(["/*", "/**"]) | st.tuples(channels, st.sampled_from(["/*", "/**"])).map("".join)


def covers(pattern: str, channel: str) -> bool:
    """What `Channel.match` is to say, segment by segment."""
    wanted, given_ = pattern.split("/")[1:], channel.split("/")[1:]
    if wanted == given_:
        return True
    if given_[-1] in ("*", "**") or wanted[-1] not in ("*", "**"):
        return False
    if wanted[-1] == "*" and len(given_) != len(wanted):
        return False
    return len(given_) >= len(wanted) and given_[: len(wanted) - 1] == wanted[:-1]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("/meta/connect", ChannelType.META),
        ("meta/connect", ChannelType.BROADCAST),
        ("/service/chat", ChannelType.SERVICE),
        ("/foo/bar", ChannelType.BROADCAST),
        ("/metal", ChannelType.BROADCAST),
        ("/services/x", ChannelType.BROADCAST),
        ("/foo/meta/bar", ChannelType.BROADCAST),
        ("/**", ChannelType.BROADCAST),
    ],
)
def test_the_first_segment_decides_the_kind(name: str, kind: ChannelType) -> None:
    assert Channel(name).type is kind


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/meta/connect", False),
        ("/foo/*", True),
        ("/foo/**", True),
        ("/*", True),
        ("/**", True),
        ("/foo/**/biz", False),
        ("/foo/*/bar", False),
        ("/foo*", False),
        ("/foo/***", False),
        ("", False),
    ],
)
def test_wildcards_are_whole_last_segments(name: str, expected: bool) -> None:
    assert Channel(name).has_wildcard() is expected


@pytest.mark.parametrize(
    ("pattern", "channel", "expected"),
    [
        ("/meta/connect", "/meta/connect", True),
        ("/meta/connect", "/foo/bar", False),
        ("/foo/*", "/foo/bar", True),
        ("/foo/*", "/foo/bar/baz", False),
        ("/foo/*", "/foobar", False),
        ("/foo/*", "/foo", False),
        ("/foo/*", "/foo/", False),
        ("/foo/*", "/foo//bar", False),
        ("/foo/**", "/foo/bar", True),
        ("/foo/**", "/foo/bar/baz", True),
        ("/foo/**", "/foo", False),
        ("/foo/**", "/foobar/x", False),
        ("/*", "/foo", True),
        ("/*", "/foo/bar", False),
        ("/**", "/foo/bar", True),
        ("/foo/***", "/foo/bar", False),
        ("*", "/foo", False),
        ("/foo/*", "/foo/*", True),
        ("/foo/**", "/foo/*", False),
        ("/foo", "/foo/*", False),
        ("/foo/**", "", False),
    ],
)
def test_what_a_pattern_covers(pattern: str, channel: str, expected: bool) -> None:
    assert Channel(pattern).match(channel) is expected


def test_a_channel_and_a_plain_string_match_alike() -> None:
    assert Channel("/foo/*").match(Channel("/foo/bar"))
    assert Channel("/foo/*").match("/foo/bar")


@given(channels | patterns, channels | patterns)
def test_match_agrees_with_a_comparison_segment_by_segment(pattern: str, channel: str) -> None:
    assert Channel(pattern).match(channel) is covers(pattern, channel)


@given(channels, st.lists(channels | patterns, max_size=8))
def test_covering_patterns_are_those_that_match(channel: str, subscriptions: list[str]) -> None:
    found = list(Channel(channel).covering_patterns())
    assert len(set(found)) == len(found)
    if Channel(channel).type is not ChannelType.BROADCAST:
        assert found == [channel]
        return
    assert all(Channel(name).match(channel) for name in found)
    assert {name for name in subscriptions if covers(name, channel)} <= set(found)


def test_covering_patterns_begin_with_the_most_specific() -> None:
    assert list(Channel("/a/b/c").covering_patterns()) == ["/a/b/c", "/a/b/*", "/a/b/**", "/a/**", "/**"]
    assert list(Channel("/a").covering_patterns()) == ["/a", "/*", "/**"]


@pytest.mark.parametrize("channel", ["/meta/connect", "/service/echo", "/service/a/b"])
def test_patterns_never_reach_meta_and_service_channels(channel: str) -> None:
    assert list(Channel(channel).covering_patterns()) == [channel]


VALID = ["/foo", "/foo/bar", "/a-b_c!~($)@/0", "/*", "/**", "/foo/*", "/foo/bar/**"]
INVALID = [
    "",
    "/",
    "//",
    "foo",
    "/foo/",
    "/foo//bar",
    "/foo/**/biz",
    "/foo/*/bar",
    "/foo*",
    "/foo/***",
    "/*/x*",
    "/foo/*bar",
    "/**/*",
    "*",
    "/a,*",
    "/a*b/c",
    "/a\n",
    "/a\x1bb",
    "/a\x7f",
    "/a\x9bb",
    "/a\ud800",
    "/topic/Cases?a\x00",
]
IN_USE_ONLY = [
    "/é",
    "/crowds/कमल",
    "/quotes/1,2",
    "/notifications/some=thing",
    "/a%20b",
    '/"a"\\b',
    "/a,b/**",
    "/a?b/*",
    "/a b",
    "/a#b",
    "/a.b",
    "/a+b",
    "/{x}",
    "/a:b",
    "/topic/Cases?Priority=High",
    "/event/Order__e.x/*",
]


@pytest.mark.parametrize("name", VALID)
def test_names_by_the_written_grammar(name: str) -> None:
    assert Channel(name).is_valid()
    assert Channel(name).is_accepted()


@pytest.mark.parametrize("name", INVALID)
def test_names_that_cannot_be_routed(name: str) -> None:
    assert not Channel(name).is_valid()
    assert not Channel(name).is_accepted()


@pytest.mark.parametrize("name", IN_USE_ONLY)
def test_names_that_servers_take_beyond_the_grammar(name: str) -> None:
    assert not Channel(name).is_valid()
    assert Channel(name).is_accepted()


@pytest.mark.parametrize(
    ("given_name", "normal"),
    [
        ("/foo/", "/foo"),
        (" /foo ", "/foo"),
        ("/foo", "/foo"),
        ("/", "/"),
        ("/foo//", "/foo/"),
        ("/a/ /", "/a/"),
    ],
)
def test_one_trailing_slash_is_taken_off(given_name: str, normal: str) -> None:
    found = Channel(given_name).normalized()
    assert (found, type(found)) == (normal, Channel)


def test_a_channel_is_a_string() -> None:
    assert Channel.META_CONNECT == "/meta/connect"
    assert {"/a": 1}[Channel("/a")] == 1
    assert json.dumps(Channel("/a")) == '"/a"'


def test_every_meta_channel_has_its_constant() -> None:
    assert [
        Channel.META_HANDSHAKE,
        Channel.META_CONNECT,
        Channel.META_SUBSCRIBE,
        Channel.META_UNSUBSCRIBE,
        Channel.META_DISCONNECT,
    ] == ["/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect"]
    assert Channel.META_CONNECT.type is ChannelType.META
