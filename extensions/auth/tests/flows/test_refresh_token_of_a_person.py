"""The refresh token flow with the stored login of a person."""

from __future__ import annotations

import asyncio

import pytest

from extensions.auth.tests.flows.test_refresh_token import MemoryStore, flow_of, used
from extensions.auth.tests.login_server import LoginServer
from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.stores.stored_token import LoginFacts, StoredToken, read_stored

LOGIN_URL = "https://login.salesforce.com"


def store_of(login_url: str | None) -> MemoryStore:
    return MemoryStore(text=StoredToken("refresh-0", None, LoginFacts(at=1, login_url=login_url, org_id="00Dx")).dump())


@pytest.mark.parametrize("login_url", [None, LOGIN_URL, f"{LOGIN_URL}/services/oauth2/token"])
def test_what_is_known_of_the_login_stays_when_the_token_is_replaced(login_url: str | None) -> None:
    server, store = LoginServer(rotates=True), store_of(login_url)
    asyncio.run(flow_of(server, store=store, login_url=LOGIN_URL)())
    assert store.text is not None
    stored = read_stored(store.text, "here")
    assert stored.token != "refresh-0"
    assert stored.login == LoginFacts(at=1, login_url=login_url, org_id="00Dx")


def test_the_token_is_not_sent_to_another_server() -> None:
    server, store = LoginServer(), store_of(LOGIN_URL)
    flow = flow_of(server, store=store, login_url="https://login.example.com")
    with pytest.raises(
        LoginMisconfiguredError, match=r"is for https://login\.salesforce\.com, and is not sent to"
    ) as caught:
        asyncio.run(flow())
    assert "refresh-0" not in str(caught.value)
    assert used(server) == []
