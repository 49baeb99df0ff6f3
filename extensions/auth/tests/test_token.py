from __future__ import annotations

import asyncio
import functools
import threading
from typing import Any

import pytest

from extensions.auth.tests.fake_logins import ManualLogin
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_auth import (
    Grant,
)
from pybayeux_auth.token import TokenSource


def _get(source: TokenSource) -> str:
    return asyncio.run(source.get()).access_token


# -- kinds of tokens and functions


def test_a_static_token_is_kept() -> None:
    source = TokenSource(" secret\n")
    assert source.is_static
    assert _get(source) == "secret"
    source.discard()
    assert _get(source) == "secret"
    assert source.logins == 0
    assert source.grant == Grant(access_token="secret")


def test_a_function_is_called_again_after_discard() -> None:
    tokens = iter(["one", "two"])
    source = TokenSource(lambda: next(tokens))
    assert not source.is_static
    assert [_get(source), _get(source)] == ["one", "one"]
    source.discard()
    assert source.grant is None
    assert [_get(source), _get(source)] == ["two", "two"]
    assert source.logins == 2


def test_a_sync_function_runs_in_a_thread() -> None:
    source = TokenSource(lambda: str(threading.get_ident()))
    assert _get(source) != str(threading.get_ident())


async def _fetch(token: str | Grant = "fetched") -> str | Grant:
    await asyncio.sleep(0)
    return token


class _Fetcher:
    async def __call__(self) -> str | Grant:
        return await _fetch()


_GRANT = Grant(access_token="fetched", org_id="00D1", issued_at=7.0)


@pytest.mark.parametrize(
    "function",
    [
        _fetch,
        functools.partial(_fetch, "fetched"),
        lambda: _fetch(),
        _Fetcher(),
        functools.partial(_fetch, _GRANT),
        lambda: _GRANT,
    ],
)
def test_kinds_of_functions(function: Any) -> None:
    assert _get(TokenSource(function)) == "fetched"


def test_text_becomes_a_grant() -> None:
    assert asyncio.run(TokenSource(lambda: _GRANT).get()) is _GRANT
    assert asyncio.run(TokenSource(lambda: "abc", clock=lambda: 5.0).get()) == Grant(access_token="abc", issued_at=5.0)


@pytest.mark.parametrize("token", ["", "  ", "top\nsecret", "top\x00secret"])
def test_an_invalid_token_is_an_error_that_hides_it(token: str) -> None:
    with pytest.raises(ValueError, match="without control characters") as caught:
        TokenSource(token)
    assert "secret" not in str(caught.value)
    for given in (token, Grant(access_token=token)):
        with pytest.raises(ValueError, match="without control characters"):
            _get(TokenSource(lambda given=given: given))  # type: ignore[misc]


def test_a_token_of_the_wrong_type_is_an_error_that_hides_it() -> None:
    wrong: Any = lambda: ["secret"]  # noqa: E731
    with pytest.raises(TypeError, match="token: expected text; got list"):
        _get(TokenSource(wrong))


# -- concurrent requests


@in_virtual_time
async def test_concurrent_requests_share_one_login() -> None:
    login = ManualLogin("token")
    source = TokenSource(login)
    requests = [asyncio.create_task(source.get()) for _ in range(50)]
    await Clock().settle()
    assert source.is_waited_for
    requests[0].cancel()  # the other requests still get the token
    login.finish.set()
    assert {grant.access_token for grant in await asyncio.gather(*requests[1:])} == {"token"}
    assert login.started == source.logins == 1
    assert not source.is_waited_for


@in_virtual_time
async def test_concurrent_requests_share_an_error_and_the_next_tries_again() -> None:
    login = ManualLogin(ConnectionError("the token server is down"), "token")
    login.finish.set()
    source = TokenSource(login)
    results = await asyncio.gather(*(source.get() for _ in range(50)), return_exceptions=True)
    assert {type(result) for result in results} == {ConnectionError}
    assert (await source.get()).access_token == "token"
    assert login.started == 2


@in_virtual_time
async def test_a_slow_login_counts_as_waiting_for_a_minute() -> None:
    source = TokenSource(ManualLogin("never"))
    request = asyncio.create_task(source.get())
    waited_for = []
    for seconds in (59, 2):
        await Clock().advance(seconds)
        waited_for.append(source.is_waited_for)
    assert waited_for == [True, False]
    request.cancel()
    await asyncio.wait({request})
    await source.close()


@in_virtual_time
async def test_on_fresh_is_awaited_before_a_request_gets_the_grant() -> None:
    log: list[str] = []

    async def on_fresh(grant: Grant) -> None:
        await asyncio.sleep(3)
        log.append(f"heard of {grant.access_token}")

    async def get() -> None:
        log.append(f"got {(await source.get()).access_token}")

    for token in ("text", lambda: "given"):
        source = TokenSource(token, on_fresh=on_fresh)
        await asyncio.gather(get(), get())
        await get()
    assert log == [*("heard of text", *["got text"] * 3), *("heard of given", *["got given"] * 3)]


# -- close


@in_virtual_time
async def test_close_waits_for_a_running_login() -> None:
    """Otherwise its result would be lost, such as a refresh token that replaced the old one."""
    login = ManualLogin("token")
    source = TokenSource(login)
    request = asyncio.create_task(source.get())
    await Clock().settle()
    closing = asyncio.create_task(source.close())
    await Clock().advance(9)
    assert not closing.done()
    login.finish.set()
    await closing
    assert (await request).access_token == "token"


@in_virtual_time
async def test_close_cancels_a_login_that_takes_too_long() -> None:
    login = ManualLogin("token")
    source = TokenSource(login)
    request = asyncio.create_task(source.get())
    await Clock().settle()
    await source.close()
    assert (login.started, login.ended) == (1, 1)
    assert request.cancelled()
    login.finish.set()
    assert (await source.get()).access_token == "token"  # a client may be started again


@in_virtual_time
async def test_close_without_a_login() -> None:
    source = TokenSource(lambda: "token")
    await source.close()
    await source.get()
    await source.close()
