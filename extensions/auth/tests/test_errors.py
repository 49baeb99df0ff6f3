from __future__ import annotations

import pytest

from pybayeux import BayeuxError, errors
from pybayeux_auth import (
    AuthError,
    LoginMisconfiguredError,
    LoginPausedError,
    LoginRefusedError,
    LoginUnreachableError,
    TokenStoreError,
)

WHERE = "https://login.example.com"


@pytest.mark.parametrize(
    ("error", "can_retry", "retry_after"),
    [
        (LoginRefusedError(WHERE, error="invalid_grant"), False, 0.0),
        (LoginMisconfiguredError("what"), False, 0.0),
        (LoginUnreachableError(WHERE, "why", retry_after=30.0), True, 30.0),
        (LoginPausedError("why", retry_after=5.0), True, 5.0),
        (TokenStoreError("file", "why"), True, 0.0),
    ],
)
def test_can_retry_and_retry_after_of_each_error(error: AuthError, can_retry: bool, retry_after: float) -> None:
    assert isinstance(error, BayeuxError)
    assert error.can_retry is can_retry
    assert error.remedy is (errors.Remedy.RETRY if can_retry else errors.Remedy.GIVE_UP)
    assert error.retry_after == retry_after


def test_a_misconfiguration_is_a_usage_error() -> None:
    assert issubclass(LoginMisconfiguredError, errors.UsageError)


def test_the_text_of_a_refusal_has_place_reason_and_advice() -> None:
    error = LoginRefusedError(WHERE, error="invalid_grant", description="user is locked", advice="unlock the user")
    assert str(error) == f"login at {WHERE} was refused: invalid_grant: user is locked; unlock the user"
    assert str(LoginRefusedError(WHERE, error="invalid_grant")) == f"login at {WHERE} was refused: invalid_grant"
