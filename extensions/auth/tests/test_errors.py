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
def test_each_says_whether_trying_again_can_help(error: AuthError, can_retry: bool, retry_after: float) -> None:
    assert isinstance(error, BayeuxError)
    assert error.can_retry is can_retry
    assert error.remedy is (errors.Remedy.RETRY if can_retry else errors.Remedy.GIVE_UP)
    assert error.retry_after == retry_after


def test_what_is_misconfigured_is_wrong_usage() -> None:
    assert issubclass(LoginMisconfiguredError, errors.UsageError)


def test_a_refusal_says_what_where_and_what_to_do() -> None:
    error = LoginRefusedError(WHERE, error="invalid_grant", description="user is locked", advice="unlock the user")
    assert str(error) == f"login at {WHERE} was refused: invalid_grant: user is locked; unlock the user"
    assert str(LoginRefusedError(WHERE, error="invalid_grant")) == f"login at {WHERE} was refused: invalid_grant"
