from __future__ import annotations

import asyncio
from typing import Any

import pytest

from extensions.auth.tests.login_server import ORG
from pybayeux_auth import Grant, LoginMisconfiguredError, SessionFlow

SESSION_ID = f"{ORG}!AQ4AQFzc.s3ssion"
SERVER_URL = f"https://my-org.my.salesforce.com/services/Soap/u/60.0/{ORG}"


def flow_of(**options: Any) -> SessionFlow:
    return SessionFlow(**({"session_id": SESSION_ID, "server_url": SERVER_URL} | options))


def test_a_soap_session_is_a_grant() -> None:
    expected = Grant(access_token=SESSION_ID, instance_url="https://my-org.my.salesforce.com", org_id=ORG)
    assert asyncio.run(flow_of()()) == expected


def test_a_session_id_without_org_id() -> None:
    grant = asyncio.run(flow_of(session_id="abc", server_url="https://my-org.my.salesforce.com")())
    assert (grant.access_token, grant.org_id) == ("abc", None)


def test_the_session_id_is_read_at_each_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION", SESSION_ID)
    assert asyncio.run(flow_of(session_id="env:SESSION")()).org_id == ORG
    monkeypatch.setenv("SESSION", "two\nlines")
    with pytest.raises(LoginMisconfiguredError, match="session_id: expected text without control") as caught:
        asyncio.run(flow_of(session_id="env:SESSION")())
    assert "two" not in str(caught.value)


def test_a_session_is_not_renewable() -> None:
    assert not flow_of().is_renewable
    assert asyncio.run(flow_of().credentials()) != asyncio.run(flow_of(session_id="other").credentials())


def test_an_invalid_server_url_is_an_error() -> None:
    with pytest.raises(LoginMisconfiguredError, match="server_url: expected a URL"):
        flow_of(server_url="my-org")


def test_the_repr_hides_secrets() -> None:
    assert repr(flow_of()) == "SessionFlow(https://my-org.my.salesforce.com)"
