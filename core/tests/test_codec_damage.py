"""One value that is no JSON: it costs itself, and nothing beside it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import messages
from pybayeux import Message, decode, encode
from pybayeux.codec import damage_of
from pybayeux.errors import MessageDecodeError

DEEP = b"[" * 50_000 + b"]" * 50_000
DAMAGED = [
    b'"cut \\ud83d"',
    b'{"a":"\\ud83d","b":1}',
    b"NaN",
    b"[Infinity,-Infinity]",
    b'"a\nb"',
    b'{"text":"\x00\x1f"}',
    b'"\\x41"',
    b"[012]",
    DEEP,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'"\xff\\ud83d"',
]


@pytest.mark.parametrize("value", DAMAGED, ids=lambda value: ascii(value[:20]))
def test_the_other_events_arrive_and_the_damaged_one_is_undecodable(value: bytes) -> None:
    one, bad, three = decode(
        b'[{"channel":"/x","data":1},{"channel":"/x","data":%b,"id":"7"},{"channel":"/x","data":3}]' % value
    )
    assert (one.data, three.data) == (1, 3)
    assert (bad.channel, bad.id, bad.raw_data) == ("/x", "7", value)
    assert "data is no JSON" in str(damage_of(bad))
    with pytest.raises(MessageDecodeError):
        _ = bad.data
    assert damage_of(one) is damage_of(three) is None


@pytest.mark.parametrize("value", DAMAGED, ids=lambda value: ascii(value[:20]))
@pytest.mark.parametrize("member", ["ext", "id", "x-other", "advice"])
def test_any_other_member_is_left_out(member: str, value: bytes) -> None:
    (message,) = decode(b'[{"channel":"/x","%b":%b,"data":[1]}]' % (member.encode(), value))
    assert (message.channel, message.data, message.ext, message.id, message.advice) == ("/x", [1], None, None, None)
    assert str(damage_of(message)).startswith(f"{member} is no JSON")


def test_a_channel_that_is_no_text_is_none() -> None:
    first, second = decode(b'[{"channel":"\xff","data":1},{"channel":"/a"}]')
    assert (first.channel, second.channel) == ("", "/a")


def test_a_bare_object_may_be_damaged_too() -> None:
    (message,) = decode(b' {"channel":"/a","data":NaN} ')
    assert (message.channel, message.raw_data) == ("/a", b"NaN")


def test_brackets_and_commas_in_strings_part_nothing() -> None:
    text = 'a],[{"b\\": }, {'
    _, message = decode(b'[{"channel":"/a","data":NaN},{"channel":"/b","data":%b}]' % json.dumps(text).encode())
    assert message.data == text


@given(st.lists(messages(), min_size=1, max_size=4), st.sampled_from(DAMAGED), st.data())
def test_no_other_message_changes(batch: list[Message], value: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(batch)))
    elements = [encode([message])[1:-1] for message in batch]
    elements.insert(place, b'{"channel":"/damaged","data":%b}' % value)
    decoded = decode(b"[%b]" % b" ,\n".join(elements))
    assert decoded.pop(place).raw_data == value
    assert encode(decoded) == encode(decode(encode(batch)))


@pytest.mark.parametrize("number", [b"123456789012345678901234567890", b"-18446744073709551617", b"9007199254740993"])
def test_big_numbers_stay_exact_beside_damage(number: bytes) -> None:
    _, message = decode(b'[{"channel":"/a","data":NaN},{"channel":"/a","data":{"n":%b}}]' % number)
    assert message.data == {"n": int(number)}
    assert encode([message]) == b'[{"channel":"/a","data":{"n":%b}}]' % number


@pytest.mark.parametrize(
    "cut", [b'[{"channel":"/a","data":NaN}', b'[{"channel":"/a","data":NaN},{"channel":"/b', b"[NaN]"]
)
def test_an_answer_that_is_not_complete_is_none(cut: bytes) -> None:
    with pytest.raises(MessageDecodeError):
        decode(cut)


def test_the_members_of_a_damaged_payload_can_be_read() -> None:
    (message,) = decode(b'[{"channel":"/a","data":{"event":{"replayId":7},"text":"\\ud83d"}}]')
    assert message.raw_members() == {"event": b'{"replayId":7}', "text": b'"\\ud83d"'}
    assert Message(channel="/a", data=[1]).raw_members() == Message(channel="/a").raw_members() == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_body_with_the_mark_of_its_encoding_is_read_as_such(encoding: str) -> None:
    body = '[{"channel":"/x","data":"\xe9","unknown":1}]'.encode(encoding)
    [message] = decode(body)
    assert (message.data, message.extra) == ("\xe9", {"unknown": 1})
