from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import json_values, messages
from core.tests.test_message import contents
from pybayeux import Advice, Message, decode, encode
from pybayeux.codec import advice_from, decode_leniently
from pybayeux.errors import MessageDecodeError


def one(**members: Any) -> Message:
    """The one message with these members on the wire."""
    (message,) = decode(json.dumps([{"channel": "/a"} | members]))
    return message


@given(st.lists(messages(), max_size=3))
def test_both_ways_agree_on_what_both_accept(batch: list[Message]) -> None:
    for message in batch:
        message.extra.clear()  # the fast way refuses other members
    body = encode(batch)
    assert [contents(m) for m in decode_leniently(body)] == [contents(m) for m in decode(body)]


@given(st.dictionaries(st.sampled_from([*Message.__struct_encode_fields__, "x"]), json_values))
def test_nothing_that_a_message_says_is_lost(members: dict[str, Any]) -> None:
    (message,) = decode(json.dumps([members]))
    known = json.loads(encode([message]))[0]
    for name, value in members.items():
        assert value is None or name in known, name
    assert set(known) <= {*members, "channel"}


def test_a_bare_object_is_a_batch_of_one() -> None:
    assert [m.channel for m in decode(b' \n{"channel":"/a","id":1}')] == ["/a"]


@pytest.mark.parametrize(("sent", "read"), [(7, "7"), (1.5, "1.5"), ("x", "x")])
def test_numeric_ids_are_text(sent: Any, read: str) -> None:
    assert one(id=sent, clientId=sent).id == one(clientId=sent, id=1).client_id == read


def test_members_of_other_names_are_in_extra() -> None:
    message = one(**{"x-messages": 2, "failure": {"httpCode": 503}})
    assert message.extra == {"x-messages": 2, "failure": {"httpCode": 503}}


def test_members_of_other_types_are_kept_in_extra() -> None:
    message = one(ext=[1], successful="perhaps", timestamp={"s": 1}, advice="retry", id=True)
    assert (message.ext, message.successful, message.timestamp, message.advice, message.id) == (None,) * 5
    assert message.extra == {
        "ext": [1], "successful": "perhaps", "timestamp": {"s": 1}, "advice": "retry", "id": True,
    }  # fmt: skip


@pytest.mark.parametrize(("sent", "read"), [("true", True), ("False", False), (True, True)])
def test_truth_as_text(sent: Any, read: bool) -> None:
    assert one(successful=sent, id=1).successful is read


def test_null_is_absent_except_for_data() -> None:
    message = one(x=1, id=None, ext=None, advice=None, data=None, y=None)
    assert (message.id, message.ext, message.advice) == (None, None, None)
    assert message.has_data
    assert message.extra == {"x": 1}


@pytest.mark.parametrize("element", [{"data": 1}, {"channel": None}, {"channel": 5}, [], 1, "x", None])
def test_a_message_without_a_channel_does_not_spoil_its_batch(element: Any) -> None:
    bad, good = decode(json.dumps([element, {"channel": "/b", "data": 2}]))
    assert bad.channel == ""
    assert (good.channel, good.data) == ("/b", 2)


def test_an_element_that_is_no_object_is_kept_as_data() -> None:
    assert decode("[[1, 2]]")[0].data == [1, 2]


def test_subscriptions_as_numbers_and_arrays() -> None:
    assert one(subscription=["/a", 5], x=1).subscription == ["/a", "5"]
    assert one(supportedConnectionTypes=["long-polling", None], x=1).supported_connection_types == ["long-polling"]


def test_advice_with_sections_and_texts() -> None:
    advice = one(
        advice={
            "reconnect": "retry",
            "interval": "250",
            "timeout": 5,
            "multiple-clients": "true",
            "hosts": ["a", 1],
            "long-polling": {"interval": 1},
            "maxInterval": "soon",
        }
    ).advice
    expected = Advice(reconnect="retry", interval=250, timeout=5, multiple_clients=True, hosts=["a"])
    assert advice == expected
    assert advice is not None
    assert advice.extra == {"long-polling": {"interval": 1}, "maxInterval": "soon"}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "9" * 400, "", "1_000", True, [1], {}])
def test_what_is_no_number_of_milliseconds_stays_in_extra(value: Any) -> None:
    advice = advice_from({"timeout": value})
    assert advice.timeout is None
    assert advice.extra == {"timeout": value}


@pytest.mark.parametrize("body", [b"{", b'{"channel":"/a"} x', b'[{"x":1,]', b'{"x":"}', b"5"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(MessageDecodeError, match=r"not JSON|no array of messages"):
        decode_leniently(body)


@given(st.binary(max_size=40) | st.text(max_size=40))
def test_no_other_error_leaves(body: bytes | str) -> None:
    with contextlib.suppress(MessageDecodeError):
        decode_leniently(body)
