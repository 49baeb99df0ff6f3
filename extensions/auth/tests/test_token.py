from __future__ import annotations

import asyncio
import functools
import threading
from typing import Any, ClassVar

import pytest

from extensions.auth.tests.logins import Login, numbered_grants
from pybayeux.testing import Clock, in_virtual_time
from pybayeux_auth import (
    AuthError,
    Flow,
    Grant,
    LoginMisconfiguredError,
    LoginPausedError,
    LoginRefusedError,
)
from pybayeux_auth.token import TokenSource


def _get(source: TokenSource) -> str:
    return asyncio.run(source.get()).access_token


# -- where it comes from


def test_a_token_given_as_text_is_given_as_long_as_the_client_lives() -> None:
    source = TokenSource(" secret\n")
    assert source.is_static
    assert _get(source) == "secret"
    source.forget()
    assert _get(source) == "secret"
    assert source.logins == 0
    assert source.grant == Grant(access_token="secret")


def test_a_function_is_asked_once_until_its_token_is_forgotten() -> None:
    tokens = iter(["one", "two"])
    source = TokenSource(lambda: next(tokens))
    assert not source.is_static
    assert [_get(source), _get(source)] == ["one", "one"]
    source.forget()
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
def test_functions_of_every_kind(function: Any) -> None:
    assert _get(TokenSource(function)) == "fetched"


def test_a_grant_stays_as_it_is_and_a_text_becomes_one() -> None:
    assert asyncio.run(TokenSource(lambda: _GRANT).get()) is _GRANT
    assert asyncio.run(TokenSource(lambda: "abc", clock=lambda: 5.0).get()) == Grant(access_token="abc", issued_at=5.0)


@pytest.mark.parametrize("token", ["", "  ", "top\nsecret", "top\x00secret"])
def test_what_cannot_be_a_token_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ValueError, match="empty or has control characters") as caught:
        TokenSource(token)
    assert "secret" not in str(caught.value)
    for given in (token, Grant(access_token=token)):
        with pytest.raises(ValueError, match="empty or has control characters"):
            _get(TokenSource(lambda given=given: given))  # type: ignore[misc]


def test_what_is_no_text_is_refused_without_being_shown() -> None:
    wrong: Any = lambda: ["secret"]  # noqa: E731
    with pytest.raises(TypeError, match="a token is text, not list"):
        _get(TokenSource(wrong))


# -- one login for all who wait


@in_virtual_time
async def test_fifty_who_ask_meanwhile_get_the_same_token() -> None:
    login = Login("token")
    source = TokenSource(login)
    asking = [asyncio.create_task(source.get()) for _ in range(50)]
    await Clock().settle()
    assert source.is_waited_for
    asking[0].cancel()  # it gives up; the others go on
    login.going.set()
    assert {grant.access_token for grant in await asyncio.gather(*asking[1:])} == {"token"}
    assert login.started == source.logins == 1
    assert not source.is_waited_for


@in_virtual_time
async def test_whoever_asks_meanwhile_gets_the_same_error_and_the_next_one_another_try() -> None:
    login = Login(ConnectionError("the token server is down"), "token")
    login.going.set()
    source = TokenSource(login)
    results = await asyncio.gather(*(source.get() for _ in range(50)), return_exceptions=True)
    assert {type(result) for result in results} == {ConnectionError}
    assert (await source.get()).access_token == "token"
    assert login.started == 2


@in_virtual_time
async def test_a_login_that_takes_too_long_is_no_reason_to_wait_for_ever() -> None:
    source = TokenSource(Login("never"))
    asking = asyncio.create_task(source.get())
    waited_for = []
    for seconds in (59, 2):
        await Clock().advance(seconds)
        waited_for.append(source.is_waited_for)
    assert waited_for == [True, False]
    asking.cancel()
    await asyncio.wait({asking})
    await source.close()


@in_virtual_time
async def test_everybody_hears_of_a_fresh_grant_before_anybody_gets_it() -> None:
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


# -- what was refused


class Refused(Flow):
    """A way to log in whose credentials are refused, until there are others."""

    name: ClassVar[str] = "refused"

    def __init__(self, error: AuthError) -> None:
        self.error = error
        self.secret = "old"
        self.calls = 0
        self.told: list[Grant] = []

    async def __call__(self) -> Grant:
        self.calls += 1
        if self.secret == "old":
            raise self.error
        return Grant(access_token=self.secret)

    async def credentials(self) -> str:
        if self.secret == "unreadable":
            raise LoginMisconfiguredError("secret: the file cannot be read")
        return self.secret

    def refused(self, grant: Grant) -> None:
        self.told.append(grant)


@pytest.mark.parametrize("error", [LoginRefusedError("there", error="invalid_grant"), LoginMisconfiguredError("wrong")])
@in_virtual_time
async def test_credentials_that_were_refused_are_not_tried_again(error: AuthError) -> None:
    flow = Refused(error)
    source = TokenSource(flow)
    for _ in range(20):
        with pytest.raises(type(error)) as caught:
            await source.get()
        assert caught.value is error
        await Clock().advance(1000)
    assert flow.calls == source.logins == 1


@in_virtual_time
async def test_others_are_tried() -> None:
    flow = Refused(LoginRefusedError("there"))
    source = TokenSource(flow)
    for secret in ("old", "unreadable", "old", "new"):
        flow.secret = secret
        if secret == "old":
            with pytest.raises(LoginRefusedError):
                await source.get()
        else:
            assert (await source.get()).access_token == secret
            source.forget()
    assert [grant.access_token for grant in flow.told] == ["unreadable", "new"]


@in_virtual_time
async def test_a_function_of_the_users_that_says_so_is_not_asked_again() -> None:
    login = Login(LoginRefusedError("there"))
    login.going.set()
    source = TokenSource(login)
    for _ in range(5):
        with pytest.raises(LoginRefusedError):
            await source.get()
    assert login.started == 1


@in_virtual_time
async def test_an_error_that_is_raised_again_does_not_grow() -> None:
    flow = Refused(LoginRefusedError("there"))
    source = TokenSource(flow)
    depths = []
    for _ in range(5):
        with pytest.raises(LoginRefusedError) as caught:
            await source.get()
        depths.append(len(caught.traceback))
    assert len(set(depths[1:])) == 1


@in_virtual_time
async def test_tokens_that_are_refused_one_after_the_other_come_at_growing_intervals() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(None, clock), interval=5.0, clock=clock)
    at: list[float] = []
    told: list[str] = []
    while len(at) < 6:
        try:
            await source.get()
        except LoginPausedError as error:
            told.append(str(error))
            await clock.advance(error.retry_after)
        else:
            at.append(round(clock.now))
            source.forget()
    assert all("the server refused the token" in text for text in told)
    assert at == [0, 0, 0, 5, 15, 35]
    assert source.logins == 6


# -- the end


@in_virtual_time
async def test_a_login_under_way_comes_to_its_end() -> None:
    """What it brings may be lost for good, such as a refresh token that has replaced the old one."""
    login = Login("token")
    source = TokenSource(login)
    asking = asyncio.create_task(source.get())
    await Clock().settle()
    closing = asyncio.create_task(source.close())
    await Clock().advance(9)
    assert not closing.done()
    login.going.set()
    await closing
    assert (await asking).access_token == "token"


@in_virtual_time
async def test_a_login_that_does_not_end_is_cut_off() -> None:
    login = Login("token")
    source = TokenSource(login)
    asking = asyncio.create_task(source.get())
    await Clock().settle()
    await source.close()
    assert (login.started, login.ended) == (1, 1)
    assert asking.cancelled()
    login.going.set()
    assert (await source.get()).access_token == "token"  # a client may be started again


@in_virtual_time
async def test_where_nothing_is_under_way_there_is_nothing_to_end() -> None:
    source = TokenSource(lambda: "token")
    await source.close()
    await source.get()
    await source.close()


@pytest.mark.parametrize(("renewable", "expected"), [(True, False), (False, True)])
def test_a_flow_says_whether_it_can_give_another(renewable: bool, expected: bool) -> None:
    class Once(Refused):
        is_renewable: ClassVar[bool] = renewable

    assert TokenSource(Once(LoginRefusedError("there"))).is_static is expected
