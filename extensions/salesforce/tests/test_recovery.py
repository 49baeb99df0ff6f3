"""A client with an emulated org: lost sessions, invalid tokens, broken responses, moved orgs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from extensions.salesforce.tests.org import (
    ORDERS,
    ClientRecorder,
    client_of,
    flow_of,
    in_org,
    lost_or_repeated,
    problems,
    publish,
    with_org,
)
from pybayeux_auth import Grant, JwtBearerFlow
from pybayeux_replay import MemoryStore, Position
from pybayeux_salesforce import InvalidTokenError, PositionRefusedError, UnknownSessionError
from pybayeux_salesforce_emulator.streaming.session_endings import SESSION_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pybayeux import AsyncClient
    from pybayeux_salesforce_emulator import SalesforceEmulator


@in_org()
async def test_load_balancer_moves_lose_and_repeat_no_event(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        for turn in range(3):
            await publish(org, *range(10 * turn, 10 * turn + 5))
            org.rebalance()
            await publish(org, *range(10 * turn + 5, 10 * turn + 10))
            await recorder.until(lambda turn=turn: len(recorder.handled) == 10 * (turn + 1))  # type: ignore[misc]
    assert problems(org, recorder.handled) == []
    assert org.logins == 1
    assert recorder.of(UnknownSessionError)


@in_org(cookie_lifetime=3600.0)
async def test_an_expired_load_balancer_cookie_loses_no_event(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: len(recorder.handled) == 1)
        org.advance(4000)
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.handled) == 2)
    assert lost_or_repeated(org, recorder.handled) == []
    assert org.logins == 1


@pytest.mark.parametrize("variant", sorted(SESSION_ENDINGS))
def test_an_unknown_client_costs_a_handshake_and_no_login(variant: str) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with client_of(org, recorder) as client:
            await client.subscribe(ORDERS, recorder.handle)
            assert org.kill_sessions(variant) == 1
            await recorder.until(lambda: len(recorder.granted) == 2)
            await publish(org, 1)
            await recorder.until(lambda: recorder.handled)
        assert problems(org, recorder.handled) == []
        assert org.logins == 1

    with_org(scenario, time_scale=10)


@pytest.mark.parametrize("kill", ["revoke", "expire"])
def test_an_invalid_token_costs_one_login_for_all_channels(kill: str) -> None:
    channels = [f"/event/E{number}__e" for number in range(20)]

    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with client_of(org, recorder) as client:
            for channel in channels:
                await client.subscribe(channel, recorder.handle)
            getattr(org, kill)()
            for channel in channels:
                await publish(org, 1, channel=channel)
            await recorder.until(lambda: len(recorder.handled) == len(channels))
        assert problems(org, recorder.handled, *channels) == []
        assert (org.logins, len(recorder.grants)) == (2, 2)
        assert len(recorder.of(InvalidTokenError)) == 1

    with_org(scenario, *channels)


@in_org()
async def test_an_invalid_token_at_a_subscribe_costs_one_login(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        org.revoke()
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: recorder.handled)
    assert lost_or_repeated(org, recorder.handled) == []
    assert org.logins == 2


@in_org()
async def test_an_expired_position_is_replaced_and_reported(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    other = "/event/Other__e"
    org.define(other)
    async with client_of(org, recorder, options={"replay": {"on_invalid": "earliest"}}) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await client.subscribe(other, recorder.handle)
        await publish(org, 1)
        await publish(org, 1, channel=other)
        await recorder.until(lambda: len(recorder.handled) == 2)
        org.purge(ORDERS)
        org.rebalance()
        await publish(org, 2)
        await publish(org, 2, channel=other)
        await recorder.until(lambda: len(recorder.handled) == 4)
    assert problems(org, recorder.handled, ORDERS, other) == []
    refused = recorder.of(PositionRefusedError)
    assert [str(each).partition(" failed")[0] for each in refused] == [f"subscribe {ORDERS}"]


@in_org()
async def test_an_expired_position_ends_the_channel_with_policy_raise(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    other = "/event/Other__e"
    org.define(other)
    async with client_of(org, recorder, options={"replay": {"on_invalid": "raise"}}) as client:
        await client.subscribe(other, recorder.handle)
        events = await client.subscribe(ORDERS)
        await publish(org, 1)
        await anext(events)
        org.purge(ORDERS)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        org.rebalance()
        with pytest.raises(PositionRefusedError):
            await waiting
        await publish(org, 1, channel=other)
        await recorder.until(lambda: recorder.handled)


@pytest.mark.parametrize(
    "fault",
    ["reply-eof", "reply-reset", "reply-lost", "truncated-json", "empty-200", "html-200", "html-502", "binary-junk"],
)
def test_events_of_a_broken_response_are_replayed(fault: str) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with client_of(org, recorder) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await publish(org, 1)
            await recorder.until(lambda: len(recorder.handled) == 1)
            org.fail_next(fault, with_events=True)
            await publish(org, 2, 3)
            await recorder.until(lambda: len(recorder.handled) == 3)
        assert problems(org, recorder.handled) == []
        assert org.logins == 1

    with_org(scenario)


@in_org()
async def test_the_endpoint_follows_each_login(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    login_host = org.login_url.replace("http://", "salesforce://")
    async with client_of(org, recorder, address=login_host) as client:
        assert client.url == org.endpoint
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: len(recorder.handled) == 1)
        org.revoke()
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.handled) == 2)
    assert problems(org, recorder.handled) == []
    assert org.logins == 2


async def _listen_across_a_move(org: SalesforceEmulator, client: AsyncClient, recorder: ClientRecorder) -> None:
    await client.subscribe(ORDERS, recorder.handle)
    await publish(org, 1)
    await recorder.until(lambda: len(recorder.handled) == 1)
    org.migrate(move=True, collide=False)
    await publish(org, 2)
    await recorder.until(lambda: len(recorder.handled) >= 2)
    assert client.url == org.endpoint


@in_org()
async def test_the_client_follows_a_moved_org(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    credentials = org.credentials
    flow = JwtBearerFlow(
        client_id=credentials.client_id,
        username=credentials.username,
        private_key=credentials.private_key,
        login_url=credentials.login_url,
    )
    before = org.url
    async with client_of(org, recorder, login=flow) as client:
        await _listen_across_a_move(org, client, recorder)
        assert not client.url.startswith(before)
    assert org.logins == 2


def _moving_after(org: SalesforceEmulator, *logins: bool) -> Callable[[], Awaitable[Grant]]:
    """Return a login function; `logins` says for each call whether the org moves after it."""
    moves = iter(logins)

    async def log_in() -> Grant:
        grant = await flow_of(org)()
        if next(moves, False):
            org.migrate(move=True, collide=False)
        return grant

    return log_in


@in_org()
async def test_an_org_that_moves_between_login_and_first_connect_is_followed(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder, login=_moving_after(org, True)) as client:
        await client.subscribe(ORDERS, recorder.handle)
        assert client.url == org.endpoint
    assert org.logins == 2


@in_org()
async def test_an_org_that_moves_twice_is_followed(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    login = _moving_after(org, False, True)  # again while the client is on its way to where it has moved
    async with client_of(org, recorder, login=login) as client:
        await _listen_across_a_move(org, client, recorder)
    assert org.logins == 3


@in_org()
async def test_a_position_set_to_a_time_drops_what_happened_before(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    await publish(org, 1, 2)
    org.advance(3600)
    moment = datetime.fromtimestamp(org.now - 1800, UTC)
    await publish(org, 3, 4)
    store = MemoryStore()
    store.set("default", {ORDERS: Position(-2, datetime.now(UTC), event_time=moment)})
    wanted = [(ORDERS, event.replay_id) for event in org.published[ORDERS][2:]]
    async with client_of(org, recorder, store=store) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await recorder.until(lambda: len(recorder.handled) == 2)
        org.kill_sessions("advice-none")
        await publish(org, 5)
        await recorder.until(lambda: len(recorder.handled) == 3)
    wanted.append((ORDERS, org.published[ORDERS][4].replay_id))
    assert recorder.handled == wanted
    newest = max(store.items("default").values(), key=lambda position: position.replay_id)  # the org's own
    assert newest.replay_id == wanted[-1][1]


def test_the_login_helper_uses_my_domain() -> None:
    async def scenario(org: SalesforceEmulator, _: ClientRecorder) -> None:
        grant = await flow_of(org)()
        assert (grant.instance_url, grant.org_id) == (org.url, org.org_id)

    with_org(scenario)
