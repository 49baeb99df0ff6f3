"""Every flow, and tokens that become invalid, with the Salesforce emulator over the network."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from pybayeux import AsyncClient, BayeuxError, Channel, Message, hookimpl
from pybayeux.errors import SessionEndedError, TransportError
from pybayeux_auth import (
    Auth,
    ClientCredentialsFlow,
    FileTokenStore,
    Grant,
    JwtBearerFlow,
    LoginRefusedError,
    PasswordFlow,
    RefreshTokenFlow,
    SessionFlow,
)
from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from pybayeux_auth import Flow

CHANNEL: Final = "/event/Order__e"


def jwt(org: SalesforceEmulator, folder: Path) -> Flow:
    credentials = org.credentials
    (folder / "server.key").write_text(credentials.private_key)
    return JwtBearerFlow(
        client_id=credentials.client_id,
        username=credentials.username,
        private_key=folder / "server.key",
        login_url=credentials.login_url,
    )


def client_credentials(org: SalesforceEmulator, _: Path) -> Flow:
    credentials = org.credentials
    return ClientCredentialsFlow(
        login_url=org.url, client_id=credentials.client_id, client_secret=credentials.client_secret
    )


def refresh_token(org: SalesforceEmulator, folder: Path) -> Flow:
    first = org.add_app("rotating", "its secret", rotate=True)
    return RefreshTokenFlow(
        client_id="rotating",
        client_secret="its secret",
        refresh_token=first,
        store=FileTokenStore(folder / "token"),
        login_url=org.login_url,
    )


def password(org: SalesforceEmulator, _: Path) -> Flow:
    org.add_user("old@example.com", "pa55word", "s3curityT0ken")
    credentials = org.credentials
    return PasswordFlow(
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        username="old@example.com",
        password="pa55word",
        security_token="s3curityT0ken",
        login_url=credentials.login_url,
    )


FLOWS: Final = (jwt, client_credentials, refresh_token, password)


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 40))


def _emulator(**options: Any) -> SalesforceEmulator:
    return SalesforceEmulator(hostname="localhost", control=False, **options)


class SubscriptionRecorder:
    """Counts the subscriptions that the server accepts, and records failures."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []
        self._count = 0
        self._changed = asyncio.Event()

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == Channel.META_SUBSCRIBE and message.successful:
            self._count += 1
            self._changed.set()

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)

    async def until(self, count: int) -> None:
        while self._count < count:
            self._changed.clear()
            await self._changed.wait()


def _client(url: str, *extensions: object) -> AsyncClient:
    return AsyncClient(url, discover=False, extensions=extensions, transports=["long-polling"])


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_logs_in_again_when_its_token_is_revoked(
    flow: Callable[[SalesforceEmulator, Path], Flow], tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with _emulator() as org:
            org.define(CHANNEL)
            auth, granted = Auth(flow(org, tmp_path)), SubscriptionRecorder()
            async with _client(org.endpoint, auth, granted) as client:
                assert auth.grant is not None
                assert (auth.grant.instance_url, auth.grant.org_id) == (org.url, org.org_id)
                assert (auth.grant.user_id or "").startswith("005")
                assert auth.grant.expires_at is None
                events = await client.subscribe(CHANNEL)
                await org.publish(CHANNEL, {"Number__c": 1})
                assert (await anext(events)).data["payload"]["Number__c"] == 1
                org.revoke()
                await granted.until(2)
                await org.publish(CHANNEL, {"Number__c": 2})
                assert (await anext(events)).data["payload"]["Number__c"] == 2
            assert org.logins == auth.logins == 2
            assert [login.error for login in org.login_history] == [None, None]

    _run(scenario())


def test_a_soap_session() -> None:
    async def scenario() -> None:
        async with _emulator(soap_login=True) as org:
            org.define(CHANNEL)
            server_url, session_id = await _soap_login(org)
            auth = Auth(SessionFlow(session_id=session_id, server_url=server_url))
            async with _client(org.endpoint, auth) as client:
                await client.subscribe(CHANNEL)
                assert auth.grant is not None
                assert (auth.grant.instance_url, auth.grant.org_id) == (org.url, org.org_id)
                events = await client.subscribe(CHANNEL)
                org.revoke()
                with pytest.raises(SessionEndedError, match="401"):  # it cannot be renewed
                    await anext(events)
            assert org.logins == 1

    _run(scenario())


async def _soap_login(org: SalesforceEmulator) -> tuple[str, str]:
    credentials = org.credentials
    envelope = (
        '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><login xmlns="urn:partner.soap.sforce.com">'
        f"<username>{credentials.username}</username><password>{credentials.password}</password></login></Body></Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": "login"}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{org.login_url}/services/Soap/u/60.0", content=envelope, headers=headers)
    server_url, session_id = (re.search(f"<{name}>(.*?)</{name}>", answer.text) for name in ("serverUrl", "sessionId"))
    assert server_url is not None
    assert session_id is not None
    return server_url[1], session_id[1]


def test_a_revoked_token_costs_one_login_for_many_channels(tmp_path: Path) -> None:
    async def scenario() -> None:
        channels = [f"/event/Order{number}__e" for number in range(20)]
        async with _emulator() as org:
            for channel in channels:
                org.define(channel)
            auth, granted = Auth(jwt(org, tmp_path)), SubscriptionRecorder()
            async with _client(org.endpoint, auth, granted) as client:
                streams = [await client.subscribe(channel) for channel in channels]
                org.revoke()
                await granted.until(40)
                for channel, events in zip(channels, streams, strict=True):
                    await org.publish(channel, {"Number__c": 1})
                    assert (await anext(events)).channel == channel
            assert org.logins == auth.logins == 2

    _run(scenario())


def _rebalanced(org: SalesforceEmulator) -> None:
    org.rebalance()


def _killed(org: SalesforceEmulator) -> None:
    org.kill_sessions()


@pytest.mark.parametrize("what", [_rebalanced, _killed])
def test_an_unknown_client_costs_no_login(what: Callable[[SalesforceEmulator], None], tmp_path: Path) -> None:
    async def scenario() -> None:
        async with _emulator(timeout=1.0) as org:
            org.define(CHANNEL)
            auth, granted = Auth(jwt(org, tmp_path)), SubscriptionRecorder()
            async with _client(org.endpoint, auth, granted) as client:
                await client.subscribe(CHANNEL)
                for number in range(2, 5):
                    what(org)
                    await granted.until(number)
            assert org.logins == auth.logins == 1

    _run(scenario())


def test_a_busy_server_behind_a_401_costs_no_login(tmp_path: Path) -> None:
    """`error` is 401; the cause, 503, is in ``ext.sfdc.failureReason``."""

    async def scenario() -> None:
        async with _emulator(timeout=0.2) as org:
            org.define(CHANNEL)
            auth, granted = Auth(jwt(org, tmp_path)), SubscriptionRecorder()
            async with _client(org.endpoint, auth, granted) as client:
                events = await client.subscribe(CHANNEL)
                org.busy()
                with pytest.raises(SessionEndedError, match="401::Authentication invalid"):  # as the server advises
                    await anext(events)
            assert org.logins == auth.logins == 1

    _run(scenario())


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with _emulator(lock_after=2) as org:
            org.define(CHANNEL)
            flow = password(org, tmp_path)
            org.add_user("old@example.com", "another pa55word", "s3curityT0ken")
            with pytest.raises(SessionEndedError, match="authentication failure; the username, password or security"):
                await _client(org.endpoint, Auth(flow)).start(20)
            assert [login.error for login in org.login_history] == ["invalid_grant: authentication failure"]
            with pytest.raises(LoginRefusedError):
                await flow()  # a second try would lock the user out

    _run(scenario())


class MoveToOrg:
    """Moves the client to the instance URL of each login, as an extension for Salesforce does."""

    @hookimpl
    def authenticated(self, grant: Grant, client: AsyncClient) -> None:
        client.move(f"{grant.instance_url}{urlsplit(client.url).path}")

    @hookimpl
    def failed(self, error: BayeuxError, client: AsyncClient) -> None:
        if isinstance(error, TransportError) and error.status == 404:
            client.hook("log_in_again").call("the org has moved", client)


def test_the_client_follows_a_moved_org(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with _emulator() as org:
            org.define(CHANNEL)
            auth, granted, before = Auth(jwt(org, tmp_path)), SubscriptionRecorder(), org.url
            async with _client(org.endpoint, auth, MoveToOrg(), granted) as client:
                events = await client.subscribe(CHANNEL)
                org.migrate(move=True)
                await granted.until(2)
                assert client.url == org.endpoint
                assert org.url != before
                await org.publish(CHANNEL, {"Number__c": 1})
                assert (await anext(events)).data["payload"]["Number__c"] == 1
            assert org.logins == auth.logins == 2

    _run(scenario())
