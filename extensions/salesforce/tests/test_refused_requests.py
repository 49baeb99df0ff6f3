"""A client with an emulated org that refuses: overload, limits, invalid channels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, in_org, problems, publish, with_org
from pybayeux.errors import ConnectError, HandshakeError, SessionEndedError, SubscribeError
from pybayeux_salesforce import (
    AccessError,
    ChannelError,
    QuotaError,
    SalesforceError,
    ServerBusyError,
    SetupError,
)
from pybayeux_salesforce_emulator import texts
from pybayeux_salesforce_emulator.oracles import backoff_curve

if TYPE_CHECKING:
    from pybayeux_salesforce_emulator import SalesforceEmulator

_SHORTEST_WAIT = 0.2 * 0.8
"""The shortest wait of these clients in seconds: the first wait, less the jitter."""


@in_org()
async def test_a_busy_server_at_the_handshake_is_waited_for(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    org.busy(3)
    async with client_of(org, recorder):
        pass
    assert [type(each).__bases__ for each in recorder.errors] == [(ServerBusyError, HandshakeError)] * 3
    assert org.logins == 1
    (waits,) = backoff_curve(org.requests)
    assert len(waits) == 3
    assert all(wait >= _SHORTEST_WAIT for wait in waits)
    assert max(waits[1:]) > waits[0]


@in_org()
async def test_a_busy_server_behind_a_401_costs_no_login_at_a_connect(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        org.busy(1)
        await publish(org, 1)
        await recorder.until(lambda: recorder.of(ServerBusyError))
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.handled) == 2)
    (error,) = recorder.of(ServerBusyError)
    assert isinstance(error, ConnectError)
    assert "401::Authentication invalid (the cause: 503::" in str(error)
    assert org.logins == 1
    assert problems(org, recorder.handled) == []
    assert all(wait >= _SHORTEST_WAIT for run in backoff_curve(org.requests) for wait in run)


@in_org()
async def test_a_busy_server_at_a_subscribe_keeps_the_session(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    other = "/event/Other__e"
    org.define(other)
    async with client_of(org, recorder) as client:
        await client.subscribe(other, recorder.handle)
        org.busy(1)
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await publish(org, 1, channel=other)
        await recorder.until(lambda: len(recorder.handled) == 2)
    assert [type(each).__bases__ for each in recorder.errors] == [(ServerBusyError, SubscribeError)]
    assert org.logins == 1
    assert len(org.recorder.messages("/meta/handshake")) == 1


@pytest.mark.parametrize("limit", ["clients", "server-connections"])
def test_a_client_limit_is_waited_for(limit: str) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        org.quota(limit)
        client = client_of(org, recorder)
        starting = asyncio.create_task(client.start())
        await recorder.until(lambda: len(recorder.of(QuotaError)) == 2)
        org.quota(limit, on=False)
        await starting
        await client.close()
        assert all(isinstance(each, HandshakeError) for each in recorder.of(QuotaError))
        assert org.logins == 1
        assert all(wait >= _SHORTEST_WAIT for run in backoff_curve(org.requests) for wait in run)

    with_org(scenario)


@in_org()
async def test_an_event_limit_is_waited_for_without_loss(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: len(recorder.handled) == 1)
        org.quota("delivered")
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.of(QuotaError)) >= 3)
        org.quota("delivered", on=False)
        await publish(org, 3)
        await recorder.until(lambda: len(recorder.handled) == 3)
    assert problems(org, recorder.handled) == []
    assert org.logins == 1
    assert {type(each).__bases__ for each in recorder.of(QuotaError)} <= {
        (QuotaError, ConnectError),
        (QuotaError, SubscribeError),
    }
    (error, *_) = recorder.of(QuotaError)
    assert isinstance(error, QuotaError)
    assert _SHORTEST_WAIT <= error.wait <= 0.4


@in_org("/topic/Cases", ORDERS)
async def test_a_topic_limit_is_waited_for_while_others_continue(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        org.quota("topic")
        late = asyncio.create_task(_subscribed(client, "/topic/Cases", recorder))
        await recorder.until(lambda: recorder.of(QuotaError))
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: len(recorder.handled) == 1)
        org.quota("topic", on=False)
        await late
        await publish(org, 2, channel="/topic/Cases")
        await recorder.until(lambda: len(recorder.handled) == 2)
    assert problems(org, recorder.handled, ORDERS, "/topic/Cases") == []


async def _subscribed(client: Any, channel: str, recorder: ClientRecorder) -> None:
    await client.subscribe(channel, recorder.handle)


_BAD = [
    (texts.RESTRICTED, AccessError),
    (texts.NOT_ENABLED, AccessError),
    (texts.ACCESS_TO_ENTITY, AccessError),
    (texts.ACCESS_TO_FIELDS, AccessError),
    (texts.CDC_PERMISSION, AccessError),
    (texts.SUBSCRIBE_DENIED, AccessError),
    (texts.cannot_create("/u/Bad"), AccessError),
    (texts.no_such_channel("/event/Bad__e"), ChannelError),
    (texts.query_fields(["Typo"]), ChannelError),
    (texts.NAME_WITHOUT_SLASH, ChannelError),
    (texts.UNKNOWN_CHANNEL, ChannelError),
    (texts.VARY_BY_CASE, ChannelError),
    ("403::A text of tomorrow", AccessError),
]


@in_org()
async def test_refused_channels_do_not_stop_others(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        for number, (error, kind) in enumerate(_BAD):
            channel = f"/event/Bad{number}__e"
            org.define(channel, refusal=error)
            with pytest.raises(SubscribeError) as caught:
                await client.subscribe(channel)
            assert isinstance(caught.value, kind)
        await publish(org, 1)
        await recorder.until(lambda: recorder.handled)
    assert problems(org, recorder.handled) == []
    assert len(org.recorder.messages("/meta/handshake")) == 1
    assert len(org.recorder.messages("/meta/subscribe")) == 1 + len(_BAD)
    assert org.logins == 1


@in_org()
async def test_channels_refused_in_a_recovery_do_not_stop_others(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    bad = [f"/event/Bad{number}__e" for number in range(3)]
    for channel in bad:
        org.define(channel)
    async with client_of(org, recorder) as client:
        lost = [await client.subscribe(channel) for channel in bad]
        await client.subscribe(ORDERS, recorder.handle)
        for channel in bad:
            org.define(channel, refusal=texts.RESTRICTED)
        org.rebalance()
        for subscription in lost:
            with pytest.raises(AccessError):
                await anext(subscription)
        await publish(org, 1)
        await recorder.until(lambda: recorder.handled)
    assert problems(org, recorder.handled) == []


@in_org()
async def test_a_denied_subscribe_without_reason_costs_at_most_one_login(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        for number in range(3):
            org.define(f"/event/Bad{number}__e", refusal="403:denied_by_security_policy:create_denied")
        refusals = await asyncio.gather(
            *(_subscribed(client, f"/event/Bad{number}__e", recorder) for number in range(3)), return_exceptions=True
        )
        assert all(isinstance(each, AccessError) for each in refusals)
    assert org.logins <= 2


@in_org(old_versions="refuse")
async def test_an_unserved_version_ends_the_session_at_once(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    client = client_of(org, recorder, address=f"{org.url}?version=99.0")
    with pytest.raises(SessionEndedError, match="Unsupported API version") as caught:
        await client.start()
    assert isinstance(caught.value.__cause__, SetupError)
    assert isinstance(caught.value.__cause__, SalesforceError)


@in_org()
async def test_a_wrong_path_ends_the_session_at_once(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    client = client_of(
        org, recorder, address=f"{org.url}/partners/cometd/67.0", options={"salesforce": {"follow": False}}
    )
    with pytest.raises(SessionEndedError, match="check the address") as caught:
        await client.start()
    assert isinstance(caught.value.__cause__, SetupError)
