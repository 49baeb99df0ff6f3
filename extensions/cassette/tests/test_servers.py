"""Cassettes on real servers: the development server and the emulated org, in this process and over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from extensions.cassette.tests.streams import event, state, written
from pybayeux import Client, ConnectionState
from pybayeux.errors import BayeuxError, UsageError
from pybayeux_cassette import CassetteError, DevServerTarget, OrgTarget, Recorder, play, read_cassette
from pybayeux_cassette.actions import Actions, ControlInterface, OwnServer

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_cassette import Cassette
    from pybayeux_cassette.pytest_plugin import CassetteFactory
    from pybayeux_devserver import BlockingServer
    from pybayeux_salesforce_emulator import BlockingEmulator
    from pybayeux_salesforce_emulator.pytest_plugin import OrgFactory


def _stamped(replay_id: int, **data: Any) -> dict[str, Any]:
    return {**data, "event": {"replayId": replay_id, "createdDate": "2026-11-29T16:00:00.000Z"}}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    records = [event(number, "/orders", _stamped(10 * number, n=number), replay_id=10 * number) for number in (1, 2, 3)]
    return written(tmp_path / "orders.jsonl", *records, channels=("/orders",)).path


def _take(client: Client, channel: str, count: int, play_: Any) -> list[Any]:
    with client.subscribe(channel) as events:
        play_()
        return [next(iter(events)).data for _ in range(count)]


def test_the_fixture_plays_at_once(bayeux_cassette: CassetteFactory, orders: Path) -> None:
    night = bayeux_cassette(orders)
    with Client(night.url) as client:
        got = _take(client, "/orders", 3, night.play)
    assert [each["n"] for each in got] == [1, 2, 3]
    assert [each["event"]["createdDate"] for each in got] == ["2026-11-29T16:00:00.000Z"] * 3
    assert [each["event"]["replayId"] for each in got] != [10, 20, 30]


def test_replay_ids_are_kept_where_asked(bayeux_cassette: CassetteFactory, orders: Path) -> None:
    night = bayeux_cassette(orders, keep_ids=True)
    with Client(night.url) as client:
        assert [each["event"]["replayId"] for each in _take(client, "/orders", 3, night.play)] == [10, 20, 30]
    with pytest.raises(ValueError, match="expected more than 30"):
        night.play()


def test_the_fixture_looks_beside_the_test_and_in_the_working_directory(
    bayeux_cassette: CassetteFactory, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match=r"orders\.jsonl"):
        bayeux_cassette("orders.jsonl")
    monkeypatch.chdir(orders.parent)
    assert bayeux_cassette("orders.jsonl").cassette.measure() == (3, 3)
    with pytest.raises(CassetteError, match=r"test_servers\.py, line 1: expected the header"):
        bayeux_cassette("test_servers.py")


def test_an_ext_is_played(bayeux_cassette: CassetteFactory, tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", event(0, "/a", {}, ext={"tenant": "acme"})).path
    night = bayeux_cassette(path)
    with Client(night.url) as client, client.subscribe("/a") as events:
        night.play()
        assert next(iter(events)).ext == {"tenant": "acme"}


@pytest.mark.parametrize("transports", [["websocket"], ["long-polling"]])
def test_incidents_happen_again(bayeux_cassette: CassetteFactory, tmp_path: Path, transports: list[str]) -> None:
    """The session is lost, and no event with it."""
    lost = [state(1.5, "unconnected"), state(2, "connected")]
    ended = [state(4, "rehandshaking"), state(5, "connected")]
    one, two, three = (event(number, "/a", {"n": number}) for number in (1, 3, 6))
    night = bayeux_cassette(written(tmp_path / "a.jsonl", one, *lost, two, *ended, three).path)
    again = Recorder(tmp_path / "again.jsonl")
    options = {"replay": {"since": "earliest"}}
    with again, Client(night.url, transports=transports, extensions=[again], options=options) as client:
        with client.subscribe("/a") as events:
            night.play(incidents=True)
            assert [next(iter(events)).data["n"] for _ in range(3)] == [1, 3, 6]
        client.wait_for(ConnectionState.CONNECTED)
    assert "rehandshaking" in [each.state for each in read_cassette(again.path).states]


@pytest.mark.parametrize("remote", [False, True])
def test_salesforce_events_keep_their_payloads(
    salesforce_org_factory: OrgFactory, tmp_path: Path, remote: bool
) -> None:
    """From one org into a cassette, and from there into another org."""
    channels = ("/event/Order__e", "/topic/Cases", "/u/notes", "/data/AccountChangeEvent", "/data/Sales__chn")
    one, other = salesforce_org_factory(seed=1), salesforce_org_factory(seed=2)

    def happen(org: BlockingEmulator) -> None:
        org.publish("/event/Order__e", {"Number__c": 1})
        org.publish("/topic/Cases", {"Id": "500", "Status": "New"}, action="updated")
        org.publish("/u/notes", "hello")
        changes: list[dict[str, Any]] = [
            {"entity": "Account", "kind": "CREATE", "record_ids": ["001"], "fields": {"Name": "Acme"}},
            {"entity": "Account", "kind": "UPDATE", "record_ids": ["001"], "fields": {"Name": "Ajax"}, "skip": 2},
        ]
        org.publish_transaction(changes)
        org.publish_change("Contact", "DELETE", ["003"])

    for channel in (*channels[:4], "/data/ContactChangeEvent"):
        one.define(channel)
    one.define(channels[4], members=["ContactChangeEvent"])
    first = _recorded(one, channels, tmp_path / "one.jsonl", lambda: happen(one), 6)

    async def replay() -> None:
        if remote:
            async with ControlInterface(other.control_url) as control:
                assert await control.is_org()
                await _play(control)
        else:
            await _play(OwnServer(other))

    async def _play(actions: Actions) -> None:
        target = OrgTarget(actions)
        await target.prepare(first)  # clients subscribe before
        await play(first, target, speed=None)

    asyncio.run(OrgTarget(OwnServer(other)).prepare(first))
    second = _recorded(other, channels, tmp_path / "two.jsonl", lambda: asyncio.run(replay()), 6)
    assert _content(first) == _content(second)
    assert [each.replay_id for each in first.events] != [each.replay_id for each in second.events]


def _recorded(org: BlockingEmulator, channels: tuple[str, ...], path: Path, happen: Any, count: int) -> Cassette:
    options = {"auth": {"token": org.issue_token()}}
    recorder = Recorder(path, channels)
    with recorder, Client(org.endpoint, options=options, extensions=[recorder]) as client:
        subscriptions = [client.subscribe(channel) for channel in channels]
        happen()
        for subscription in subscriptions:
            wanted = {"/data/AccountChangeEvent": 2}.get(subscription.channel, 1)
            for _ in range(wanted):
                recorder.write(next(iter(subscription)))
    assert recorder.events == count
    return read_cassette(path)


def _content(cassette: Cassette) -> list[Any]:
    """What of each event stays the same."""
    content = []
    for each in cassette.events:
        payload = each.data.get("payload")
        if isinstance(payload, dict) and "ChangeEventHeader" in payload:
            same = ("entityName", "changeType", "recordIds", "sequenceNumber", "changedFields", "changeOrigin")
            header = payload["ChangeEventHeader"]
            payload = {**payload, "ChangeEventHeader": {name: header[name] for name in same}}
        content.append((each.channel, payload, each.data.get("sobject"), each.event_id, each.data["event"].get("type")))
    return content


def test_a_change_on_two_channels_is_published_once(salesforce_org: BlockingEmulator, tmp_path: Path) -> None:
    header = {"entityName": "Account", "changeType": "CREATE", "recordIds": ["001"], "transactionKey": "k"}
    data = {"payload": {"ChangeEventHeader": {**header, "sequenceNumber": 3}, "Name": "Acme"}}
    twice = [event(0, "/data/ChangeEvents", data), event(0, "/data/AccountChangeEvent", data)]
    cassette = written(tmp_path / "a.jsonl", *twice)
    asyncio.run(play(cassette, OrgTarget(OwnServer(salesforce_org)), speed=None))
    published = salesforce_org.published
    assert {channel: len(events) for channel, events in published.items()} == {
        "/data/ChangeEvents": 1,
        "/data/AccountChangeEvent": 1,
    }


@pytest.mark.parametrize(
    ("channel", "data", "why"),
    [
        ("/orders", {}, "/orders is no channel of Salesforce's"),
        ("/event/A__e", [1], "/event/A__e, at 1 s: expected an event of Salesforce's; got"),
        ("/event/A__chn", {"payload": {}}, "the event does not say its name, data.event.EventApiName"),
        ("/data/AChangeEvent", {"payload": {"ChangeEventHeader": {}}}, "the header of the change has no 'entityName'"),
    ],
)
def test_what_is_not_salesforces_is_refused(
    bayeux_cassette: CassetteFactory, tmp_path: Path, channel: str, data: Any, why: str
) -> None:
    path = written(tmp_path / "a.jsonl", event(1, channel, data)).path
    with pytest.raises(UsageError, match=why):
        bayeux_cassette(path, salesforce=True).play()


def test_an_org_keeps_no_ids(bayeux_cassette: CassetteFactory, orders: Path) -> None:
    with pytest.raises(UsageError, match="an org gives replay ids of its own"):
        bayeux_cassette(orders, salesforce=True, keep_ids=True)


def test_a_control_interface_says_what_it_is(bayeux_server: BlockingServer) -> None:
    async def ask(url: str) -> bool:
        async with ControlInterface(url) as control:
            return await control.is_org()

    assert asyncio.run(ask(bayeux_server.control_url + "/")) is False
    with pytest.raises(BayeuxError, match="HTTP 4"):
        asyncio.run(ask(bayeux_server.url))
    with pytest.raises(BayeuxError, match="ConnectError"):
        asyncio.run(ask("http://127.0.0.1:9/control"))


def test_the_server_says_why_it_refuses(bayeux_server: BlockingServer, orders: Path) -> None:
    async def refused() -> None:
        async with ControlInterface(bayeux_server.control_url) as control:
            for _ in range(2):
                await play(read_cassette(orders), DevServerTarget(control, keep_ids=True), speed=None)

    with pytest.raises(BayeuxError, match="HTTP 400: replay_id: expected more than 30"):
        asyncio.run(refused())


def test_a_filter_is_no_part_of_a_channel(bayeux_cassette: CassetteFactory, tmp_path: Path) -> None:
    data = {"event": {"replayId": 1, "type": "deleted"}, "sobject": {"Id": "500", "Status": "New"}}
    cassette = written(tmp_path / "a.jsonl", event(0, "/topic/Cases", data), channels=("/topic/Cases?Status=New",))
    night = bayeux_cassette(cassette.path, salesforce=True)
    with Client(night.url, options={"auth": {"token": night.server.issue_token()}}) as client:
        [got] = _take(client, "/topic/Cases", 1, night.play)
    assert (got["sobject"], got["event"]["type"]) == (data["sobject"], "deleted")
