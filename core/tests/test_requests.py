from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux import Channel, ConnectionType, Message, encode, requests
from pybayeux.errors import InvalidChannelError, MissingFieldError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENT = "Un1q31d3nt1f13r"


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (
            requests.handshake(["long-polling"]),
            b'[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]',
        ),
        (
            requests.handshake(["long-polling", "iframe"], version="1.0", minimum_version="0.9"),
            (
                b'[{"channel":"/meta/handshake","version":"1.0","minimumVersion":"0.9",'
                b'"supportedConnectionTypes":["long-polling","iframe"]}]'
            ),
        ),
        (
            requests.connect(client_id=CLIENT, connection_type="long-polling"),
            b'[{"channel":"/meta/connect","clientId":"Un1q31d3nt1f13r","connectionType":"long-polling"}]',
        ),
        (
            requests.subscribe(CLIENT, "/foo/**"),
            b'[{"channel":"/meta/subscribe","clientId":"Un1q31d3nt1f13r","subscription":"/foo/**"}]',
        ),
        (
            requests.subscribe(CLIENT, ["/foo/**", "/foo/**", "/bar/foo"]),
            b'[{"channel":"/meta/subscribe","clientId":"Un1q31d3nt1f13r","subscription":["/foo/**","/bar/foo"]}]',
        ),
        (
            requests.unsubscribe(CLIENT, ["/foo/**", "/bar/foo", "/foo/**"]),
            b'[{"channel":"/meta/unsubscribe","clientId":"Un1q31d3nt1f13r","subscription":["/foo/**","/bar/foo"]}]',
        ),
        (
            requests.disconnect(CLIENT),
            b'[{"channel":"/meta/disconnect","clientId":"Un1q31d3nt1f13r"}]',
        ),
        (
            requests.publish("/some/channel", "some application string or JSON object", CLIENT),
            (
                b'[{"channel":"/some/channel","clientId":"Un1q31d3nt1f13r",'
                b'"data":"some application string or JSON object"}]'
            ),
        ),
        (requests.publish("/a", None), b'[{"channel":"/a","data":null}]'),
    ],
)
def test_requests_are_byte_for_byte_the_protocols_examples(message: Message, wire: bytes) -> None:
    assert encode([message]) == wire


@pytest.mark.parametrize("build", [requests.subscribe, requests.unsubscribe])
def test_several_requests_travel_as_one_array(build: Callable[[str, str], Message]) -> None:
    batch = [build(CLIENT, channel) for channel in ("/foo/**", "/bar/foo")]
    name = batch[0].channel.encode()
    assert encode(batch) == (
        b'[{"channel":"' + name + b'","clientId":"Un1q31d3nt1f13r","subscription":"/foo/**"},'
        b'{"channel":"' + name + b'","clientId":"Un1q31d3nt1f13r","subscription":"/bar/foo"}]'
    )


def test_no_request_has_an_id() -> None:
    assert requests.connect(CLIENT, "long-polling").id is None


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: requests.handshake([]), "supportedConnectionTypes"),
        (lambda: requests.handshake([""]), "connectionType"),
        (lambda: requests.handshake(["long-polling"], version=""), "version"),
        (lambda: requests.handshake(["long-polling"], minimum_version=""), "minimumVersion"),
        (lambda: requests.connect("", "long-polling"), "clientId"),
        (lambda: requests.connect(CLIENT, ""), "connectionType"),
        (lambda: requests.subscribe("", "/a"), "clientId"),
        (lambda: requests.subscribe(CLIENT, []), "subscription"),
        (lambda: requests.unsubscribe("", "/a"), "clientId"),
        (lambda: requests.unsubscribe(CLIENT, []), "subscription"),
        (lambda: requests.disconnect(""), "clientId"),
    ],
)
def test_a_missing_field_is_named(build: Callable[[], Message], field: str) -> None:
    with pytest.raises(MissingFieldError, match=field) as caught:
        build()
    assert caught.value.field == field


@pytest.mark.parametrize("version", ["1.0", "1.0beta", "10.0", "1", "1.0-rc_1"])
def test_versions_start_with_an_integer(version: str) -> None:
    assert requests.handshake(["long-polling"], version).version == version


@pytest.mark.parametrize("version", [".0", "a.0", "1.", "1..0", " 1.0", "1.0\n", "v1"])
def test_other_versions_are_refused(version: str) -> None:
    with pytest.raises(UsageError, match="is not a version"):
        requests.handshake(["long-polling"], version)
    with pytest.raises(UsageError, match="minimumVersion"):
        requests.handshake(["long-polling"], minimum_version=version)


def test_connection_types_are_distinct_and_in_order() -> None:
    types = [ConnectionType.WEBSOCKET, "long-polling", "websocket", "in-process"]
    assert requests.handshake(types).supported_connection_types == ["websocket", "long-polling", "in-process"]


@pytest.mark.parametrize("kind", ConnectionType)
def test_every_known_connection_type_is_taken(kind: ConnectionType) -> None:
    assert requests.connect(CLIENT, kind).connection_type == kind
    assert requests.handshake([kind, kind.value]).supported_connection_types == [kind]


@pytest.mark.parametrize("name", ["long polling", "1st", "long-polling\n", "-"])
def test_a_connection_type_is_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="not the name of a transport"):
        requests.connect(CLIENT, name)
    with pytest.raises(UsageError, match="not the name of a transport"):
        requests.handshake([name])


@pytest.mark.parametrize("name", ["", "/", "foo", "/foo/**/biz", "/foo/*/bar", "/foo//bar", "/foo*", "/*/x*"])
@pytest.mark.parametrize("build", [requests.subscribe, requests.unsubscribe])
def test_channels_are_checked(build: Callable[[str, list[str]], Message], name: str) -> None:
    with pytest.raises(InvalidChannelError) as caught:
        build(CLIENT, ["/foo", name])
    assert caught.value.channel == name
    with pytest.raises(InvalidChannelError):
        requests.publish(name, 1)


@pytest.mark.parametrize("name", ["/foo/*", "/**", "/meta/connect"])
def test_nothing_is_published_to_patterns_and_meta_channels(name: str) -> None:
    with pytest.raises(InvalidChannelError):
        requests.publish(name, 1)


@pytest.mark.parametrize("build", [requests.subscribe, requests.unsubscribe])
def test_channels_are_distinct_and_in_order(build: Callable[[str, list[str]], Message]) -> None:
    assert build(CLIENT, ["/b", "/a", "/b", "/c", "/a"]).subscription == ["/b", "/a", "/c"]
    assert build(CLIENT, ["/a", "/a"]).subscription == "/a"


def test_one_channel_given_in_several_spellings_is_one() -> None:
    assert requests.subscribe(CLIENT, ["/a", "/a/", " /a"]).subscription == "/a"


def test_check_channel_returns_the_channel() -> None:
    found = requests.check_channel("/topic/Cases?Priority=High")
    assert isinstance(found, Channel)
    assert found == "/topic/Cases?Priority=High"
