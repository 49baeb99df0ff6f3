from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from emulator_support.http_client import HttpClient
from emulator_support.org_client import ORDERS
from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator
from pybayeux_salesforce_emulator.faults.kinds import FAULT_KINDS

CUT = {"request-eof", "request-reset", "reply-eof", "reply-reset", "reply-lost", "reply-lost-reset"}
CUT_UNMARKED = {"reply-lost-unmarked"}
UNREADABLE = {"empty-200", "html-200", "html-502", "truncated-json", "binary-junk", "bom", "nan", "invalid-utf8"}
ERRORS = {"http-500", "http-502", "http-503", "http-504"}
UNUSUAL = {
    "wrong-content-type",
    "duplicate-keys",
    "gzip",
    "chunked",
    "unknown-channel",
    "unknown-meta",
    "leading-disconnect",
    "numeric-ids",
    "missing-ids",
    "interval-500",
    "shuffled",
    "http-status",
    "padded",
    "deep-nesting",
    "unsolicited-subscribe-failure",
    "repeat-events",
    "slow-body",
    "late",
}
OTHERS = {"hang", "single-object"}
QUICK: dict[str, dict[str, Any]] = {
    "slow-body": {"seconds": 0.01},
    "late": {"seconds": 0.01},
    "deep-nesting": {"depth": 50},
}


def test_every_kind_is_tested() -> None:
    assert set(FAULT_KINDS) == CUT | CUT_UNMARKED | UNREADABLE | ERRORS | UNUSUAL | OTHERS
    assert set(SalesforceEmulator.fault_kinds) == {*FAULT_KINDS, "huge-ids"}


async def _after(kind: str) -> tuple[Any, list[Any]]:
    """The result of a connect with one event, and the numbers in the reply to the next connect."""
    async with SalesforceEmulator(timeout=0) as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        await org.publish(ORDERS, {"Number__c": 1})
        org.fail_next(kind, channel="/meta/connect", **QUICK.get(kind, {}))
        try:
            response: Any = await client.connect(id="7")
        except httpx.TransportError as error:
            response = error
        assert org.requests[-1].fault == kind
        return response, await client.numbers()


@pytest.mark.parametrize("kind", sorted(CUT | CUT_UNMARKED))
@in_loop
async def test_connections_are_cut(kind: str) -> None:
    error, later = await _after(kind)
    assert isinstance(error, httpx.ReadError | httpx.RemoteProtocolError)
    # The events of a lost reply are lost too; a lost request has not taken any.
    assert later == ([1] if kind.startswith("request") or kind in CUT_UNMARKED else [])


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
@in_loop
async def test_replies_that_cannot_be_read_lose_their_events(kind: str) -> None:
    response, later = await _after(kind)
    with pytest.raises((msgspec.DecodeError, UnicodeError)):
        msgspec.json.decode(response.content)
    assert later == []


@pytest.mark.parametrize("kind", sorted(ERRORS))
@in_loop
async def test_http_errors(kind: str) -> None:
    response, later = await _after(kind)
    assert response.status_code == int(kind[-3:])
    assert "text/html" in response.headers["content-type"]
    assert later == [1]


@pytest.mark.parametrize("kind", sorted(UNUSUAL))
@in_loop
async def test_unusual_replies_carry_their_events(kind: str) -> None:
    response, later = await _after(kind)
    numbers = [m["data"]["payload"].get("Number__c") for m in response.json() if "data" in m]
    assert 1 in numbers
    assert later == ([1] if kind == "repeat-events" else [])


@in_loop
async def test_unsolicited_failure_ends_a_subscription() -> None:
    async with SalesforceEmulator(timeout=0) as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        org.fail_next("unsolicited-subscribe-failure", channel="/meta/connect", error="403::Restricted channel")
        [failure, _] = (await client.connect()).json()
        assert (failure["subscription"], failure["error"]) == (ORDERS, "403::Restricted channel")
        await org.publish(ORDERS, {"Number__c": 1})
        assert await client.numbers() == []
        org.fail_next("unsolicited-subscribe-failure", channel="/meta/connect", subscription="/u/Other")
        assert len((await client.connect()).json()) == 1, "there is nothing to end"


@in_loop
async def test_single_object_applies_to_a_reply_with_one_message() -> None:
    async with SalesforceEmulator(timeout=0) as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        await org.publish(ORDERS, {"Number__c": 1})
        org.fail_next("single-object", channel="/meta/connect")
        assert isinstance((await client.connect()).json(), list)
        assert (await client.connect()).json()["channel"] == "/meta/connect"


@in_loop
async def test_a_request_that_is_never_answered() -> None:
    async with SalesforceEmulator() as org, HttpClient(org) as client:
        await client.join()
        org.fail_next("hang")
        waiting = asyncio.create_task(client.connect())
        await org.recorder.received("/meta/connect")
        waiting.cancel()
        assert org.requests[-1].fault == "hang"


@in_loop
async def test_an_org_that_delivers_lost_events_again() -> None:
    async with SalesforceEmulator(timeout=0, resend_lost=True) as org, HttpClient(org) as client:
        org.define(ORDERS)
        await client.join(ORDERS)
        await org.publish(ORDERS, {"Number__c": 1})
        org.fail_next("reply-eof", with_events=True)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.connect()
        assert await client.numbers() == [1]


@in_loop
async def test_a_pause_is_advised() -> None:
    async with SalesforceEmulator(timeout=0) as org, HttpClient(org) as client:
        await client.join()
        org.fail_next("interval-500")
        assert (await client.connect()).json()[0]["advice"]["interval"] == 500
