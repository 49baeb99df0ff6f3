"""A client with an emulated org under load: many channels, large responses, long waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, in_org, problems, publish, with_org
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


async def _subscribe_to_all(org: SalesforceEmulator, client: AsyncClient, recorder: ClientRecorder) -> None:
    for channel in _MANY:
        await client.subscribe(channel, recorder.handle)  # before the start, so that all are asked for at once
    async with client:
        await recorder.until(lambda: len(recorder.granted) == len(_MANY))
        org.rebalance()
        await recorder.until(lambda: len(recorder.granted) == 2 * len(_MANY))
        await publish(org, 1, channel=_MANY[-1])
        await recorder.until(lambda: recorder.handled)
    sizes = [len(request.body) for request in org.requests if request.path.startswith("/cometd")]
    assert sum(sizes) > 2 * _LIMIT
    assert max(sizes) <= _LIMIT
    assert problems(org, recorder.handled, _MANY[-1]) == []
    assert not [request for request in org.requests if request.status == 413]


@in_org(*_MANY)
async def test_requests_stay_below_the_size_limit(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    await _subscribe_to_all(org, client_of(org, recorder), recorder)


@in_org(*_MANY)
async def test_requests_stay_below_the_size_limit_by_discovery(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    options: dict[str, dict[str, object]] = {
        "salesforce": {"active": True},
        "auth": {"token": org.issue_token()},
        "replay": {"since": "earliest"},
    }
    client = AsyncClient(org.endpoint, extensions=[recorder], options=options)
    await _subscribe_to_all(org, client, recorder)


@in_org(batch_events=100)
async def test_a_response_above_ten_megabytes_is_received(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    for number in range(12):
        await org.publish(ORDERS, {"Number__c": number, "Text__c": "x" * 900_000})
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await recorder.until(lambda: len(recorder.handled) == 12)
    assert problems(org, recorder.handled) == []
    largest = max(len(request.replies) for request in org.requests)
    assert largest > 12


def test_a_large_response_does_not_block_the_loop() -> None:
    """A batch is only scanned when it is received; each payload is decoded when it is read."""
    event = b'{"channel":"/event/Order__e","data":{"payload":{"Text__c":"%s"},"event":{"replayId":1}}}' % (
        b"x" * 900_000
    )
    body = b"[" + b",".join([event] * 12) + b"]"
    messages = decode(body)
    assert [len(message.raw_data) > 900_000 for message in messages] == [True] * 12


def test_a_blocked_receiver_costs_neither_session_nor_events() -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        free = asyncio.Event()

        async def take(event: Message) -> None:
            await free.wait()
            recorder.handle(event)

        options = {"salesforce": {"max_interval": 0.4}}
        async with client_of(org, recorder, queue_size=10, options=options) as client:
            await client.subscribe(ORDERS, take)
            try:
                count = await _publish_for_five_minutes(org)
            finally:
                free.set()
            await recorder.until(lambda: len(recorder.handled) == count)
        assert problems(org, recorder.handled) == []
        assert org.logins == 1

    with_org(scenario, time_scale=100)


async def _publish_for_five_minutes(org: SalesforceEmulator) -> int:
    """Publish while the session lives; returns the number of events."""
    begun, (session,) = org.now, org.sessions
    numbers = 0
    while org.now - begun < 300:
        await publish(org, numbers)
        numbers += 1
        assert [each.client_id for each in org.sessions] == [session.client_id], "the session is lost"
        await asyncio.sleep(0.02)
    return numbers


@in_org(timeout=1.0)
async def test_the_connect_timeout_exceeds_the_hold(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder, max_network_delay=0.5):
        await org.recorder.received("/meta/connect", 4)
    assert recorder.errors == []
    held = [
        request for request in org.requests if request.messages and request.messages[0]["channel"] == "/meta/connect"
    ]
    times = [request.answered - request.time for request in held if request.answered is not None]
    assert max(times) >= 1.0


@in_org(timeout=0.5)
async def test_an_unanswered_connect_times_out(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder, max_network_delay=0.3) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await org.recorder.received("/meta/connect", 2)
        org.fail_next("hang", channel="/meta/connect")
        await recorder.until(lambda: recorder.of(ExchangeTimeoutError))
        await publish(org, 1)
        await recorder.until(lambda: recorder.handled)
    hanging = [request for request in org.requests if request.fault == "hang"]
    assert len(hanging) == 1
    assert problems(org, recorder.handled) == []


def test_the_extensions_work_without_the_client_function() -> None:
    """The three extensions are passed to `AsyncClient`."""

    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        extensions = [Auth(org.issue_token()), Replay(since="earliest"), Salesforce(active=True), recorder]
        async with AsyncClient(org.endpoint, discover=False, extensions=extensions) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await publish(org, 1)
            await recorder.until(lambda: recorder.handled)
        assert problems(org, recorder.handled) == []

    with_org(scenario)
