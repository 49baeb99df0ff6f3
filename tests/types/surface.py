"""What the public types say to mypy and pyright. Never run: both check it, and a wrong use has to be an error.

A line with ``type: ignore`` is a wrong use. Both checkers report an ignore that nothing needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, assert_type

import pydantic

from pybayeux import AsyncClient, AsyncSubscription, Client, Message, Subscription, SyncSubscription


@dataclass
class Order:
    number: int


@dataclass
class Refund:
    order: Order


class Model(pydantic.BaseModel):
    number: int


# -- what a subscription brings


async def events_in_a_loop(client: AsyncClient) -> None:
    async with client.subscribe("/orders", type=Order) as events:
        assert_type(events, Subscription[Order])
        async for event in events:
            assert_type(event, Message[Order])
            assert_type(event.data, Order)
            _ = event.data.price  # type: ignore[attr-defined]
        assert_type(await anext(events), Message[Order])
    assert_type(await client.subscribe("/orders", type=Order), AsyncSubscription[Order])


def events_without_await(client: Client) -> None:
    with client.subscribe("/orders", type=Order) as events:
        assert_type(events, SyncSubscription[Order])
        for event in events:
            assert_type(event.data, Order)
            _ = event.data.price  # type: ignore[attr-defined]


async def events_without_a_type(client: AsyncClient) -> None:
    async for event in await client.subscribe("/orders"):
        assert_type(event, Message[Any])
        assert_type(event.data, Any)


async def what_type_takes(client: AsyncClient) -> None:
    assert_type(await client.subscribe("/orders", type=Model), Subscription[Model])
    assert_type(await client.subscribe("/orders", type=list[Order]), Subscription[list[Order]])
    assert_type(await client.subscribe("/orders", type=dict[str, int]), Subscription[dict[str, int]])
    assert_type(await client.subscribe("/orders", type=pydantic.TypeAdapter(list[Model])), Subscription[list[Model]])
    assert_type(await client.subscribe("/orders", type=Order | None), Subscription[Order | None])
    assert_type(await client.subscribe("/orders", type=Literal["a", "b"]), Subscription[Literal["a", "b"]])
    await client.subscribe("/orders", type=3)  # type: ignore[call-overload]


# -- handlers


def handle_order(event: Message[Order]) -> None:
    assert_type(event.data, Order)


async def handle_refund(event: Message[Refund]) -> None:
    assert_type(event.data.order, Order)


def handle_any(event: Message) -> None:
    assert_type(event.data, Any)


async def handlers(client: AsyncClient) -> None:
    await client.subscribe("/orders", handle_order, type=Order)
    await client.subscribe("/refunds", handle_refund, type=Refund)
    await client.subscribe("/orders", handle_any, type=Order)
    await client.subscribe("/orders", handle_order)
    await client.subscribe("/orders", lambda event: event.data.number, type=Order)
    await client.subscribe("/orders", handle_refund, type=Order)  # type: ignore[arg-type]
    await client.subscribe("/orders", lambda event: event.data.price, type=Order)  # type: ignore[attr-defined]


def handlers_without_await(client: Client) -> None:
    client.subscribe("/orders", handle_order, type=Order)
    client.subscribe("/orders", handle_refund, type=Order)  # type: ignore[arg-type]


# -- messages


def any_message_is_a_message(message: Message[Order]) -> Message:
    return message


def a_message_can_be_changed(message: Message) -> None:
    message.data = {"number": 1}
    message.get_ext(create=True)["token"] = "secret"
    assert_type(message.get_ext(create=True), dict[str, Any])
    assert_type(message.get_ext(), dict[str, Any] | None)
    message.get_ext()["token"] = "secret"  # type: ignore[index]


# -- arguments


def arguments() -> None:
    AsyncClient("http://127.0.0.1/cometd", queue_size=5)
    AsyncClient("http://127.0.0.1/cometd", nonsense=1)  # type: ignore[call-arg]
    Client("http://127.0.0.1/cometd", queue_size=5, overflow="raise", discover=["ack"])
    Client("http://127.0.0.1/cometd", nonsense=1)  # type: ignore[call-arg]
    Client("http://127.0.0.1/cometd", overflow="panic")  # type: ignore[arg-type]
    Client()  # type: ignore[call-arg]
