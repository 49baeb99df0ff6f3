from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import json_values, messages
from pybayeux import Advice, Channel, Message, MessageError, decode, encode
from pybayeux.errors import MessageDecodeError, UsageError

EVENT = b'[{"channel":"/a","data":{"b":[1,2]}}]'


def contents(message: Message) -> dict[str, Any]:
    """Everything in a message, for comparison."""
    fields = {name: getattr(message, name) for name in message.__struct_fields__ if name != "advice"}
    advice = msgspec.structs.asdict(message.advice) | message.advice.extra if message.advice is not None else None
    return fields | {"has_data": message.has_data, "extra": message.extra, "advice": advice}


# -- the way between bytes and messages


@given(st.lists(messages(), max_size=3))
def test_what_is_encoded_decodes_to_the_same(batch: list[Message]) -> None:
    assert [contents(message) for message in decode(encode(batch))] == [contents(message) for message in batch]


@given(st.lists(messages(), max_size=3))
def test_what_is_decoded_encodes_to_the_same_json(batch: list[Message]) -> None:
    body = encode(batch)
    assert json.loads(encode(decode(body))) == json.loads(body)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_decode_refuses_garbage_with_one_kind_of_error(body: bytes | str) -> None:
    received = ""
    try:
        decode(body)
    except MessageDecodeError as error:
        received = error.received
    assert len(received) <= 200


@given(json_values.map(json.dumps) | st.lists(json_values).map(json.dumps))
def test_decode_takes_every_array_and_object(body: str) -> None:
    if isinstance(json.loads(body), list | dict):
        assert isinstance(decode(body), list)
        return
    with pytest.raises(MessageDecodeError):
        decode(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[",
        b"[{]",
        b"<html>",
        b"[] trailing",
        b"\xff",
        b'[{"channel":"/a"},5,{"channel":NaN}]',
        "[\ud800]",
        b"[" * 90_000,
    ],
)
def test_what_is_no_batch_is_refused(body: bytes | str) -> None:
    with pytest.raises(MessageDecodeError):
        decode(body)


def test_the_error_shows_the_beginning_of_what_came() -> None:
    with pytest.raises(MessageDecodeError, match="<html><body>Bad Gateway") as caught:
        decode(b"<html><body>Bad Gateway" + b"x" * 500)
    assert len(caught.value.received) == 200


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda body: body.decode()])
def test_decode_takes_every_form_of_bytes(kind: Any) -> None:
    (message,) = decode(kind(EVENT))
    assert (message.channel, message.data) == ("/a", {"b": [1, 2]})


def test_fields_are_encoded_in_the_order_of_the_protocols_examples() -> None:
    message = Message(
        id="7", ext={}, data=1, subscription="/b", connection_type="long-polling", channel="/a", client_id="c"
    )
    assert encode([message]) == (
        b'[{"channel":"/a","clientId":"c","connectionType":"long-polling",'
        b'"subscription":"/b","data":1,"id":"7","ext":{}}]'
    )


def test_absent_fields_are_not_encoded_and_false_is() -> None:
    assert encode([Message(channel="/a", successful=False)]) == b'[{"channel":"/a","successful":false}]'


def test_every_field_has_the_protocols_name() -> None:
    message = Message(channel="/a", minimum_version="1.0", supported_connection_types=["iframe"], auth_successful=True)
    message.advice = Advice(multiple_clients=True, max_interval=5)
    assert encode([message]) == (
        b'[{"channel":"/a","minimumVersion":"1.0","supportedConnectionTypes":["iframe"],'
        b'"advice":{"multiple-clients":true,"maxInterval":5},"authSuccessful":true}]'
    )


def test_other_members_of_message_and_advice_travel_along() -> None:
    message = Message(channel="/a", advice=Advice(timeout=0))
    message.extra["x-messages"] = 3
    assert message.advice is not None
    message.advice.extra["long-polling"] = {"interval": 5}
    assert encode([message]) == (
        b'[{"channel":"/a","advice":{"timeout":0,"long-polling":{"interval":5}},"x-messages":3}]'
    )


def test_a_channel_is_encoded_wherever_a_string_may_be() -> None:
    message = Message(channel=Channel("/a"), data={"to": Channel("/b")}, ext={"c": Channel("/c")})
    plain = b'[{"channel":"/a","data":{"to":"/b"},"ext":{"c":"/c"}}]'
    assert encode([message]) == plain
    message.extra["d"] = Channel("/d")
    assert encode([message]) == plain[:-2] + b',"d":"/d"}]'


@pytest.mark.parametrize("extra", [{}, {"x": 1}])
@pytest.mark.parametrize("data", [object(), {"x": object()}, "\ud800"])
def test_what_json_cannot_express_is_a_type_error(data: Any, extra: dict[str, int]) -> None:
    message = Message(channel="/a", data=data)
    message.extra.update(extra)
    with pytest.raises(TypeError, match="JSON cannot express"):
        encode([message])
    with pytest.raises(TypeError, match="JSON cannot express"):
        _ = message.raw_data


# -- data


def test_data_is_decoded_once_and_its_changes_are_encoded() -> None:
    (message,) = decode(EVENT)
    assert message.raw_data == b'{"b":[1,2]}'
    message.data["b"].append(3)
    assert message.raw_data == b'{"b":[1,2,3]}'
    assert encode([message]) == b'[{"channel":"/a","data":{"b":[1,2,3]}}]'


def test_a_decoder_gets_the_payload_without_a_copy() -> None:
    (message,) = decode(EVENT)
    assert type(message.raw_or_data) is msgspec.Raw
    assert msgspec.json.decode(message.raw_or_data) == {"b": [1, 2]}
    message.data["b"].append(3)
    held: object = message.raw_or_data
    assert held == {"b": [1, 2, 3]}
    assert Message(channel="/a").raw_or_data is msgspec.UNSET


def test_undecoded_data_is_encoded_byte_for_byte() -> None:
    body = b'[{"channel":"/a","data":{ "n": 1.50 }}]'
    assert encode(decode(body)) == body


def test_absent_data_null_data_and_false_data_are_three_things() -> None:
    absent, null, false = decode('[{"channel":"/a"},{"channel":"/a","data":null},{"channel":"/a","data":false}]')
    assert [(m.has_data, m.data, m.raw_data) for m in (absent, null, false)] == [
        (False, None, b""),
        (True, None, b"null"),
        (True, False, b"false"),
    ]


def test_data_can_be_taken_away() -> None:
    (message,) = decode(EVENT)
    del message.data
    assert not message.has_data
    assert encode([message]) == b'[{"channel":"/a"}]'


def test_data_given_to_the_constructor_is_there_at_once() -> None:
    message = Message(channel="/a", data={"b": 1})
    assert message.data == {"b": 1}
    assert Message(channel="/a", data=None).has_data
    assert not Message(channel="/a").has_data


@pytest.mark.parametrize("payload", [b'"\xff"', b"[" * 900 + b'"\xff"' + b"]" * 900])
def test_data_that_is_no_utf8_is_an_error_on_first_use(payload: bytes) -> None:
    broken, fine = decode(b'[{"channel":"/a","data":' + payload + b'},{"channel":"/b","data":1}]')
    with pytest.raises(MessageDecodeError):
        _ = broken.data
    assert fine.data == 1


def test_detached_data_no_longer_needs_its_batch() -> None:
    (message,) = decode(EVENT)
    message.detach()
    assert message.raw_data == b'{"b":[1,2]}'
    assert message.data == {"b": [1, 2]}
    message.detach()
    assert message.data == {"b": [1, 2]}


# -- the rest of a message


def test_ext_is_made_only_on_demand() -> None:
    message = Message(channel="/a")
    assert message.get_ext() is None
    made = message.get_ext(create=True)
    assert made == {}
    assert message.ext is made
    there = Message(channel="/a", ext={"foo": "bar"})
    assert there.get_ext(create=True) == {"foo": "bar"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("401::No client ID", (401, (), "No client ID")),
        ("402:xj3sjdsjdsjad:Unknown Client ID", (402, ("xj3sjdsjdsjad",), "Unknown Client ID")),
        ("403:xj3sjdsjdsjad,/foo/bar:Subscription denied", (403, ("xj3sjdsjdsjad", "/foo/bar"), "Subscription denied")),
        ("404:/foo/bar:Unknown Channel", (404, ("/foo/bar",), "Unknown Channel")),
        ("400::The replayId {123} was invalid. See: a:b", (400, (), "The replayId {123} was invalid. See: a:b")),
        ("403::", (403, (), "")),
        ("4o4:/foo/bar:Broken Error Code", (None, (), "4o4:/foo/bar:Broken Error Code")),
        ("404-/foo/bar-Unknown Channel", (None, (), "404-/foo/bar-Unknown Channel")),
        ("404:Unknown", (None, (), "404:Unknown")),
        ("", (None, (), "")),
        ("9" * 5000 + "::x", (None, (), "9" * 5000 + "::x")),
        ("500:a,b:two\nlines", (500, ("a", "b"), "two\nlines")),
    ],
)
def test_errors_are_taken_apart(text: str, expected: tuple[int | None, tuple[str, ...], str]) -> None:
    assert Message(channel="/a", error=text).parse_error() == MessageError(*expected)


def test_no_error_is_none() -> None:
    assert Message(channel="/a").parse_error() is None


@given(st.text(max_size=30))
def test_every_text_is_some_error(text: str) -> None:
    parsed = Message(channel="/a", error=text).parse_error()
    assert parsed is not None
    assert text.endswith(parsed.message)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("402::session_unknown", True),
        ("402::Unknown client", True),
        ("403::Unknown client", True),
        ("401:c1:Unknown client", True),
        ("401::Authentication invalid", False),
        ("404::Unknown client", False),
        ("Unknown client", False),
    ],
)
def test_unknown_clients_are_known_in_every_form(text: str, unknown: bool) -> None:
    parsed = Message(channel="/a", error=text).parse_error()
    assert parsed is not None
    assert parsed.is_unknown_client is unknown


def test_an_errors_text_hides_the_client_id() -> None:
    parsed = Message(channel="/a", error="401:secret1:Unknown client").parse_error()
    assert (str(parsed), "secret1" in repr(parsed)) == ("401:***:Unknown client", False)
    assert str(Message(channel="/a", error="403:/b:denied").parse_error()) == "403:/b:denied"
    assert str(Message(channel="/a", error="oops").parse_error()) == "oops"


def test_the_timestamp_as_a_time() -> None:
    found = Message(channel="/a", timestamp="2020-05-01T06:28:51.00").timestamp_as_time()
    assert found == datetime(2020, 5, 1, 6, 28, 51, tzinfo=UTC)
    assert Message(channel="/a", timestamp="yesterday").timestamp_as_time() is None
    assert Message(channel="/a").timestamp_as_time() is None


def test_only_channels_below_meta_are_meta() -> None:
    assert [Message(channel=name).is_meta for name in ("/meta/connect", "/metal", "/a/meta/b")] == [True, False, False]


def test_repr_shows_no_credentials() -> None:
    message = Message(
        channel="/a", client_id="secret1", ext={"token": "secret2"}, data="secret3", error="401:secret4:unknown client"
    )
    assert (
        repr(message)
        == "Message(channel='/a', error=MessageError('401:***:unknown client'), ext=['token'], data='<str>')"
    )
    assert repr(decode(EVENT)[0]) == "Message(channel='/a', data='<11 bytes>')"
    assert repr(Message(channel="/a", data=object())) == "Message(channel='/a', data='<object>')"


def test_an_ordinary_message_is_not_to_be_acknowledged() -> None:
    with pytest.raises(UsageError, match="ack='manual'"):
        Message(channel="/a").ack()


# -- advice


@pytest.mark.parametrize(
    ("reconnect", "retry", "handshake", "neither"),
    [
        ("retry", True, False, False),
        ("handshake", False, True, False),
        ("none", False, False, True),
        (None, False, False, False),
        ("None", False, False, False),
    ],
)
def test_what_advice_allows(reconnect: str | None, retry: bool, handshake: bool, neither: bool) -> None:
    advice = Advice(reconnect=reconnect)
    assert advice.should_retry() is retry
    assert advice.should_handshake() is handshake
    assert advice.must_not_retry_or_handshake() is neither


@pytest.mark.parametrize("milliseconds", [0, 200, 2000, 180_000, -1, 1.5])
def test_advised_times_are_milliseconds(milliseconds: float) -> None:
    expected = timedelta(milliseconds=milliseconds)
    assert Advice(timeout=milliseconds).timeout_as_duration() == expected
    assert Advice(interval=milliseconds).interval_as_duration() == expected


def test_times_that_are_too_long_are_the_longest() -> None:
    assert Advice(timeout=10**400).timeout_as_duration() == timedelta.max
    assert Advice(interval=1e308).interval_as_duration() == timedelta.max
    assert Advice(interval=-1e308).interval_as_duration() == timedelta.min


def test_absent_times_are_zero() -> None:
    assert (
        Advice(timeout=10**400).timeout_as_duration() == Advice(interval=1e308).interval_as_duration() == timedelta.max
    )
    assert Advice(interval=-1e308).interval_as_duration() == timedelta.min
    assert Advice().timeout_as_duration() == Advice().interval_as_duration() == timedelta(0)


# -- transactions


def test_a_message_that_no_receiver_got_has_no_transaction() -> None:
    with pytest.raises(UsageError, match="message of /a has no transaction: subscribe with ack='manual'"):
        Message(channel="/a").transaction()


def test_a_transaction_is_that_of_the_receipts() -> None:
    class Stub:
        def transaction(self, earlier: list[Any]) -> Any:
            return (self, earlier)

    first, second, third = (Message(channel="/a", data=number) for number in range(3))
    receipts: list[Any] = [Stub() for _ in range(3)]
    for message, receipt in zip((first, second, third), receipts, strict=True):
        message.attach_receipt(receipt)
    made: list[Any] = [third.transaction(earlier=[first, second]), first.transaction()]
    assert made == [(receipts[2], receipts[:2]), (receipts[0], [])]


def test_a_model_travels_by_the_names_that_it_is_read_by() -> None:
    class Order(pydantic.BaseModel):
        order_id: int = pydantic.Field(alias="orderId")

    assert encode([Message(channel="/a", data=Order(orderId=7))]) == b'[{"channel":"/a","data":{"orderId":7}}]'
