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
from pybayeux_auth.login_throttle import LoginThrottle

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = 3600.0


async def pauses(throttle: LoginThrottle, logins: int) -> list[float]:
    """Return the pauses after useless logins, each started as soon as allowed."""
    found = []
    for _ in range(logins):
        throttle.record_useless("refused")
        found.append(throttle.delay())
        await Clock().advance(throttle.delay())
    return found


def rounded(values: Iterable[float]) -> list[float]:
    return [round(value, 3) for value in values]


@in_virtual_time
async def test_pauses_grow_from_the_second_useless_login_on() -> None:
    assert rounded(await pauses(LoginThrottle(5.0), 10)) == [0, 5, 10, 20, 40, 80, 160, 300, 300, 300]


@in_virtual_time
async def test_the_count_starts_again_after_an_hour() -> None:
    throttle = LoginThrottle(5.0)
    await pauses(throttle, 6)
    await Clock().advance(HOUR)
    assert rounded(await pauses(throttle, 2)) == [0, 5]


@in_virtual_time
async def test_an_hour_has_at_most_twenty_useless_logins() -> None:
    throttle, end, count = LoginThrottle(5.0), Clock().now + HOUR, 0
    while Clock().now < end:
        await pauses(throttle, 1)
        count += 1
    assert 10 < count <= 20


@in_virtual_time
async def test_a_login_too_soon_is_an_error_with_time_and_reason() -> None:
    throttle = LoginThrottle(5.0)
    throttle.check()
    for _ in range(3):
        throttle.record_useless("the server refused the token")
    await Clock().advance(3)
    with pytest.raises(
        LoginPausedError, match=r"no login for another 7 s: 3 logins in the last hour .*refused the token"
    ) as error:
        throttle.check()
    assert error.value.retry_after == pytest.approx(7.0, abs=0.01)
    await Clock().advance(7)
    throttle.check()


@in_virtual_time
async def test_an_interval_of_zero_means_no_pauses() -> None:
    throttle = LoginThrottle(0.0)
    assert rounded(await pauses(throttle, 5)) == [0] * 5
    throttle.record_failure(LoginUnreachableError("there", "down"))
    throttle.check()


@in_virtual_time
async def test_an_unreachable_server_is_retried_after_a_second_or_when_it_says() -> None:
    throttle = LoginThrottle(5.0)
    for _ in range(10):
        throttle.record_failure(LoginUnreachableError("there", "down"))
        assert throttle.delay() == pytest.approx(1.0)
    throttle.record_failure(LoginUnreachableError("there", "HTTP 503", retry_after=120.0))
    with pytest.raises(LoginPausedError, match="HTTP 503"):
        throttle.check()
    assert throttle.delay() == pytest.approx(120.0)


@in_virtual_time
async def test_unknown_failures_count_as_useless() -> None:
    throttle = LoginThrottle(5.0)
    throttle.record_failure(ConnectionError("no login: wrong password"))
    throttle.record_failure(TokenStoreError("file", "full"))
    assert throttle.delay() == pytest.approx(5.0)


@in_virtual_time
async def test_final_failures_need_no_pause() -> None:
    throttle = LoginThrottle(5.0)
    for _ in range(5):
        throttle.record_failure(LoginRefusedError("there"))
        throttle.record_failure(LoginMisconfiguredError("what"))
    assert throttle.delay() == 0
