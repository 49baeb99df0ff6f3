"""The stream of orders: what each order is, and how they are published.

Owns the channel and the rate. It does not know who listens, and goes on while the server is stopped.
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
    """Orders without end. A seed determines them."""
    rng = Random(seed)
    return (Order(number, rng.choice(_ITEMS), rng.randint(1, 9)) for number in count(1))


async def publish_orders(server: DevServer, stream: Iterator[Order], *, rate: float, tally: Tally) -> None:
    """Publish the orders one after the other.

    Args:
        server: The server. It logs orders even while it does not listen.
        stream: The orders.
        rate: Orders a second.
        tally: Counts each of them.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    for order in stream:
        tally.publish(order.number)
        await server.publish(CHANNEL, order)
        await asyncio.sleep(began + order.number / rate - clock())
