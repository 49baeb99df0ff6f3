"""The name of the org's instance, and the replay ids that change with it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from core.tests.virtual_time import in_virtual_time, now
from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, in_org, lost_or_repeated, publish
from pybayeux_auth import Grant
from pybayeux_replay import Gap, GapReason, MemoryStore
from pybayeux_salesforce.instance import InstanceReader
from pybayeux_salesforce.rest import Organization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_salesforce_emulator import SalesforceEmulator


def _queries(org: SalesforceEmulator) -> int:
    return sum("/query" in request.path for request in org.requests)


def _reasons(gaps: Sequence[Gap]) -> list[GapReason]:
    return [gap.reason for gap in gaps]


@in_org(ORDERS, "/u/News")
async def test_the_instance_is_read_once_for_each_session_and_not_by_a_login(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await client.subscribe("/u/News", recorder.handle)
        assert _queries(org) == 1
        org.rebalance()
        await recorder.until(lambda: len(recorder.granted) == 4)
    assert _queries(org) == 2
    assert org.logins == 1


@in_org()
async def test_renumbering_under_an_unchanged_name_is_a_gap_while_the_client_runs(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    gaps: list[Gap] = []
    store = MemoryStore()
    async with client_of(org, recorder, store=store, options={"replay": {"on_gap": gaps.append}}) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1, 2, 3)
        await recorder.until(lambda: len(recorder.handled) == 3)
        url = org.url
        org.migrate()
        await publish(org, 4)  # it has the id that the last event had
        await recorder.until(lambda: len(recorder.handled) == 4)
        assert (org.url, org.logins) == (url, 1)
    assert _reasons(gaps) == [GapReason.FOREIGN]
    (position,) = store.items("default").values()
    assert position.org == f"{org.org_id[:15]}@{url.removeprefix('http://')}@{org.instance_name}"


@in_org()
async def test_renumbering_under_an_unchanged_name_is_a_gap_for_a_client_that_starts(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    gaps: list[Gap] = []
    store = MemoryStore()
    for count in (3, 7):  # the second time all events come, and the one that got the id of the last
        async with client_of(org, recorder, store=store, options={"replay": {"on_gap": gaps.append}}) as client:
            await client.subscribe(ORDERS, recorder.handle)
            if count == 3:
                await publish(org, 1, 2, 3)
            await recorder.until(lambda count=count: len(recorder.handled) == count)  # type: ignore[misc]
        if count == 3:
            org.migrate()
            await publish(org, 4)
    assert _reasons(gaps) == [GapReason.FOREIGN]


def test_an_instance_that_cannot_be_read_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    @in_org(instance_readable=False)
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        gaps: list[Gap] = []
        async with client_of(org, recorder, options={"replay": {"on_gap": gaps.append}}) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await publish(org, 1)
            org.rebalance()
            await publish(org, 2)
            await recorder.until(lambda: len(recorder.handled) == 2)
        assert lost_or_repeated(org, recorder.handled) == []
        assert gaps == []

    with caplog.at_level(logging.WARNING, "pybayeux.salesforce"):
        scenario()
    (said,) = [each.getMessage() for each in caplog.records if "instance" in each.getMessage()]
    assert "API_DISABLED_FOR_ORG" in said


@in_org()
async def test_an_answer_that_is_lost_is_asked_for_again(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    org.fail_next("http-503", path="/services/data")
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        assert _queries(org) == 2


@in_org()
async def test_the_instance_need_not_be_read(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder, options={"salesforce": {"read_instance": False}}) as client:
        await client.subscribe(ORDERS, recorder.handle)
    assert _queries(org) == 0


def test_a_rest_api_that_does_not_answer_delays_the_first_subscribe_only_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def unanswered(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    @in_virtual_time
    async def scenario() -> None:
        reader, grant = InstanceReader(), Grant(access_token="00Dxx0000000001!x")
        began = now()
        await reader.read("session", "https://my-org.my.salesforce.com/cometd/67.0", grant)
        assert now() - began == pytest.approx(15)
        assert reader.organization is None

    monkeypatch.setattr("pybayeux_salesforce.rest.read_organization", unanswered)
    scenario()
    assert "the REST API did not answer within 15 s" in caplog.text


def test_the_answer_for_a_session_that_has_ended_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object, **__: object) -> Organization:
        number = len(asked)
        asked.append(number)
        await asyncio.sleep(10 if number == 0 else 1)
        return Organization("00Dxx0000000001", f"NA{number}")

    @in_virtual_time
    async def scenario() -> None:
        reader, grant = InstanceReader(), Grant(access_token="00Dxx0000000001!x")
        url = "https://my-org.my.salesforce.com/cometd/67.0"
        reads = [asyncio.create_task(reader.read(session, url, grant)) for session in ("old", "new", "new")]
        await asyncio.gather(*reads)
        assert reader.organization == Organization("00Dxx0000000001", "NA1")
        await reader.read("third", url, grant)
        await reader.close()

    asked: list[int] = []
    monkeypatch.setattr("pybayeux_salesforce.rest.read_organization", slow)
    scenario()
    assert asked == [0, 1, 2]


def test_closing_ends_a_read_and_a_client_without_a_login_reads_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        reader = InstanceReader()
        await reader.read("session", "http://127.0.0.1:1/cometd/67.0", None)
        assert "there was no login of pybayeux-auth" in caplog.text
        reading = asyncio.create_task(
            reader.read("next", "http://127.0.0.1:1/cometd/67.0", Grant(access_token="00D!x"))
        )
        await asyncio.sleep(0)
        await reader.close()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(scenario())
