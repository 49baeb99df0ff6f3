"""Refusals in virtual time: the errors reported, and what the client does about them."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from pybayeux import Advice, Channel
from pybayeux.errors import SessionEndedError, TransportError
from pybayeux.testing import Harness, in_virtual_time
from pybayeux_auth import Auth
from pybayeux_salesforce import (
    AccessError,
    ChannelError,
    CookieError,
    InvalidTokenError,
    QuotaError,
    RequestTooLargeError,
    Salesforce,
    SalesforceError,
    ServerBusyError,
    SetupError,
    UnknownSessionError,
)

_NONE = Advice(reconnect="none", interval=0)
_AGAIN = Advice(reconnect="handshake", interval=0)
_BUSY = {"sfdc": {"failureReason": "503::Server is too busy. Please try your request again later."}}
_ENDPOINT = "https://my-org.my.salesforce.com/cometd/67.0"


def _harness(*neighbours: object, url: str = _ENDPOINT, **options: Any) -> Harness:
    return Harness(Salesforce, options, others=neighbours, url=url)


def _auth_with_numbered_tokens(**options: Any) -> Auth:
    numbers = count(1)
    return Auth(lambda: f"a-token-{next(numbers)}", **options)


def _kinds(harness: Harness) -> list[type]:
    """Return the classes of the reported errors."""
    return [type(each).__bases__[0] for each in harness.failures if isinstance(each, SalesforceError)]


def _handshakes(harness: Harness) -> int:
    return len(harness.server.messages("/meta/handshake"))


@in_virtual_time
async def test_a_busy_server_behind_a_401_is_waited_for_without_login() -> None:
    auth = _auth_with_numbered_tokens()
    async with _harness(auth) as harness:
        harness.server.refuse_next(Channel.META_CONNECT, "401::Authentication invalid", ext=_BUSY, advice=_NONE)
        await harness.clock.advance(95)
        assert _handshakes(harness) == 1
        await harness.clock.advance(30)
        assert (_handshakes(harness), auth.logins) == (2, 1)
        assert harness.client.state == "connected"
    assert _kinds(harness) == [ServerBusyError]


@in_virtual_time
async def test_the_wait_for_a_limit_grows() -> None:
    async with _harness(quota_wait=(100.0, 300.0)) as harness:
        limit = "403::Organization total events daily limit exceeded"
        harness.server.refuse_next(Channel.META_CONNECT, limit, advice=_NONE)
        for _ in range(2):
            harness.server.refuse_next(Channel.META_CONNECT, limit, advice=_NONE)
        times = []
        for _ in range(3):
            begun = _handshakes(harness)
            before = harness.clock.now
            while _handshakes(harness) == begun:
                await harness.clock.advance(1)
            times.append(harness.clock.now - before)
        assert 80 <= times[0] <= 102
        assert 160 <= times[1] <= 202
        assert 240 <= times[2] <= 302
    assert _kinds(harness) == [QuotaError] * 3


@in_virtual_time
async def test_a_refused_channel_does_not_stop_others() -> None:
    async with _harness() as harness:
        good = await harness.subscribe("/event/Good__e")
        refusals: list[tuple[str, type[SalesforceError]]] = [
            ("403::Restricted channel", AccessError),
            ("400::The channel you requested to subscribe to does not exist {/event/Bad__e}", ChannelError),
            ("404::Unknown channel", ChannelError),
        ]
        for error, kind in refusals:
            harness.server.refuse_next(Channel.META_SUBSCRIBE, error)
            with pytest.raises(kind) as caught:
                await harness.client.subscribe("/event/Bad__e")
            assert isinstance(caught.value, SalesforceError)
        harness.server.push("/event/Good__e", 1)
        await harness.settle()
        assert harness.delivered == [1]
        assert not good.closed
        assert (_handshakes(harness), len(harness.server.messages("/meta/subscribe"))) == (1, 4)


@in_virtual_time
async def test_a_channel_refused_in_a_recovery_ends_alone() -> None:
    async with _harness() as harness:
        bad = await harness.client.subscribe("/event/Bad__e")
        await harness.subscribe("/event/Good__e")
        harness.server.refuse_next(Channel.META_SUBSCRIBE, "403::Restricted channel")
        harness.server.forget()
        with pytest.raises(AccessError):
            await anext(bad)
        harness.server.push("/event/Good__e", 1)
        await harness.settle()
        assert harness.delivered == [1]


@in_virtual_time
async def test_a_channel_at_its_limit_is_retried_while_others_continue() -> None:
    async with _harness() as harness:
        await harness.subscribe("/event/Good__e")
        harness.server.refuse_next(Channel.META_SUBSCRIBE, "403::Subscription limit exceeded for this topic")
        late = asyncio.create_task(harness.subscribe("/topic/Late"))
        await harness.clock.advance(200)
        assert not late.done()
        harness.server.push("/event/Good__e", 1)
        await harness.clock.advance(150)
        assert harness.delivered == [1]
        await late
        assert _handshakes(harness) == 1
    assert _kinds(harness) == [QuotaError]


@pytest.mark.parametrize("error", ["403::Unknown client", "402::Unknown client"])
@pytest.mark.parametrize("advice", [_AGAIN, _NONE, None])
@in_virtual_time
async def test_an_unknown_client_handshakes_without_login(error: str, advice: Advice | None) -> None:
    auth = _auth_with_numbered_tokens()
    async with _harness(auth) as harness:
        await harness.subscribe("/event/Good__e")
        harness.server.refuse_next(Channel.META_CONNECT, error, advice=advice)
        await harness.clock.advance(5)
        harness.server.push("/event/Good__e", 1)
        await harness.settle()
        assert harness.delivered == [1]
        assert (_handshakes(harness), auth.logins) == (2, 1)
    assert _kinds(harness) == [UnknownSessionError]


@in_virtual_time
async def test_short_sessions_are_diagnosed_once() -> None:
    async with _harness() as harness:
        for _ in range(6):
            harness.server.refuse_next(Channel.META_CONNECT, "403::Unknown client", advice=_AGAIN)
        await harness.clock.advance(120)
        assert harness.client.state == "connected"
    diagnoses = [str(each) for each in harness.failures if "cookies" in str(each)]
    assert len(diagnoses) == 1
    assert _kinds(harness) == [UnknownSessionError] * 6


@in_virtual_time
async def test_an_invalid_static_token_ends_the_session() -> None:
    async with _harness(Auth("static-token")) as harness:
        harness.server.refuse_next(Channel.META_CONNECT, "401::Authentication invalid")
        await harness.settle()
        with pytest.raises(SessionEndedError) as caught:
            await harness.client.wait_for("connected")
    assert isinstance(caught.value.__cause__, InvalidTokenError)


@in_virtual_time
async def test_an_invalid_token_is_renewed_after_a_refused_subscribe() -> None:
    auth = _auth_with_numbered_tokens(min_interval=0)
    async with _harness(auth) as harness:
        harness.server.refuse_next(Channel.META_SUBSCRIBE, "401::Authentication invalid", advice=_NONE)
        await harness.subscribe("/event/Good__e")
        assert (_handshakes(harness), auth.logins) == (2, 2)


@in_virtual_time
async def test_a_channel_that_refuses_every_token_is_given_up() -> None:
    async with _harness(Auth("static-token")) as harness:
        for _ in range(2):
            harness.server.refuse_next(Channel.META_SUBSCRIBE, "401::Authentication invalid", advice=_NONE)
        with pytest.raises(InvalidTokenError):
            await harness.subscribe("/event/Odd__e")
        assert harness.client.state in ("connected", "handshaken", "connecting")


@in_virtual_time
async def test_a_denial_without_reason_costs_one_login_then_ends_the_session() -> None:
    auth = _auth_with_numbered_tokens(min_interval=0)
    harness = _harness(auth)
    for _ in range(2):
        harness.server.refuse_next(Channel.META_HANDSHAKE, "403:denied_by_security_policy:create_denied", advice=_NONE)
    with pytest.raises(SessionEndedError) as caught:
        async with harness:
            pass
    assert isinstance(caught.value.__cause__, AccessError)
    assert auth.logins == 2


@in_virtual_time
async def test_a_cookie_error_costs_one_session_then_ends_the_client() -> None:
    async with _harness() as harness:
        wrong = "400::Authenticated user id does not match the session's user id"
        harness.server.refuse_next(Channel.META_CONNECT, wrong, advice=_NONE)
        await harness.clock.advance(5)
        assert (_handshakes(harness), harness.client.state) == (2, "connected")
        await harness.clock.advance(40)
        harness.server.refuse_next(Channel.META_CONNECT, wrong, advice=_NONE)
        await harness.clock.advance(5)
        assert _handshakes(harness) == 3
        harness.server.refuse_next(Channel.META_CONNECT, wrong, advice=_NONE)
        harness.server.refuse_next(Channel.META_CONNECT, wrong, advice=_NONE)
        await harness.clock.advance(5)
        with pytest.raises(SessionEndedError) as caught:
            await harness.client.wait_for("connected")
    assert isinstance(caught.value.__cause__, CookieError)


@in_virtual_time
async def test_a_wrong_address_ends_the_session_with_advice() -> None:
    for url, words in (
        (_ENDPOINT, "check the address"),
        ("salesforce://login", "the login host has no streaming endpoint"),
    ):
        harness = _harness(url=url)
        harness.server.fail(TransportError("HTTP 404 Not Found", status=404))
        with pytest.raises(SessionEndedError, match=words) as caught:
            async with harness:
                pass
        assert isinstance(caught.value.__cause__, SetupError)


@in_virtual_time
async def test_a_too_large_request_is_not_retried() -> None:
    async with _harness() as harness:
        harness.server.fail(TransportError("HTTP 413", status=413, body="Maximum Request Size Exceeded"), lost="reply")
        with pytest.raises(RequestTooLargeError):
            await harness.subscribe("/event/Large__e")
        assert len(harness.server.messages("/meta/subscribe")) == 1


@in_virtual_time
async def test_errors_of_other_servers_are_not_interpreted() -> None:
    async with _harness(url="https://example.com/cometd") as harness:
        harness.server.refuse_next(Channel.META_CONNECT, "403::Unknown client", advice=_AGAIN)
        await harness.clock.advance(5)
        assert harness.failures != []
        assert _kinds(harness) == []
