"""The whole way against an org: what a client tells and what it keeps to itself, and what it goes through."""

from __future__ import annotations

import asyncio
import logging
import ssl
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from extensions.aiohttp.tests.certificate import Certificate
from extensions.salesforce.tests.org import ORDERS, Witness, client_of, flow_of, in_org, publish, with_org
from extensions.salesforce.tests.tls import tls_before
from pybayeux import hookimpl
from pybayeux.errors import SessionEndedError, SubscribeError
from pybayeux_salesforce import (
    CookieError,
    PositionRefusedError,
    QuotaError,
    SalesforceError,
    SessionGoneError,
    TokenDeadError,
)
from pybayeux_salesforce_emulator import texts
from pybayeux_salesforce_emulator.streaming.authentication import token_of
from tests.support.forward_proxy import ForwardProxy

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux import TransportRequest
    from pybayeux_salesforce_emulator import SalesforceEmulator


async def _through_thick_and_thin(org: SalesforceEmulator, witness: Witness) -> list[str]:
    """Let much go wrong; gives the reprs of what takes part."""
    bad = "/event/Bad__e"
    org.define(bad, refusal=texts.RESTRICTED)
    async with client_of(org, witness) as client:
        await client.subscribe(ORDERS, witness.take)
        with pytest.raises(SubscribeError):
            await client.subscribe(bad)
        await publish(org, 1)
        await witness.until(lambda: len(witness.handled) == 1)
        org.rebalance()
        await publish(org, 2)
        await witness.until(lambda: len(witness.handled) == 2)
        org.revoke()
        await publish(org, 3)
        await witness.until(lambda: len(witness.handled) == 3)
        org.busy(1)
        await publish(org, 4)
        await witness.until(lambda: len(witness.handled) == 4)
        org.quota("delivered")
        org.purge(ORDERS)
        await witness.until(lambda: witness.of(QuotaError))
        org.quota("delivered", on=False)
        org.fail_next("reply-eof")
        await publish(org, 5)
        await witness.until(lambda: len(witness.handled) == 5)
        return [repr(client), repr(flow_of(org)), *map(repr, witness.grants)]


def test_secrets_are_in_no_log_line_no_repr_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    secrets: set[str] = set()
    seen: list[str] = []

    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        seen.extend(await _through_thick_and_thin(org, witness))
        seen.extend("".join(traceback.format_exception(error)) for error in witness.errors)
        seen.extend(repr(error) for error in witness.errors)
        secrets.update(_secrets_of(org))

    with caplog.at_level(logging.DEBUG, "pybayeux"):
        with_org(scenario)
    seen.extend(
        f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records if "pybayeux" in record.name
    )
    assert len(secrets) > 10
    assert [(secret, text) for secret in secrets for text in seen if secret in text] == []


def _secrets_of(org: SalesforceEmulator) -> set[str]:
    """The app's secret, and every token, session and cookie that went over the wire."""
    found = {org.credentials.client_secret, org.credentials.refresh_token}
    for request in org.requests:
        found.add(token_of(request.headers.get("authorization")) or "")
        found.update(pair.partition("=")[2] for pair in request.headers.get("cookie", "").split("; "))
        found.update(str(message.get("clientId", "")) for message in (*request.messages, *request.replies))
    return found - {""}


@in_org()
async def test_everything_that_happens_can_be_observed(org: SalesforceEmulator, witness: Witness) -> None:
    await _through_thick_and_thin(org, witness)
    assert {"handshaking", "handshaken", "connected", "rehandshaking", "disconnected"} <= {*map(str, witness.states)}
    assert witness.granted.count(ORDERS) >= 4
    assert len(witness.grants) == 2
    assert [grant.org_id for grant in witness.grants] == [org.org_id] * 2
    kinds = (SessionGoneError, TokenDeadError, QuotaError, PositionRefusedError)
    assert [bool(witness.of(kind)) for kind in kinds] == [True] * len(kinds)


@in_org()
async def test_it_goes_through_a_proxy(org: SalesforceEmulator, witness: Witness) -> None:
    async with ForwardProxy() as proxy, httpx.AsyncClient(proxy=proxy.url) as http:
        async with client_of(org, witness, http=http) as client:
            await client.subscribe(ORDERS, witness.take)
            await publish(org, 1)
            await witness.until(lambda: witness.handled)
        assert {target for _, target in proxy.asked} == {org.endpoint}


def test_it_goes_through_tls_with_an_authority_and_a_certificate_of_ones_own(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)

    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        gateway = certificate.server()
        gateway.verify_mode = ssl.CERT_REQUIRED
        gateway.load_verify_locations(certificate.file)
        trusting = certificate.client()
        trusting.load_cert_chain(certificate.file)
        async with tls_before(org.url, gateway) as address, httpx.AsyncClient(verify=trusting) as http:
            arguments: dict[str, Any] = {"address": address, "login": org.issue_token(), "http": http}
            async with client_of(org, witness, **arguments) as client:
                await client.subscribe(ORDERS, witness.take)
                await publish(org, 1)
                await witness.until(lambda: witness.handled)
            assert client.url.startswith("https://")
        async with tls_before(org.url, gateway) as address:
            client = client_of(org, witness, address=address, login=org.issue_token())
            with pytest.raises(SessionEndedError, match="certificate"):
                await client.start()

    with_org(scenario)


def _stripping(name: str) -> httpx.AsyncClient:
    """What takes cookies out of answers whose names begin so, as bad proxies do."""

    async def strip(response: httpx.Response) -> None:
        kept = [
            (key, value)
            for key, value in response.headers.multi_items()
            if key.lower() != "set-cookie" or not value.startswith(name)
        ]
        response.headers = httpx.Headers(kept)

    return httpx.AsyncClient(event_hooks={"response": [strip]})


@in_org()
async def test_a_balancers_cookie_that_gets_lost_on_the_way_is_diagnosed_once(
    org: SalesforceEmulator, witness: Witness
) -> None:
    async with _stripping("sfdc-stream") as http:
        client = client_of(org, witness, http=http)
        starting = asyncio.create_task(client.start())  # it never gets connected
        await witness.until(lambda: len(witness.of(SessionGoneError)) >= 5)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    told = [str(error) for error in witness.errors if "cookies do not come back" in str(error)]
    assert len(told) == 1
    assert org.logins == 1


@in_org()
async def test_cookies_that_get_lost_altogether_end_it_after_one_more_session(
    org: SalesforceEmulator, witness: Witness
) -> None:
    async with _stripping("") as http:
        client = client_of(org, witness, http=http)
        with pytest.raises(SessionEndedError) as caught:
            await client.start()
    assert isinstance(caught.value.__cause__, CookieError)
    assert isinstance(caught.value.__cause__, SalesforceError)
    assert len(org.recorder.messages("/meta/handshake")) == 2
    assert org.logins == 1


@in_org()
async def test_cookies_of_another_session_are_dropped_for_the_next(org: SalesforceEmulator, witness: Witness) -> None:
    async with client_of(org, witness) as client:
        await client.subscribe(ORDERS, witness.take)
        org.add_user("other@example.com", "pa55word")
        client.use(_Impostor(org.issue_token("other@example.com")))
        await publish(org, 1)
        await witness.until(lambda: witness.of(CookieError))
        before = _browser(org)
        await publish(org, 2)
        await witness.until(lambda: len(witness.handled) == 2)
        assert _browser(org) not in (None, before)


class _Impostor:
    """Sends the token of another user than the session's."""

    def __init__(self, token: str) -> None:
        self._token = token

    @hookimpl(trylast=True)
    def request(self, request: TransportRequest) -> None:
        request.headers["Authorization"] = f"Bearer {self._token}"


def _browser(org: SalesforceEmulator) -> str | None:
    """The browser cookie of the latest request of a session."""
    for request in reversed(org.requests):
        for pair in request.headers.get("cookie", "").split("; "):
            if pair.startswith("BAYEUX_BROWSER="):
                return pair
    return None
