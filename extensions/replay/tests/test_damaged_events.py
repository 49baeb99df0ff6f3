"""An event of which something is no JSON: it is handled like any other, and the position moves over it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import AsyncClient, hookimpl
from pybayeux.errors import BayeuxError, MessageDecodeError
from pybayeux_replay import MemoryStore, Replay

if TYPE_CHECKING:
    from pybayeux import Message

DAMAGED = [b'"cut \\ud83d"', b"NaN", b'"a\nb"', b"[" * 5000 + b"]" * 5000]


class Journal:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.failures: list[BayeuxError] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.failures.append(error)


class Server:
    """Sends three events once, the second of them damaged; counts the places that are asked for."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._has_sent = False
        self.asked: list[Any] = []

    async def __call__(self, messages: list[Message]) -> bytes:
        out: list[bytes] = []
        for message in messages:
            reply: dict[str, Any] = {"channel": message.channel, "id": message.id, "successful": True}
            if message.channel == "/meta/handshake":
                reply |= {"clientId": "c", "version": "1.0", "supportedConnectionTypes": ["memory"]}
                reply |= {"ext": {"replay": True}, "advice": {"reconnect": "retry", "timeout": 30_000}}
            elif message.channel == "/meta/subscribe":
                reply["subscription"] = message.subscription
                self.asked.append((message.ext or {})["replay"])
            elif message.channel == "/meta/connect" and self.asked:
                if self._has_sent:
                    await asyncio.sleep(30)
                else:
                    out += [self._event(1, b"1"), self._event(2, self._value), self._event(3, b"3")]
                    self._has_sent = True
            out.append(json.dumps(reply).encode())
        return b"[%b]" % b",".join(out)

    def _event(self, place: int, value: bytes) -> bytes:
        return b'{"channel":"/x","data":{"value":%b,"event":{"replayId":%d}}}' % (value, place)


@pytest.mark.parametrize("value", DAMAGED, ids=lambda value: ascii(value[:9]))
@in_virtual_time
async def test_the_others_arrive_and_the_position_moves(value: bytes) -> None:
    server, store, journal, seen = Server(value), MemoryStore(), Journal(), list[object]()
    client = AsyncClient(
        "http://bayeux.test/",
        discover=False,
        extensions=[Replay(store), journal],
        transports=["memory"],
        transport_options={"memory": {"server": server}},
    )
    async with client, client.subscribe("/x") as events:
        async for event in events:
            try:
                seen.append(event.data["value"])
            except MessageDecodeError:
                seen.append(event.raw_members()["value"])
            if len(seen) == 3:
                break
    assert seen == [1, value, 3]
    (position,) = store.items("default").values()
    assert position.replay_id == 3
    assert len(server.asked) == 1
    assert [type(error) for error in journal.failures] == [MessageDecodeError]
