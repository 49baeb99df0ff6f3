"""Helpers: an emulated org, a client for it, and a recorder of what happens to the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pybayeux_salesforce as salesforce
from pybayeux import Backoff, hookimpl
from pybayeux_auth import ClientCredentialsFlow
from pybayeux_salesforce_emulator import SalesforceEmulator
from pybayeux_salesforce_emulator.oracles import (
    every_event_is_handled,
    nothing_is_handled_twice,
    violations,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from pybayeux import AsyncClient, BayeuxError, ConnectionState, Message
    from pybayeux_auth import Grant
    from pybayeux_salesforce import Limit

__all__ = (
    "ORDERS",
    "ClientRecorder",
    "client_of",
    "flow_of",
    "in_org",
    "lost_or_repeated",
    "problems",
    "publish",
    "with_org",
)

ORDERS: Final = "/event/Order__e"
_LIMIT: Final = 40.0


class ClientRecorder:
    """An extension that records a client's errors, states, logins, subscriptions and limits, and the events handled."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []
        self.states: list[ConnectionState] = []
        self.grants: list[Grant] = []
        self.granted: list[str] = []
        self.handled: list[tuple[str, int]] = []
        self.limits: list[tuple[list[str], list[str]]] = []
        self._changed = asyncio.Event()

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)
        self._changed.set()

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        self.states.append(new)
        self._changed.set()

    @hookimpl(optionalhook=True)
    def authenticated(self, grant: Grant) -> None:
        self.grants.append(grant)
        self._changed.set()

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/meta/subscribe" and message.successful:
            self.granted.append(str(message.subscription))
            self._changed.set()

    @hookimpl(optionalhook=True)
    def limits_read(self, limits: Sequence[Limit], near: Sequence[Limit]) -> None:
        self.limits.append(([each.name for each in limits], [each.name for each in near]))
        self._changed.set()

    def handle(self, event: Message) -> None:
        """Record an event as handled."""
        self.handled.append((event.channel, event.data["event"]["replayId"]))
        self._changed.set()

    def of(self, kind: type[BayeuxError]) -> list[BayeuxError]:
        """Return the errors of a class."""
        return [error for error in self.errors if isinstance(error, kind)]

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when the condition holds."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


def flow_of(org: SalesforceEmulator) -> ClientCredentialsFlow:
    """Return a login flow for an org."""
    credentials = org.credentials
    return ClientCredentialsFlow(
        login_url=org.url, client_id=credentials.client_id, client_secret=credentials.client_secret
    )


def client_of(org: SalesforceEmulator, recorder: object, **arguments: Any) -> AsyncClient:
    """Return a client that logs in, starts at the earliest event, waits briefly after failures, and reads no limits."""
    options = {
        "salesforce": {"busy_wait": (0.2, 0.4), "quota_wait": (0.2, 0.4), "limits_interval": 0},
        "auth": {"min_interval": 0.0},
        **arguments.pop("options", {}),
    }
    given = {
        "login": flow_of(org),
        "store": "memory",
        "since": "earliest",
        "discover": False,
        "backoff": Backoff(increment=0.02, maximum=0.1),
        **arguments,
    }
    return salesforce.client(given.pop("address", org.url), extensions=[recorder], options=options, **given)


async def publish(org: SalesforceEmulator, *numbers: int, channel: str = ORDERS) -> None:
    """Publish an order for each number."""
    for number in numbers:
        await org.publish(channel, {"Number__c": number})


def lost_or_repeated(org: SalesforceEmulator, handled: Iterable[tuple[str, int]], *channels: str) -> list[str]:
    """Describe the events that were lost, handled twice or out of order."""
    mine = list(handled)
    published = {channel: org.published[channel] for channel in channels or (ORDERS,)}
    return [*every_event_is_handled(published, mine), *nothing_is_handled_twice(mine)]


def problems(org: SalesforceEmulator, handled: Iterable[tuple[str, int]], *channels: str) -> list[str]:
    """Describe lost and repeated events, and requests that violate a rule of the protocol."""
    rules = [f"{rule}: {each}" for rule, found in violations(org.requests).items() for each in found]
    return [*lost_or_repeated(org, handled, *channels), *rules]


def with_org(
    scenario: Callable[[SalesforceEmulator, ClientRecorder], Coroutine[Any, Any, None]],
    *channels: str,
    **options: Any,
) -> None:
    """Run a scenario with an org that has these channels."""

    async def run() -> None:
        async with SalesforceEmulator(seed=7, control=False, **options) as org:
            for channel in channels or (ORDERS,):
                org.define(channel)
            await scenario(org, ClientRecorder())

    asyncio.run(asyncio.wait_for(run(), _LIMIT))


def in_org(
    *channels: str, **options: Any
) -> Callable[[Callable[[SalesforceEmulator, ClientRecorder], Coroutine[Any, Any, None]]], Callable[[], None]]:
    """Turn a scenario into a test with an org that has these channels."""

    def decorate(
        scenario: Callable[[SalesforceEmulator, ClientRecorder], Coroutine[Any, Any, None]],
    ) -> Callable[[], None]:
        def test() -> None:
            with_org(scenario, *channels, **options)

        test.__name__, test.__doc__ = scenario.__name__, scenario.__doc__
        return test

    return decorate
