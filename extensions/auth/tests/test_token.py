from __future__ import annotations

import asyncio
import functools
import threading
from typing import Any

import pytest

from pybayeux_auth.token import TokenSource


def _get(source: TokenSource) -> str:
    return asyncio.run(source.get())


def test_a_token_given_as_text_is_given_as_long_as_the_client_lives() -> None:
    source = TokenSource(" secret\n")
    assert source.is_static
    source.forget()
    assert _get(source) == "secret"


def test_a_function_is_asked_once_until_its_token_is_forgotten() -> None:
    tokens = iter(["one", "two"])
    source = TokenSource(lambda: next(tokens))
    assert not source.is_static
    assert [_get(source), _get(source)] == ["one", "one"]
    source.forget()
    assert [_get(source), _get(source)] == ["two", "two"]


def test_a_sync_function_runs_in_a_thread() -> None:
    source = TokenSource(lambda: str(threading.get_ident()))
    assert _get(source) != str(threading.get_ident())


async def _fetch(token: str = "fetched") -> str:
    await asyncio.sleep(0)
    return token


class _Fetcher:
    async def __call__(self) -> str:
        return await _fetch()


@pytest.mark.parametrize("function", [_fetch, functools.partial(_fetch, "fetched"), lambda: _fetch(), _Fetcher()])
def test_an_async_function_is_awaited(function: Any) -> None:
    assert _get(TokenSource(function)) == "fetched"


def test_whoever_asks_meanwhile_gets_the_same_token() -> None:
    async def scenario() -> list[str]:
        going = asyncio.Event()
        calls = []

        async def fetch() -> str:
            calls.append(1)
            await going.wait()
            return f"token {len(calls)}"

        source = TokenSource(fetch)
        asking = [asyncio.ensure_future(source.get()) for _ in range(5)]
        await asyncio.sleep(0)
        asking[0].cancel()  # it gives up; the others go on
        going.set()
        return await asyncio.gather(*asking[1:])

    assert asyncio.run(scenario()) == ["token 1"] * 4


def test_whoever_asks_meanwhile_gets_the_same_error_and_the_next_one_another_try() -> None:
    async def scenario() -> None:
        calls = []

        async def fetch() -> str:
            calls.append(1)
            await asyncio.sleep(0)
            if len(calls) == 1:
                raise ConnectionError("the token server is down")
            return "token"

        source = TokenSource(fetch)
        results = await asyncio.gather(source.get(), source.get(), return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionError, ConnectionError]
        assert await source.get() == "token"
        assert len(calls) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("token", ["", "  ", "top\nsecret", "top\x00secret"])
def test_what_cannot_be_a_token_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="empty or has control characters") as caught:
        TokenSource(token)
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="empty or has control characters"):
        _get(TokenSource(lambda: token))


def test_what_is_no_text_is_refused_without_being_shown() -> None:
    wrong: Any = lambda: ["secret"]  # noqa: E731
    with pytest.raises(TypeError, match="a token is text, not list"):
        _get(TokenSource(wrong))
