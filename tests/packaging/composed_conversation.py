"""Helper: a conversation of two clients with every extension that is installed, overheard by one with none.

Run in an environment of its own: ``python composed_conversation.py URL CHANNEL KEY``. It prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from pybayeux import AsyncClient, Channel, hookimpl

if TYPE_CHECKING:
    from pybayeux import Message, Subscription


class Witness:
    """Notes what the installed extensions say in the handshake."""

    def __init__(self) -> None:
        self.ext: list[str] = []

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_HANDSHAKE:
            self.ext = sorted(message.ext or {})


async def _two(events: Subscription) -> list[Message]:
    return [await anext(events) for _ in range(2)]


async def _conversation(url: str, channel: str, key: str) -> dict[str, Any]:
    options = {"auth": {"token": "secret", "ext": "com.example.token"}, "encrypt": {"key": key}}
    texts = [{"from": name, "text": "the same again, " * 500} for name in ("alice", "bob")]
    witness = Witness()
    async with (
        AsyncClient(url, options=options, extensions=[witness]) as alice,
        AsyncClient(url, options=options) as bob,
        AsyncClient(url, discover=False) as observer,
        alice.subscribe(channel) as to_alice,
        bob.subscribe(channel) as to_bob,
        observer.subscribe(channel) as overheard,
    ):
        await alice.publish(channel, texts[0])
        await bob.publish(channel, texts[1])
        received = [await _two(to_alice), await _two(to_bob)]
        wire = await _two(overheard)
    return {
        "said": sorted(witness.ext),
        "sent": texts,
        "received": [[event.data for event in events] for events in received],
        "left over": [event.ext for events in received for event in events],
        "wire": [event.data for event in wire],
        "marks": [sorted(event.ext or {}) for event in wire],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_conversation(*sys.argv[1:]))))  # noqa: T201
