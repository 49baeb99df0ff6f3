from __future__ import annotations

from typing import Any

import httpx
import pytest

from pybayeux_aiohttp.basic_auth import authorization, is_basic

HEADER = "Basic dXNlcjpzM2NyM3Q="


@pytest.mark.parametrize("auth", [("user", "s3cr3t"), ["user", "s3cr3t"], httpx.BasicAuth("user", "s3cr3t")])
def test_user_and_password_are_a_header(auth: Any) -> None:
    assert is_basic(auth)
    assert authorization(auth) == HEADER


def test_nothing_is_no_header() -> None:
    assert is_basic(None)
    assert authorization(None) is None


@pytest.mark.parametrize("auth", [httpx.DigestAuth("user", "s3cr3t"), httpx.Auth(), lambda request: request])
def test_the_rest_is_more_than_that(auth: Any) -> None:
    assert not is_basic(auth)
