from __future__ import annotations

import asyncio
from typing import Any

import pytest

from extensions.auth.tests.error_texts import text_of
from extensions.auth.tests.login_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    SECURITY_TOKEN,
    USERNAME,
    LoginServer,
)
from pybayeux_auth import LoginRefusedError, PasswordFlow


def flow_of(server: LoginServer, **options: Any) -> PasswordFlow:
    given: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "username": USERNAME,
        "password": PASSWORD,
        "security_token": SECURITY_TOKEN,
        "http": server.http(),
    }
    return PasswordFlow(**(given | options))


def test_the_security_token_is_appended_to_the_password() -> None:
    server = LoginServer()
    assert [asyncio.run(flow_of(server)()).access_token] == server.issued
    assert server.requests == [
        {
            "grant_type": "password",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "username": USERNAME,
            "password": PASSWORD + SECURITY_TOKEN,
        }
    ]


def test_without_security_token_and_client_secret() -> None:
    server = LoginServer()
    flow = flow_of(server, password=PASSWORD + SECURITY_TOKEN, security_token=None, client_secret=None)
    with pytest.raises(LoginRefusedError):
        asyncio.run(flow())
    assert server.requests[0]["password"] == PASSWORD + SECURITY_TOKEN
    assert "client_secret" not in server.requests[0]


def test_a_wrong_password_has_advice() -> None:
    with pytest.raises(LoginRefusedError, match="password or security token is wrong") as caught:
        asyncio.run(flow_of(LoginServer(), password="hunter2-hunter2")())
    assert "hunter2" not in text_of(caught.value)
    assert SECURITY_TOKEN not in text_of(caught.value)


@pytest.mark.parametrize("option", ["client_id", "client_secret", "username", "password", "security_token"])
def test_each_credential_is_part_of_the_digest(option: str) -> None:
    server = LoginServer()
    other = asyncio.run(flow_of(server, **{option: "another"}).credentials())
    assert other != asyncio.run(flow_of(server).credentials())


def test_the_repr_hides_secrets() -> None:
    assert repr(flow_of(LoginServer())) == f"PasswordFlow({USERNAME} at https://login.salesforce.com)"
