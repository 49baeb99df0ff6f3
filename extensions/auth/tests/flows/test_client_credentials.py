from __future__ import annotations

import asyncio
from typing import Any

import pytest

from extensions.auth.tests.login_server import CLIENT_ID, CLIENT_SECRET, USER, LoginServer
from pybayeux_auth import ClientCredentialsFlow, LoginMisconfiguredError, LoginRefusedError

URL = "https://my-org.my.salesforce.com"


def flow_of(server: LoginServer, **options: Any) -> ClientCredentialsFlow:
    given: dict[str, Any] = {
        "login_url": URL,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "http": server.http(),
    }
    return ClientCredentialsFlow(**(given | options))


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_an_app_logs_in(method: str) -> None:
    server = LoginServer()
    grant = asyncio.run(flow_of(server, token_endpoint_auth_method=method, scope="api")())
    assert (grant.user_id, [grant.access_token]) == (USER, server.issued)
    assert server.requests[0]["scope"] == "api"
    assert ("client_secret" in server.requests[0]) is (method == "client_secret_post")


def test_a_replaced_secret_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = flow_of(LoginServer(), client_secret="env:APP_SECRET")
    monkeypatch.setenv("APP_SECRET", "an old one")
    old = asyncio.run(flow.credentials())
    with pytest.raises(LoginRefusedError):
        asyncio.run(flow())
    monkeypatch.setenv("APP_SECRET", CLIENT_SECRET)
    assert asyncio.run(flow.credentials()) != old
    assert asyncio.run(flow()).access_token


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
def test_a_shared_host_is_an_error(host: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match=f"{host} is shared by all orgs.*expected .*MyDomainName"):
        flow_of(LoginServer(), login_url=f"https://{host}")


def test_the_repr_hides_secrets() -> None:
    assert repr(flow_of(LoginServer())) == f"ClientCredentialsFlow({CLIENT_ID} at {URL})"
