"""The name of the org's instance, and the replay ids that change with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, in_org, lost_or_repeated, publish
from pybayeux_replay import Gap, GapReason, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

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
