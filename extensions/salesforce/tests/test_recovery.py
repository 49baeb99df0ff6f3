"""The whole way against an org: sessions that are lost, tokens that die, answers that break off, orgs that move."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from extensions.salesforce.tests.org import (
    ORDERS,
    Witness,
    client_of,
    flow_of,
    in_org,
    lost_or_repeated,
    publish,
    verdict,
    with_org,
)
from pybayeux_auth import Grant, JwtBearerFlow
from pybayeux_salesforce import PositionRefusedError, SessionGoneError, TokenDeadError
from pybayeux_salesforce_emulator.streaming.session_endings import SESSION_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pybayeux_salesforce_emulator import SalesforceEmulator


@in_org()
async def test_moves_of_the_load_balancer_lose_and_repeat_nothing(org: SalesforceEmulator, witness: Witness) -> None:
    async with client_of(org, witness) as client:
        await client.subscribe(ORDERS, witness.take)
        for turn in range(3):
            await publish(org, *range(10 * turn, 10 * turn + 5))
            org.rebalance()
            await publish(org, *range(10 * turn + 5, 10 * turn + 10))
            await witness.until(lambda turn=turn: len(witness.handled) == 10 * (turn + 1))  # type: ignore[misc]
    assert verdict(org, witness.handled) == []
    assert org.logins == 1
    assert witness.of(SessionGoneError)


@in_org(cookie_lifetime=3600.0)
async def test_a_load_balancers_cookie_that_expires_is_the_same(org: SalesforceEmulator, witness: Witness) -> None:
    async with client_of(org, witness) as client:
        await client.subscribe(ORDERS, witness.take)
        await publish(org, 1)
        await witness.until(lambda: len(witness.handled) == 1)
        org.advance(4000)
        await publish(org, 2)
        await witness.until(lambda: len(witness.handled) == 2)
    assert lost_or_repeated(org, witness.handled) == []
    assert org.logins == 1


@pytest.mark.parametrize("variant", sorted(SESSION_ENDINGS))
def test_an_unknown_client_costs_a_handshake_and_no_login(variant: str) -> None:
    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        async with client_of(org, witness) as client:
            await client.subscribe(ORDERS, witness.take)
            assert org.kill_sessions(variant) == 1
            await witness.until(lambda: len(witness.granted) == 2)
            await publish(org, 1)
            await witness.until(lambda: witness.handled)
        assert verdict(org, witness.handled) == []
        assert org.logins == 1

    with_org(scenario, time_scale=10)


@pytest.mark.parametrize("kill", ["revoke", "expire"])
def test_a_dead_token_costs_one_login_for_all_channels(kill: str) -> None:
    channels = [f"/event/E{number}__e" for number in range(20)]

    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        async with client_of(org, witness) as client:
            for channel in channels:
                await client.subscribe(channel, witness.take)
            getattr(org, kill)()
            for channel in channels:
                await publish(org, 1, channel=channel)
            await witness.until(lambda: len(witness.handled) == len(channels))
        assert verdict(org, witness.handled, *channels) == []
        assert (org.logins, len(witness.grants)) == (2, 2)
        assert len(witness.of(TokenDeadError)) == 1

    with_org(scenario, *channels)


@in_org()
async def test_a_dead_token_that_a_subscribe_finds_out_costs_one_login(
    org: SalesforceEmulator, witness: Witness
) -> None:
    async with client_of(org, witness) as client:
        org.revoke()
        await client.subscribe(ORDERS, witness.take)
        await publish(org, 1)
        await witness.until(lambda: witness.handled)
    assert lost_or_repeated(org, witness.handled) == []
    assert org.logins == 2


@in_org()
async def test_a_position_that_expires_before_a_recovery_is_replaced_and_told(
    org: SalesforceEmulator, witness: Witness
) -> None:
    other = "/event/Other__e"
    org.define(other)
    async with client_of(org, witness, options={"replay": {"on_invalid": "earliest"}}) as client:
        await client.subscribe(ORDERS, witness.take)
        await client.subscribe(other, witness.take)
        await publish(org, 1)
        await publish(org, 1, channel=other)
        await witness.until(lambda: len(witness.handled) == 2)
        org.purge(ORDERS)
        org.rebalance()
        await publish(org, 2)
        await publish(org, 2, channel=other)
        await witness.until(lambda: len(witness.handled) == 4)
    assert verdict(org, witness.handled, ORDERS, other) == []
    refused = witness.of(PositionRefusedError)
    assert [str(each).partition(" failed")[0] for each in refused] == [f"subscribe {ORDERS}"]


@in_org()
async def test_where_the_policy_is_to_raise_the_channel_ends_with_the_refusal(
    org: SalesforceEmulator, witness: Witness
) -> None:
    other = "/event/Other__e"
    org.define(other)
    async with client_of(org, witness, options={"replay": {"on_invalid": "raise"}}) as client:
        await client.subscribe(other, witness.take)
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
        await witness.until(lambda: witness.handled)


@pytest.mark.parametrize(
    "fault",
    ["reply-eof", "reply-reset", "reply-lost", "truncated-json", "empty-200", "html-200", "html-502", "binary-junk"],
)
def test_events_of_an_answer_that_breaks_off_come_from_the_last_one_handled(fault: str) -> None:
    async def scenario(org: SalesforceEmulator, witness: Witness) -> None:
        async with client_of(org, witness) as client:
            await client.subscribe(ORDERS, witness.take)
            await publish(org, 1)
            await witness.until(lambda: len(witness.handled) == 1)
            org.fail_next(fault, with_events=True)
            await publish(org, 2, 3)
            await witness.until(lambda: len(witness.handled) == 3)
        assert verdict(org, witness.handled) == []
        assert org.logins == 1

    with_org(scenario)


@in_org()
async def test_the_endpoint_is_where_each_login_says(org: SalesforceEmulator, witness: Witness) -> None:
    login_host = org.login_url.replace("http://", "salesforce://")
    async with client_of(org, witness, address=login_host) as client:
        assert client.url == org.endpoint
        await client.subscribe(ORDERS, witness.take)
        await publish(org, 1)
        await witness.until(lambda: len(witness.handled) == 1)
        org.revoke()
        await publish(org, 2)
        await witness.until(lambda: len(witness.handled) == 2)
    assert verdict(org, witness.handled) == []
    assert org.logins == 2


@in_org()
async def test_an_org_that_moves_is_followed(org: SalesforceEmulator, witness: Witness) -> None:
    known = org.credentials
    flow = JwtBearerFlow(
        client_id=known.client_id,
        username=known.username,
        private_key=known.private_key,
        login_url=known.login_url,
    )
    before = org.url
    async with client_of(org, witness, login=flow) as client:
        await client.subscribe(ORDERS, witness.take)
        await publish(org, 1)
        await witness.until(lambda: len(witness.handled) == 1)
        org.migrate(move=True, collide=False)
        await publish(org, 2)
        await witness.until(lambda: len(witness.handled) >= 2)
        assert client.url == org.endpoint
        assert not client.url.startswith(before)
    assert org.logins == 2


def _moving_after(org: SalesforceEmulator, *logins: bool) -> Callable[[], Awaitable[Grant]]:
    """A login after which the org moves: for each in turn, whether it does."""
    moves = iter(logins)

    async def log_in() -> Grant:
        grant = await flow_of(org)()
        if next(moves, False):
            org.migrate(move=True, collide=False)
        return grant

    return log_in


@in_org()
async def test_an_org_that_moves_between_the_login_and_the_first_connect(
    org: SalesforceEmulator, witness: Witness
) -> None:
    async with client_of(org, witness, login=_moving_after(org, True)) as client:
        await client.subscribe(ORDERS, witness.take)
        assert client.url == org.endpoint
    assert org.logins == 2


@in_org()
async def test_an_org_that_moves_twice_in_a_row_is_followed(org: SalesforceEmulator, witness: Witness) -> None:
    login = _moving_after(org, False, True)  # again while the client is on its way to where it has moved
    async with client_of(org, witness, login=login) as client:
        await client.subscribe(ORDERS, witness.take)
        await publish(org, 1)
        await witness.until(lambda: len(witness.handled) == 1)
        org.migrate(move=True, collide=False)
        await publish(org, 2)
        await witness.until(lambda: len(witness.handled) >= 2)
        assert client.url == org.endpoint
    assert org.logins == 3


def test_helpers_of_these_tests_log_in_at_my_domain() -> None:
    async def scenario(org: SalesforceEmulator, _: Witness) -> None:
        grant = await flow_of(org)()
        assert (grant.instance_url, grant.org_id) == (org.url, org.org_id)

    with_org(scenario)
