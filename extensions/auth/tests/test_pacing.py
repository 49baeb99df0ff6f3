from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.testing import Clock, in_virtual_time
from pybayeux_auth import (
    LoginMisconfiguredError,
    LoginPausedError,
    LoginRefusedError,
    LoginUnreachableError,
    TokenStoreError,
)
from pybayeux_auth.pacing import Pacing

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = 3600.0


async def pauses(pacing: Pacing, logins: int) -> list[float]:
    """The pauses after so many logins in vain, each made as soon as it may be."""
    found = []
    for _ in range(logins):
        pacing.in_vain("refused")
        found.append(pacing.wait())
        await Clock().advance(pacing.wait())
    return found


def rounded(values: Iterable[float]) -> list[float]:
    return [round(value, 3) for value in values]


@in_virtual_time
async def test_pauses_grow_from_the_second_login_in_vain_on() -> None:
    assert rounded(await pauses(Pacing(5.0), 10)) == [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]


@in_virtual_time
async def test_a_quiet_hour_is_a_new_beginning() -> None:
    pacing = Pacing(5.0)
    await pauses(pacing, 6)
    await Clock().advance(HOUR)
    assert rounded(await pauses(pacing, 2)) == [0, 5]


@in_virtual_time
async def test_an_hour_has_no_more_than_some_twenty_logins_in_vain() -> None:
    pacing, end, count = Pacing(5.0), Clock().now + HOUR, 0
    while Clock().now < end:
        await pauses(pacing, 1)
        count += 1
    assert 10 < count <= 20


@in_virtual_time
async def test_too_soon_is_an_error_that_says_when_and_why() -> None:
    pacing = Pacing(5.0)
    pacing.check()
    for _ in range(3):
        pacing.in_vain("the server refused the token")
    await Clock().advance(3)
    with pytest.raises(
        LoginPausedError, match=r"no login for another 7 s: 3 in the last hour .*refused the token"
    ) as error:
        pacing.check()
    assert error.value.retry_after == pytest.approx(7.0, abs=0.01)
    await Clock().advance(7)
    pacing.check()


@in_virtual_time
async def test_no_interval_means_no_pauses() -> None:
    pacing = Pacing(0.0)
    assert rounded(await pauses(pacing, 5)) == [0] * 5
    pacing.failed(LoginUnreachableError("there", "down"))
    pacing.check()


@in_virtual_time
async def test_a_server_that_is_down_is_left_alone_for_a_moment_or_as_long_as_it_asks() -> None:
    pacing = Pacing(5.0)
    for _ in range(10):
        pacing.failed(LoginUnreachableError("there", "down"))
        assert pacing.wait() == pytest.approx(1.0)
    pacing.failed(LoginUnreachableError("there", "HTTP 503", retry_after=120.0))
    with pytest.raises(LoginPausedError, match="HTTP 503"):
        pacing.check()
    assert pacing.wait() == pytest.approx(120.0)


@in_virtual_time
async def test_failures_of_an_unknown_kind_may_be_refusals() -> None:
    pacing = Pacing(5.0)
    pacing.failed(ConnectionError("no login: wrong password"))
    pacing.failed(TokenStoreError("file", "full"))
    assert pacing.wait() == pytest.approx(5.0)


@in_virtual_time
async def test_what_is_not_tried_again_needs_no_pause() -> None:
    pacing = Pacing(5.0)
    for _ in range(5):
        pacing.failed(LoginRefusedError("there"))
        pacing.failed(LoginMisconfiguredError("what"))
    assert pacing.wait() == 0
