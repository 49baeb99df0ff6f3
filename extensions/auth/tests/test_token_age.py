"""Tokens that expire."""

from __future__ import annotations

import logging

import pytest

from extensions.auth.tests.fake_logins import ManualLogin, numbered_grants
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_auth import (
    Grant,
    LoginPausedError,
    LoginUnreachableError,
)
from pybayeux_auth.token import TokenSource


async def _tokens(source: TokenSource, clock: Clock, *pauses: float) -> list[str]:
    """Return the tokens after these pauses. Each is requested twice: the second time a replacement is there."""
    found = []
    for pause in pauses:
        await clock.advance(pause)
        first = (await source.get()).access_token
        await clock.settle()
        found += [first, (await source.get()).access_token]
    return found


@in_virtual_time
async def test_a_token_is_replaced_before_it_expires_and_used_meanwhile() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(3600, clock), clock=clock)
    await source.get()
    one, two, three = "token-1", "token-2", "token-3"
    assert await _tokens(source, clock, 3539, 2) == [one, one, one, two]
    assert await _tokens(source, clock, 3599) == [two, three]


@in_virtual_time
async def test_an_expired_token_is_not_used() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(3600, clock), clock=clock)
    await source.get()
    assert await _tokens(source, clock, 3600) == ["token-2", "token-2"]


@in_virtual_time
async def test_a_short_lived_token_is_used_for_most_of_its_lifetime() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(50, clock), clock=clock)
    await source.get()
    assert await _tokens(source, clock, 39, 2) == ["token-1", "token-1", "token-1", "token-2"]


@in_virtual_time
async def test_expiring_tokens_cost_no_pauses() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(10, clock), clock=clock)
    for number in range(1, 100):
        assert (await source.get()).access_token == f"token-{number}"
        await clock.advance(10)


@in_virtual_time
async def test_a_token_without_expiry_is_kept() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(None, clock), clock=clock)
    await source.get()
    assert await _tokens(source, clock, 80_000) == ["token-1", "token-1"]


@in_virtual_time
async def test_a_token_that_cannot_be_replaced_is_used_until_it_expires(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    login = ManualLogin(
        Grant(access_token="one", expires_at=clock() + 100),
        *[LoginUnreachableError("there", "down", retry_after=20.0)] * 2,
        Grant(access_token="two"),
    )
    login.finish.set()
    source = TokenSource(login, clock=clock)
    await source.get()
    with caplog.at_level(logging.WARNING):
        assert await _tokens(source, clock, 85, 5, 5) == ["one"] * 6
    assert [record.getMessage() for record in caplog.records] == [
        "the token could not be replaced before it expires: login at there is not possible now: down"
    ]
    await clock.advance(6)  # it is over
    with pytest.raises(LoginPausedError):
        await source.get()
    await clock.advance(5)
    with pytest.raises(LoginUnreachableError):
        await source.get()
    await clock.advance(21)
    assert (await source.get()).access_token == "two"
