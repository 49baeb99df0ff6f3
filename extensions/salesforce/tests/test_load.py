"""The whole way against an org, where there is much of something: channels, bytes, time, events that wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from extensions.salesforce.tests.org import ORDERS, Witness, client_of, in_org, publish, verdict, with_org
from pybayeux import AsyncClient, decode
from pybayeux.errors import ExchangeTimeoutError
from pybayeux_auth import Auth
from pybayeux_replay import Replay
from pybayeux_salesforce import Salesforce

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux_salesforce_emulator import SalesforceEmulator

_MANY = [f"/event/A_platform_event_with_a_rather_long_name_as_they_are_found_in_orgs_{n}__e" for n in range(250)]
_LIMIT = 32_768


async def _subscribe_to_all(org: SalesforceEmulator, client: AsyncClient, witness: Witness) -> None:
    for channel in _MANY:
        await client.subscribe(channel, witness.take)  # before the start, so that all are asked for at once
    async with client:
        await witness.until(lambda: len(witness.granted) == len(_MANY))
        org.rebalance()
        await witness.until(lambda: len(witness.granted) == 2 * len(_MANY))
        await publish(org, 1, channel=_MANY[-1])
        await witness.until(lambda: witness.handled)
    sizes = [len(request.body) for request in org.requests if request.path.startswith("/cometd")]
    assert sum(sizes) > 2 * _LIMIT
    assert max(sizes) <= _LIMIT
    assert verdict(org, witness.handled, _MANY[-1]) == []
    assert not [request for request in org.requests if request.status == 413]


@in_org(*_MANY)
async def test_requests_stay_under_the_limit(org: SalesforceEmulator, witness: Witness) -> None:
    await _subscribe_to_all(org, client_of(org, witness), witness)


@in_org(*_MANY)
async def test_they_do_so_by_discovery_too(org: SalesforceEmulator, witness: Witness) -> None:
    options: dict[str, dict[str, object]] = {
        "salesforce": {"active": True},
        "auth": {"token": org.issue_token()},
        "replay": {"since": "earliest"},
    }
    client = AsyncClient(org.endpoint, extensions=[witness], options=options)
    await _subscribe_to_all(org, client, witness)


@in_org(batch_events=100)
async def test_an_answer_of_more_than_ten_megabytes_is_taken(org: SalesforceEmulator, witness: Witness) -> None:
    for number in range(12):
        await org.publish(ORDERS, {"Number__c": number, "Text__c": "x" * 900_000})
    async with client_of(org, witness) as client:
        await client.subscribe(ORDERS, witness.take)
        await witness.until(lambda: len(witness.handled) == 12)
    assert verdict(org, witness.handled) == []
    largest = max(len(request.replies) for request in org.requests)
    assert largest > 12


def test_to_take_one_in_holds_nothing_up() -> None:
    """A batch is only scanned when it comes in; payloads are decoded when somebody asks, one by one."""
    event = b'{"channel":"/event/Order__e","data":{"payload":{"Text__c":"%s"},"event":{"replayId":1}}}' % (
        b"x" * 900_000
    )
    body = b"[" + b",".join([event] * 12) + b"]"
    messages = decode(body)
    assert [len(message.raw_data) > 900_000 for message in messages] == [True] * 12


def test_a_receiver_that_blocks_for_minutes_costs_neither_the_session_nor_an_event() -> None:
    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        free = asyncio.Event()

        async def take(event: Message) -> None:
            await free.wait()
            witness.take(event)

        options = {"salesforce": {"max_interval": 0.4}}
        async with client_of(org, witness, queue_size=10, options=options) as client:
            await client.subscribe(ORDERS, take)
            try:
                count = await _publish_for_five_minutes(org)
            finally:
                free.set()
            await witness.until(lambda: len(witness.handled) == count)
        assert verdict(org, witness.handled) == []
        assert org.logins == 1

    with_org(scenario, time_scale=100)


async def _publish_for_five_minutes(org: SalesforceEmulator) -> int:
    """Publish, while one session lives on; gives the number of events."""
    begun, (session,) = org.now, org.sessions
    numbers = 0
    while org.now - begun < 300:
        await publish(org, numbers)
        numbers += 1
        assert [each.client_id for each in org.sessions] == [session.client_id], "the session is lost"
        await asyncio.sleep(0.02)
    return numbers


@in_org(timeout=1.0)
async def test_a_connect_is_waited_for_longer_than_it_is_held(org: SalesforceEmulator, witness: Witness) -> None:
    async with client_of(org, witness, max_network_delay=0.5):
        await org.recorder.received("/meta/connect", 4)
    assert witness.errors == []
    held = [
        request for request in org.requests if request.messages and request.messages[0]["channel"] == "/meta/connect"
    ]
    times = [request.answered - request.time for request in held if request.answered is not None]
    assert max(times) >= 1.0


@in_org(timeout=0.5)
async def test_one_that_is_never_answered_is_given_up_then(org: SalesforceEmulator, witness: Witness) -> None:
    async with client_of(org, witness, max_network_delay=0.3) as client:
        await client.subscribe(ORDERS, witness.take)
        await org.recorder.received("/meta/connect", 2)
        org.fail_next("hang", channel="/meta/connect")
        await witness.until(lambda: witness.of(ExchangeTimeoutError))
        await publish(org, 1)
        await witness.until(lambda: witness.handled)
    hanging = [request for request in org.requests if request.fault == "hang"]
    assert len(hanging) == 1
    assert verdict(org, witness.handled) == []


def test_the_parts_by_themselves_do_it_as_well() -> None:
    """Without `client`: three extensions, passed by hand."""

    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        extensions = [Auth(org.issue_token()), Replay(since="earliest"), Salesforce(active=True), witness]
        async with AsyncClient(org.endpoint, discover=False, extensions=extensions) as client:
            await client.subscribe(ORDERS, witness.take)
            await publish(org, 1)
            await witness.until(lambda: witness.handled)
        assert verdict(org, witness.handled) == []

    with_org(scenario)
