"""Refused credentials and refused tokens: which logins are tried again, and when."""

from __future__ import annotations

from typing import ClassVar

import pytest

from extensions.auth.tests.fake_logins import ManualLogin, numbered_grants
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


class RefusedFlow(Flow):
    """A flow whose credentials are refused until they change."""

    name: ClassVar[str] = "refused"

    def __init__(self, error: AuthError) -> None:
        self.error = error
        self.secret = "old"
        self.calls = 0
        self.refused_grants: list[Grant] = []

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
        self.refused_grants.append(grant)


@pytest.mark.parametrize("error", [LoginRefusedError("there", error="invalid_grant"), LoginMisconfiguredError("wrong")])
@in_virtual_time
async def test_refused_credentials_are_not_tried_again(error: AuthError) -> None:
    flow = RefusedFlow(error)
    source = TokenSource(flow)
    for _ in range(20):
        with pytest.raises(type(error)) as caught:
            await source.get()
        assert caught.value is error
        await Clock().advance(1000)
    assert flow.calls == source.logins == 1


@in_virtual_time
async def test_changed_credentials_are_tried() -> None:
    flow = RefusedFlow(LoginRefusedError("there"))
    source = TokenSource(flow)
    for secret in ("old", "unreadable", "old", "new"):
        flow.secret = secret
        if secret == "old":
            with pytest.raises(LoginRefusedError):
                await source.get()
        else:
            assert (await source.get()).access_token == secret
            source.discard()
    assert [grant.access_token for grant in flow.refused_grants] == ["unreadable", "new"]


@in_virtual_time
async def test_a_function_that_raises_a_final_error_is_not_called_again() -> None:
    login = ManualLogin(LoginRefusedError("there"))
    login.finish.set()
    source = TokenSource(login)
    for _ in range(5):
        with pytest.raises(LoginRefusedError):
            await source.get()
    assert login.started == 1


@in_virtual_time
async def test_the_traceback_of_a_repeated_error_does_not_grow() -> None:
    flow = RefusedFlow(LoginRefusedError("there"))
    source = TokenSource(flow)
    depths = []
    for _ in range(5):
        with pytest.raises(LoginRefusedError) as caught:
            await source.get()
        depths.append(len(caught.traceback))
    assert len(set(depths[1:])) == 1


@in_virtual_time
async def test_refused_tokens_are_replaced_at_growing_intervals() -> None:
    clock = Clock()
    source = TokenSource(numbered_grants(None, clock), interval=5.0, clock=clock)
    at: list[float] = []
    errors: list[str] = []
    while len(at) < 6:
        try:
            await source.get()
        except LoginPausedError as error:
            errors.append(str(error))
            await clock.advance(error.retry_after)
        else:
            at.append(round(clock.now))
            source.discard()
    assert all("the server refused the token" in text for text in errors)
    assert at == [0, 0, 0, 5, 15, 35]
    assert source.logins == 6


@pytest.mark.parametrize(("renewable", "expected"), [(True, False), (False, True)])
def test_a_flow_says_whether_it_is_renewable(renewable: bool, expected: bool) -> None:
    class Once(RefusedFlow):
        is_renewable: ClassVar[bool] = renewable

    assert TokenSource(Once(LoginRefusedError("there"))).is_static is expected
