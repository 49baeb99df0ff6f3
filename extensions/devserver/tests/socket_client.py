"""Helper: a client of a running server over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from pybayeux_devserver import DevServer

__all__ = ("SocketClient",)

Json = dict[str, Any]


class SocketClient:
    """Sends and receives frames. `join` creates its session.

    Args:
        server: The server.
        client_id: A session that was created over another connection.
        headers: Headers of the upgrade.
        options: Further arguments of `websockets`.
    """

    def __init__(
        self, server: DevServer, client_id: str = "", headers: dict[str, str] | None = None, **options: Any
    ) -> None:
        self.server = server
        self.client_id = client_id
        url = server.url.replace("http", "ws", 1)
        self._opening = connect(url, additional_headers=headers, proxy=None, compression=None, **options)
        self.socket: ClientConnection

    async def send(self, *messages: Json) -> None:
        """Sends one frame."""
        await self.socket.send(json.dumps(messages))

    async def frame(self) -> list[Json]:
        """The messages of the next frame."""
        async with asyncio.timeout(10):
            messages: list[Json] = json.loads(await self.socket.recv())
        return messages

    async def message(self) -> Json:
        """The only message of the next frame."""
        [message] = await self.frame()
        return message

    async def ask(self, channel: str, **members: Any) -> Json:
        """Sends one message of the session and returns the next message."""
        await self.send(self.about(channel, **members))
        return await self.message()

    def about(self, channel: str, **members: Any) -> Json:
        return {"channel": channel, "clientId": self.client_id, **members}

    def connect_message(self, **members: Any) -> Json:
        return self.about("/meta/connect", connectionType="websocket", **members)

    async def handshake(self, **members: Any) -> Json:
        asked = {"version": "1.0", "supportedConnectionTypes": ["websocket"], **members}
        await self.send({"channel": "/meta/handshake", **asked})
        reply = await self.message()
        self.client_id = reply.get("clientId", "")
        return reply

    async def hold(self, **members: Any) -> None:
        """Sends a connect and waits until the server has received it."""
        count = len(self.server.recorder.messages("/meta/connect"))
        await self.send(self.connect_message(**members))
        await self.server.recorder.received("/meta/connect", count + 1)

    async def join(self, *channels: str, ext: Json | None = None) -> Self:
        """Handshakes, connects once and subscribes, then clears the record."""
        await self.handshake(ext=ext)
        await self.ask("/meta/connect", connectionType="websocket")
        if channels:
            await self.ask("/meta/subscribe", subscription=list(channels))
        self.server.recorder.clear()
        return self

    async def closed(self) -> int | None:
        """The close code of the server, or None if it cuts the connection. Frames before it are ignored."""
        try:
            async with asyncio.timeout(10):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as end:
            return None if end.rcvd is None else end.rcvd.code

    async def __aenter__(self) -> Self:
        self.socket = await self._opening.__aenter__()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self._opening.__aexit__(*exception)
