"""The stream of orders: what each of them is, and how they are published.

Owns the channel and the pace. Knows nothing of who listens, and does not stop for a server that nobody can reach.
"""

from __future__ import annotations

import asyncio
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .. import DevServer
    from .tally import Tally

__all__ = ("CHANNEL", "Order", "orders", "publish_orders")

CHANNEL: Final = "/orders"
_ITEMS: Final = ("coffee", "milk", "sugar", "tea")


class Order(msgspec.Struct):
    """The data of one event."""

    number: int
    """Counts from 1."""
    item: str
    quantity: int


def orders(seed: int) -> Iterator[Order]:
    """Orders without end; the same ones for the same seed."""
    chance = Random(seed)
    return (Order(number, chance.choice(_ITEMS), chance.randint(1, 9)) for number in count(1))


async def publish_orders(server: DevServer, stream: Iterator[Order], *, rate: float, tally: Tally) -> None:
    """Publish one after the other.

    Args:
        server: Keeps them in its log, also while its address is closed.
        stream: The orders.
        rate: How many a second.
        tally: Counts each of them.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    for order in stream:
        tally.publish(order.number)
        await server.publish(CHANNEL, order)
        await asyncio.sleep(began + order.number / rate - clock())
