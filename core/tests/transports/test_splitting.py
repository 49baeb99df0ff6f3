from __future__ import annotations

import itertools
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import messages
from core.tests.virtual_time import in_virtual_time
from pybayeux import Message, encode
from pybayeux.errors import TransportError, UsageError
from pybayeux.transports.splitting import SizeLimit, send_in_parts, split


def in_bytes(most: int) -> SizeLimit:
    """As of a body."""
    return SizeLimit(most, "bytes", "max_request_size", len)


def in_characters(most: int) -> SizeLimit:
    """As of an address."""
    return SizeLimit(most, "characters", "max_uri_length", lambda json: 20 + len(quote(json)))


limits = st.builds(lambda make, most: make(most), st.sampled_from([in_bytes, in_characters]), st.integers(1, 1500))


@given(st.lists(messages(), max_size=12), limits)
def test_splitting_loses_nothing_and_keeps_the_order(batch: list[Message], limit: SizeLimit) -> None:
    parts, too_large = split(batch, limit)
    left = [message for part in parts for message in part]
    assert [id(message) for message in batch if message not in too_large] == [
        id(message) for message in left if message not in too_large
    ]
    assert sorted(map(id, batch)) == sorted(map(id, [*left, *too_large]))


@given(st.lists(messages(), max_size=12), limits)
def test_each_part_is_as_large_as_is_allowed(batch: list[Message], limit: SizeLimit) -> None:
    parts, too_large = split(batch, limit)
    assert all(part and limit.size_of(encode(part)) <= limit.most for part in parts)
    assert all(limit.size_of(encode([message])) > limit.most for message in too_large)
    for part, following in itertools.pairwise(parts):
        assert limit.size_of(encode([*part, following[0]])) > limit.most


@in_virtual_time
async def test_a_batch_that_fits_is_sent_as_it_is() -> None:
    sent: list[tuple[list[Message], bytes]] = []

    async def send(part: list[Message], body: bytes) -> None:
        sent.append((part, body))

    batch = [Message(channel="/a"), Message(channel="/b")]
    for limit in (None, in_bytes(len(encode(batch)))):
        await send_in_parts(batch, limit, send)
    assert sent == [(batch, encode(batch))] * 2


@in_virtual_time
async def test_other_errors_of_a_part_pass_as_they_are() -> None:
    async def fail(part: list[Message], body: bytes) -> None:
        raise error

    error = TransportError("refused", unsent=True, retry_after=7)
    with pytest.raises(TransportError) as caught:
        await send_in_parts([Message(channel="/a"), Message(channel="/b")], in_bytes(20), fail)
    assert caught.value is error


@in_virtual_time
async def test_what_an_error_says_beside_stays_with_a_later_part() -> None:
    async def fail(part: list[Message], body: bytes) -> None:
        if part[0].channel == "/b":
            raise TransportError("refused", status=503, body="busy", retry_after=7, unsent=True)

    with pytest.raises(TransportError) as caught:
        await send_in_parts([Message(channel="/a"), Message(channel="/b")], in_bytes(20), fail)
    assert (caught.value.status, caught.value.body, caught.value.retry_after) == (503, "busy", 7)
    assert not caught.value.unsent


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="max_uri_length=0"):
        in_characters(0)
