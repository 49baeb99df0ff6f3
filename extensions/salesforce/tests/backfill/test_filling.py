"""Gaps in change events are filled: what receivers get, in which order, and what they do not get again."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from extensions.salesforce.tests.backfill.filling import ACCOUNTS, Replica, account, filling_client
from extensions.salesforce.tests.org import in_org
from pybayeux import hookimpl
from pybayeux_replay import MemoryStore
from pybayeux_replay.sqlite import SqliteStore
from pybayeux_salesforce import ChangeEvent, is_filled

if TYPE_CHECKING:
    from pathlib import Path

    from extensions.salesforce.tests.org import ClientRecorder
    from pybayeux import Message
    from pybayeux_salesforce import BackfillPlan
    from pybayeux_salesforce_emulator import SalesforceEmulator


async def _change(org: SalesforceEmulator, kind: str, *numbers: int, **fields: Any) -> None:
    await org.publish_change("Account", kind, [account(each) for each in numbers], fields)


async def _first_run(org: SalesforceEmulator, store: Any, **arguments: Any) -> Replica:
    """Handle two records, and stop."""
    replica = Replica()
    async with filling_client(org, replica, store, **arguments) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await _change(org, "CREATE", 1, Name="one")
        await _change(org, "CREATE", 2, Name="two")
        await replica.until(lambda: len(replica.log) == 2)
    return replica


@in_org(ACCOUNTS, time_scale=20.0, query_page=2)
async def test_a_gap_is_filled_before_the_stream_goes_on(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    store = MemoryStore()
    replica = await _first_run(org, store)
    org.advance(5)
    await _change(org, "UPDATE", 1, Name="one, changed")
    await _change(org, "CREATE", 3, Name="three", Rating__c=None)
    await _change(org, "DELETE", 2)
    org.purge(ACCOUNTS)
    org.advance(5)
    await _change(org, "UPDATE", 3, Name="three, changed")
    await _change(org, "CREATE", 4, Name="four")
    async with filling_client(org, replica, store) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await replica.until(lambda: replica.reports)
        await _change(org, "UPDATE", 4, Name="four, changed")
        await replica.until(lambda: replica.log[-1][2] == "four, changed")
    assert not replica.differences(org)
    assert replica.filled() == [
        ("UPDATE", (account(1),), "one, changed"),
        ("DELETE", (account(2),), None),
        ("CREATE", (account(3),), "three, changed"),
        ("CREATE", (account(4),), "four"),
    ]
    assert [each[2] for each in replica.log if not each[3]] == ["one", "two", "four, changed"]
    assert [(report.reason, report.filled, report.records) for report in replica.reports] == [("expired", True, 4)]
    note = replica.events[2].data["backfill"]
    assert note["reason"] == "expired"
    assert "commitUser" in note["unknown"]
    assert is_filled(replica.events[2])
    assert not is_filled(replica.events[-1])


@in_org(ACCOUNTS, time_scale=20.0)
async def test_a_gap_event_is_replaced_by_its_records(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    replica, store = Replica(), MemoryStore()
    async with filling_client(org, replica, store) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await _change(org, "CREATE", 1, Name="one")
        await _change(org, "GAP_CREATE", 2, Name="two")
        await _change(org, "GAP_UPDATE", 1, 2, Name="both")
        await _change(org, "UPDATE", 1, Name="later")
        await _change(org, "GAP_DELETE", 2)
        await _change(org, "CREATE", 3, Name="three")
        await replica.until(lambda: replica.log and replica.log[-1][2] == "three")
    assert not replica.differences(org)
    assert not [each for each in replica.log if each[0].startswith("GAP")]
    assert all(report.filled for report in replica.reports)
    (position,) = (store.get("default", key) for key in store.items("default") if "#" not in key)
    assert position is not None
    assert position.replay_id == org.published[ACCOUNTS][-1].replay_id


@in_org(ACCOUNTS, time_scale=20.0)
async def test_an_overflow_is_filled_with_what_changed_in_its_transaction(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    replica = Replica()
    for number in range(10, 14):
        org.change_records("Account", "CREATE", [account(number)], {"Name": f"old {number}"})
    org.advance(10_000)
    async with filling_client(org, replica) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await _change(org, "CREATE", 1, Name="one")
        await _change(org, "GAP_OVERFLOW", 2, 3, 11, Name="many")
        await replica.until(lambda: replica.reports)
        await _change(org, "CREATE", 4, Name="four")
        await replica.until(lambda: replica.log and replica.log[-1][2] == "four")
    assert {each[1] for each in replica.filled()} == {(account(each),) for each in (2, 3, 11)}
    assert [each[2] for each in replica.log] == ["one", "many", "many", "many", "four"]


@in_org(ACCOUNTS, time_scale=20.0)
async def test_a_wildcard_is_filled_with_all_records(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    replica = Replica()
    org.change_records("Account", "CREATE", [account(7)], {"Name": "old"})
    org.advance(10_000)
    async with filling_client(org, replica) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await org.publish_change("Account", "GAP_UPDATE", ["001*"], {"Kind__c": "converted"})
        await replica.until(lambda: replica.reports)
    assert not replica.differences(org)


@in_org(ACCOUNTS, time_scale=20.0, query_page=3)
async def test_a_snapshot_comes_before_the_stream(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    replica, store = Replica(), MemoryStore()
    for number in range(8):
        org.change_records("Account", "CREATE", [account(number)], {"Name": f"old {number}"})
    org.change_records("Account", "DELETE", [account(3)])
    async with filling_client(org, replica, store, since="snapshot") as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await _change(org, "UPDATE", 5, Name="changed")
        await _change(org, "CREATE", 9, Name="nine")
        await replica.until(lambda: account(9) in replica.records and replica.reports)
        await _change(org, "UPDATE", 9, Name="last")
        await replica.until(lambda: replica.log[-1][2] == "last")
    assert not replica.differences(org)
    again = Replica()
    async with filling_client(org, again, store, since="snapshot") as client:
        await client.subscribe(ACCOUNTS, again.handle)
        await _change(org, "CREATE", 10, Name="ten")
        await again.until(lambda: again.log)
    assert [each[2] for each in again.log] == ["ten"]


@in_org(ACCOUNTS, time_scale=20.0, query_page=3)
async def test_a_backfill_goes_on_where_a_run_ended(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    store, first, second = MemoryStore(), Replica(), Replica()
    for number in range(9):
        org.change_records("Account", "CREATE", [account(number)], {"Name": f"old {number}"})
        org.advance(60)
    stopped = asyncio.Event()

    async def handle(event: Message) -> None:
        if len(first.log) == 4:
            stopped.set()
            await asyncio.Event().wait()
        first.handle(event)

    client = filling_client(org, first, store, since="snapshot", backfill={"overlap": 0.0}, max_network_delay=0.1)
    async with client:
        await client.subscribe(ACCOUNTS, handle)
        await stopped.wait()
        await _change(org, "UPDATE", 0, Name="changed while it was read")
    second.records = {record_id: dict(record) for record_id, record in first.records.items()}
    async with filling_client(org, second, store, since="snapshot", backfill={"overlap": 0.0}) as client:
        await client.subscribe(ACCOUNTS, second.handle)
        await second.until(lambda: second.reports)
    assert not second.differences(org)
    assert [report.reason for report in second.reports] == ["interrupted"]
    assert [each[1][0] for each in second.log] == [account(each) for each in (3, 4, 5, 6, 7, 8, 0)]


@in_org(ACCOUNTS, time_scale=20.0)
async def test_what_changed_before_the_first_event_was_handled_is_filled(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    store, replica, stored = MemoryStore(), Replica(), asyncio.Event()

    class Neighbour:
        @hookimpl(optionalhook=True)
        def positions_stored(self) -> None:
            stored.set()

    org.change_records("Account", "CREATE", [account(1)], {"Name": "old"})
    org.advance(10_000)
    async with filling_client(org, replica, store, since="latest", neighbour=Neighbour()) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await asyncio.wait_for(stored.wait(), 5)
    org.advance(10_000)
    await _change(org, "CREATE", 2, Name="missed")
    async with filling_client(org, replica, store, since="latest") as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await replica.until(lambda: replica.reports)
    # The first one has the time of the beginning, so it is within the overlap.
    assert [each[2] for each in replica.log] == ["old", "missed"]
    assert [report.reason for report in replica.reports] == ["unstored"]


@in_org(ACCOUNTS, time_scale=20.0, max_api_requests=20)
async def test_a_backfill_that_would_spend_the_quota_asks_first(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    plans: list[BackfillPlan] = []

    def permit(plan: BackfillPlan) -> bool:
        plans.append(plan)
        return len(plans) > 1

    store = MemoryStore()
    replica = await _first_run(org, store)
    await _change(org, "UPDATE", 1, Name="lost")
    org.purge(ACCOUNTS)
    for answers in (1, 2):
        async with filling_client(org, replica, store, backfill={"permit": permit, "reserve": 0.9}) as client:
            await client.subscribe(ACCOUNTS, replica.handle)
            await replica.until(partial(_has_reports, replica, answers))
    assert [report.filled for report in replica.reports] == [False, True]
    assert (plans[0].entity, plans[0].records, plans[0].requests, plans[0].limit) == ("Account", 2, 1, 20)
    assert "about 1 requests" in str(plans[0])
    assert "no permission" in replica.reports[0].why
    assert not replica.differences(org)


@in_org(ACCOUNTS, time_scale=20.0)
async def test_an_error_of_the_program_leaves_the_gap_open_and_the_stream_goes_on(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    def permit(plan: BackfillPlan) -> bool:
        raise RuntimeError("no one to ask")

    replica = Replica()
    async with filling_client(org, replica, since="snapshot", backfill={"permit": permit, "reserve": 1.0}) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await replica.until(lambda: replica.reports)
        await _change(org, "CREATE", 1, Name="one")
        await replica.until(lambda: replica.log)
    assert [(report.filled, report.why) for report in replica.reports] == [(False, "RuntimeError: no one to ask")]


@in_org(ACCOUNTS, time_scale=20.0, max_api_requests=20)
async def test_without_an_answer_it_waits(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    store = MemoryStore()
    replica = await _first_run(org, store)
    await _change(org, "UPDATE", 1, Name="lost")
    org.purge(ACCOUNTS)
    async with filling_client(org, replica, store, backfill={"reserve": 1.0}) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await asyncio.sleep(0.2)
        assert not replica.reports
    assert not replica.reports


@in_org(ACCOUNTS, time_scale=20.0)
async def test_many_records_are_read_in_bulk(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    replica = Replica()
    for number in range(5):
        fields = {"Name": f'"{number}", a\nb', "Score__c": number, "Ratio__c": number / 2, "Flag__c": number > 2}
        org.change_records("Account", "CREATE", [account(number)], fields)
    org.change_records("Account", "DELETE", [account(4)])
    async with filling_client(org, replica, since="snapshot", backfill={"bulk_from": 5, "bulk_poll": 0.01}) as client:
        await client.subscribe(ACCOUNTS, replica.handle)
        await replica.until(lambda: replica.reports)
    assert not replica.differences(org)
    assert replica.records[account(3)]["Flag__c"] is True


@in_org(ACCOUNTS, time_scale=20.0)
async def test_a_gap_event_names_its_object_on_a_channel_of_several(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    replica = Replica()
    channel = "/data/ChangeEvents"
    org.define(channel)
    async with filling_client(org, replica, since="latest") as client:
        await client.subscribe(channel, replica.handle)
        await org.publish_change("Account", "GAP_UPDATE", [account(1)], {"Name": "lost"})
        await replica.until(lambda: replica.log)
    # The Tooling API names no objects, but a gap event names its own.
    assert [(each[2], each[3]) for each in replica.log] == [("lost", True)]


@in_org(ACCOUNTS, time_scale=20.0)
async def test_typed_subscriptions_get_filled_events_too(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    org.change_records("Account", "CREATE", [account(1)], {"Name": "old"})
    replica, found = Replica(), list[ChangeEvent[Any]]()
    async with filling_client(org, replica, since="snapshot") as client:
        await client.subscribe(ACCOUNTS, lambda event: found.append(event.data), type=ChangeEvent[Any])
        await replica.until(lambda: replica.reports)
    (event,) = found
    assert (event.origin, event.fields["Name"], event.header.commit_user) == ("backfill", "old", None)
    assert event.backfill is not None
    assert event.backfill.reason == "snapshot"


@pytest.mark.parametrize("fails", [False, True])
def test_a_record_may_be_handled_in_the_transaction_that_stores_its_bookmark(tmp_path: Path, fails: bool) -> None:
    @in_org(ACCOUNTS, time_scale=20.0)
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        for number in range(3):
            org.change_records("Account", "CREATE", [account(number)], {"Name": f"old {number}"})
            org.advance(60)
        store, replica, taken = SqliteStore(tmp_path / "positions.db"), Replica(), list[str]()
        async with filling_client(org, replica, store, since="snapshot") as client:
            with pytest.raises(RuntimeError) if fails else _Nothing():
                async with client.subscribe(ACCOUNTS, ack="manual") as events:
                    async for event in events:
                        async with event.transaction():
                            taken.append(event.data["payload"]["Name"])
                            if fails and len(taken) == 2:
                                raise RuntimeError("disk")
                        if len(taken) == 3:
                            break
        stored = SqliteStore(tmp_path / "positions.db")
        (bookmark,) = (each for key, each in stored.items("default").items() if "#backfill" in key)
        stored.close()
        assert bookmark.event_uuid == account(0 if fails else 2) or (not fails and bookmark.replay_id == -1)

    scenario()


def _has_reports(replica: Replica, count: int) -> bool:
    return len(replica.reports) == count


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


_TOPIC = "/topic/Accounts"


@pytest.mark.parametrize("condition", ["", "?Rating=Hot&Rating=Warm"])
def test_the_gap_of_a_push_topic_is_filled_with_what_its_query_selects(condition: str) -> None:
    @in_org(_TOPIC, time_scale=20.0)
    async def scenario(org: SalesforceEmulator, _: ClientRecorder) -> None:
        org.define(_TOPIC, fields=("Id", "Name", "Rating"))
        store, replica, seen = MemoryStore(), Replica(), list[Any]()

        async def change(number: int, action: str, **fields: Any) -> None:
            org.change_records("Account", "DELETE" if action == "deleted" else "UPDATE", [account(number)], fields)
            await org.publish(_TOPIC, {"Id": account(number), **fields}, action=action)

        def handle(event: Message) -> None:
            seen.append((event.data.get("origin", "stream"), event.data["event"]["type"], event.data["sobject"]))
            replica.wake()

        async with filling_client(org, replica, store) as client:
            await client.subscribe(f"{_TOPIC}{condition}", handle)
            await change(1, "created", Name="one", Rating="Hot")
            await replica.until(lambda: seen)
        org.advance(60)
        await change(2, "created", Name="two", Rating="Warm")
        await change(3, "created", Name="three", Rating="Cold")
        org.advance(2)  # Records of one second come in the order of their ids.
        await change(1, "deleted", Rating="Hot")
        org.purge(_TOPIC)
        org.advance(60)
        async with filling_client(org, replica, store) as client:
            await client.subscribe(f"{_TOPIC}{condition}", handle)
            await replica.until(lambda: replica.reports)
        three = ("backfill", "created", {"Id": account(3), "Name": "three", "Rating": "Cold"})
        assert replica.reports[0].filled, replica.reports
        assert seen == [
            ("stream", "created", {"Id": account(1), "Name": "one", "Rating": "Hot"}),
            ("backfill", "created", {"Id": account(2), "Name": "two", "Rating": "Warm"}),
            *([] if condition else [three]),
            ("backfill", "deleted", {"Id": account(1)}),
        ]

    scenario()
