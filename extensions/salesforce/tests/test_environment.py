"""A client with an emulated org: secrets, observability, proxies, TLS and cookies."""

from __future__ import annotations

import asyncio
import logging
import ssl
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, flow_of, in_org, publish, with_org
from extensions.salesforce.tests.tls_proxy import tls_proxy
from pybayeux import hookimpl
from pybayeux.errors import SessionEndedError, SubscribeError
from pybayeux_auth import ClientCredentialsFlow, LoginUnreachableError
from pybayeux_salesforce import (
    CookieError,
    InvalidTokenError,
    PositionRefusedError,
    QuotaError,
    SalesforceError,
    UnknownSessionError,
)
from pybayeux_salesforce_emulator import texts
from pybayeux_salesforce_emulator.streaming.authentication import token_of
from tests.servers.certificate import Certificate
from tests.support.forward_proxy import ForwardProxy

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux import AsyncClient, TransportRequest
    from pybayeux_salesforce_emulator import SalesforceEmulator


async def _run_with_faults(org: SalesforceEmulator, recorder: ClientRecorder) -> list[str]:
    """Run a client through many faults; returns the reprs of client, flow and grants."""
    bad = "/event/Bad__e"
    org.define(bad, refusal=texts.RESTRICTED)
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        with pytest.raises(SubscribeError):
            await client.subscribe(bad)
        await publish(org, 1)
        await recorder.until(lambda: len(recorder.handled) == 1)
        org.rebalance()
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.handled) == 2)
        org.revoke()
        await publish(org, 3)
        await recorder.until(lambda: len(recorder.handled) == 3)
        org.busy(1)
        await publish(org, 4)
        await recorder.until(lambda: len(recorder.handled) == 4)
        org.quota("delivered")
        org.purge(ORDERS)
        await recorder.until(lambda: recorder.of(QuotaError))
        org.quota("delivered", on=False)
        org.fail_next("reply-eof")
        await publish(org, 5)
        await recorder.until(lambda: len(recorder.handled) == 5)
        return [repr(client), repr(flow_of(org)), *map(repr, recorder.grants)]


def test_logs_reprs_and_errors_contain_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    secrets: set[str] = set()
    seen: list[str] = []

    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        seen.extend(await _run_with_faults(org, recorder))
        seen.extend("".join(traceback.format_exception(error)) for error in recorder.errors)
        seen.extend(repr(error) for error in recorder.errors)
        secrets.update(_secrets_of(org))

    with caplog.at_level(logging.DEBUG, "pybayeux"):
        with_org(scenario)
    seen.extend(
        f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records if "pybayeux" in record.name
    )
    assert len(secrets) > 10
    assert [(secret, text) for secret in secrets for text in seen if secret in text] == []


def _secrets_of(org: SalesforceEmulator) -> set[str]:
    """Return the app's secret, and every token, session id and cookie that was sent."""
    found = {org.credentials.client_secret, org.credentials.refresh_token}
    for request in org.requests:
        found.add(token_of(request.headers.get("authorization")) or "")
        found.update(pair.partition("=")[2] for pair in request.headers.get("cookie", "").split("; "))
        found.update(str(message.get("clientId", "")) for message in (*request.messages, *request.replies))
    return found - {""}


@in_org()
async def test_states_logins_and_errors_can_be_observed(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    await _run_with_faults(org, recorder)
    assert {"handshaking", "handshaken", "connected", "rehandshaking", "disconnected"} <= {*map(str, recorder.states)}
    assert recorder.granted.count(ORDERS) >= 4
    assert len(recorder.grants) == 2
    assert [grant.org_id for grant in recorder.grants] == [org.org_id] * 2
    kinds = (UnknownSessionError, InvalidTokenError, QuotaError, PositionRefusedError)
    assert [bool(recorder.of(kind)) for kind in kinds] == [True] * len(kinds)


@in_org()
async def test_the_client_works_through_a_proxy(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with ForwardProxy() as proxy, httpx.AsyncClient(proxy=proxy.url) as http:
        async with client_of(org, recorder, http=http) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await publish(org, 1)
            await recorder.until(lambda: recorder.handled)
        query = f"{org.url}/services/data/v67.0/query"
        targets = {target.partition("?")[0] for _, target in proxy.asked}
        assert targets == {org.endpoint, f"{org.url}/services/oauth2/token", query}


@in_org()
async def test_a_login_gets_no_header_of_the_http_client(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    sent: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        sent.append(request)

    async with (
        httpx.AsyncClient(
            headers={"X-Key": "secret"}, params={"key": "secret"}, event_hooks={"request": [note]}
        ) as http,
        client_of(org, recorder, http=http),
    ):
        pass
    (login,) = [request for request in sent if request.url.path.endswith("/token")]
    assert ("x-key" in login.headers, login.url.query) == (False, b"")


def test_the_proxy_of_the_environment_is_used_for_logins_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with ForwardProxy() as proxy:
            for name in ("HTTP_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            monkeypatch.delenv("NO_PROXY", raising=False)
            async with client_of(org, recorder):
                assert proxy.asked == [], "a server on this machine is reached directly"
            far = ClientCredentialsFlow(login_url="https://login.invalid", client_id="a", client_secret="b")
            with pytest.raises(LoginUnreachableError):
                await far()
            assert proxy.asked == [("CONNECT", "login.invalid:443")]

    with_org(scenario)


def test_the_certificates_of_the_environment_are_used_for_logins_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Certificate(tmp_path)

    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with tls_proxy(org.url, certificate.server()) as address:
            with pytest.raises(SessionEndedError, match=f"login at {address} is not possible.*SSL_CERT_FILE"):
                await _client_at(address, org, recorder).start()
            assert org.logins == 0
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
            async with _client_at(address, org, recorder):
                assert org.logins == 1

    with_org(scenario)


def _client_at(address: str, org: SalesforceEmulator, recorder: ClientRecorder) -> AsyncClient:
    credentials = org.credentials
    login = ClientCredentialsFlow(
        login_url=address, client_id=credentials.client_id, client_secret=credentials.client_secret
    )
    options = {"salesforce": {"follow": False}}
    return client_of(org, recorder, address=address, login=login, options=options)


def test_the_client_works_with_a_custom_ca_and_client_certificate(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)

    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        gateway = certificate.server()
        gateway.verify_mode = ssl.CERT_REQUIRED
        gateway.load_verify_locations(certificate.file)
        trusting = certificate.client()
        trusting.load_cert_chain(certificate.file)
        async with tls_proxy(org.url, gateway) as address, httpx.AsyncClient(verify=trusting) as http:
            arguments: dict[str, Any] = {"address": address, "login": org.issue_token(), "http": http}
            async with client_of(org, recorder, **arguments) as client:
                await client.subscribe(ORDERS, recorder.handle)
                await publish(org, 1)
                await recorder.until(lambda: recorder.handled)
            assert client.url.startswith("https://")
        async with tls_proxy(org.url, gateway) as address:
            client = client_of(org, recorder, address=address, login=org.issue_token())
            with pytest.raises(SessionEndedError, match="certificate"):
                await client.start()

    with_org(scenario)


def _client_without_cookies(name: str) -> httpx.AsyncClient:
    """Return an HTTP client that strips the cookies whose names start with `name`, as some proxies do."""

    async def strip(response: httpx.Response) -> None:
        kept = [
            (key, value)
            for key, value in response.headers.multi_items()
            if key.lower() != "set-cookie" or not value.startswith(name)
        ]
        response.headers = httpx.Headers(kept)

    return httpx.AsyncClient(event_hooks={"response": [strip]})


@in_org()
async def test_a_stripped_load_balancer_cookie_is_diagnosed_once(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with _client_without_cookies("sfdc-stream") as http:
        client = client_of(org, recorder, http=http)
        starting = asyncio.create_task(client.start())  # it never gets connected
        await recorder.until(lambda: len(recorder.of(UnknownSessionError)) >= 5)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    diagnoses = [str(error) for error in recorder.errors if "strips the server's cookies" in str(error)]
    assert len(diagnoses) == 1
    assert org.logins == 1


@in_org()
async def test_stripped_cookies_end_the_session_after_one_more_handshake(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with _client_without_cookies("") as http:
        client = client_of(org, recorder, http=http)
        with pytest.raises(SessionEndedError) as caught:
            await client.start()
    assert isinstance(caught.value.__cause__, CookieError)
    assert isinstance(caught.value.__cause__, SalesforceError)
    assert len(org.recorder.messages("/meta/handshake")) == 2
    assert org.logins == 1


@in_org()
async def test_cookies_of_another_session_are_dropped(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        org.add_user("other@example.com", "pa55word")
        client.use(_OtherUsersToken(org.issue_token("other@example.com")))
        await publish(org, 1)
        await recorder.until(lambda: recorder.of(CookieError))
        before = _browser_cookie(org)
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.handled) == 2)
        assert _browser_cookie(org) not in (None, before)


class _OtherUsersToken:
    """Sends the token of a user who is not the session's."""

    def __init__(self, token: str) -> None:
        self._token = token

    @hookimpl(trylast=True)
    def request(self, request: TransportRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self._token}"


def _browser_cookie(org: SalesforceEmulator) -> str | None:
    """Return the browser cookie of the latest request of a session."""
    for request in reversed(org.requests):
        for pair in request.headers.get("cookie", "").split("; "):
            if pair.startswith("BAYEUX_BROWSER="):
                return pair
    return None
