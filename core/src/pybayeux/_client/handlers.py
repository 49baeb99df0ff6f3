"""Handlers: functions that receive the events of a subscription."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..errors import BayeuxError, ReceiverError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..message import Message
    from ..subscription import Subscription

__all__ = ("ErrorPolicy", "Handler", "run_handler")

ErrorPolicy: TypeAlias = Literal["raise", "skip", "retry"]
Handler: TypeAlias = "Callable[[Message], Any | Awaitable[Any]]"


async def run_handler(
    subscription: Subscription,
    handler: Handler,
    policy: ErrorPolicy,
    report: Callable[[BayeuxError], None],
    pause: Callable[[int], Awaitable[None]],
) -> None:
    """Call `handler`, sync or async, with each event in order until the subscription ends.

    A handler that raises is reported. ``raise`` ends the subscription with the event unhandled, ``skip`` lets the
    event pass for handled, ``retry`` gives it the same event again after `pause`, which is told how often it failed.
    An event that does not fit the subscription's type is reported too, and only ``skip`` goes on after it.
    """
    async with subscription:
        while (event := await _next(subscription, policy, report)) is not None:
            failures = 0
            while not await _handled(event, handler, policy, report):
                failures += 1
                await pause(failures)


async def _next(
    subscription: Subscription, policy: ErrorPolicy, report: Callable[[BayeuxError], None]
) -> Message | None:
    while True:
        try:
            return await anext(subscription, None)
        except ReceiverError as error:
            report(error)
            if policy != "skip":
                raise


async def _handled(
    event: Message, handler: Handler, policy: ErrorPolicy, report: Callable[[BayeuxError], None]
) -> bool:
    try:
        result = handler(event)
        if inspect.isawaitable(result):
            await result
    except Exception as error:
        failed = ReceiverError(event.channel, error)
        report(failed)
        if policy == "raise":
            raise failed from error
        return policy == "skip"
    return True
