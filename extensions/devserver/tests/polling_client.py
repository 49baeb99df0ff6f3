"""Helper: a client of a running server over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from pybayeux_devserver import DevServer

__all__ = ("PollingClient",)


class PollingClient:
    """Sends messages by long-polling. `join` creates its session."""

    def __init__(self, server: DevServer, **headers: str) -> None:
        self.server = server
        self.http = httpx.AsyncClient(headers=headers, timeout=10)
        self.client_id = ""

    async def post(self, *messages: dict[str, Any], **request: Any) -> httpx.Response:
        return await self.http.post(self.server.url, json=list(messages), **request)

    async def handshake(self, **members: Any) -> httpx.Response:
        asked = {"version": "1.0", "supportedConnectionTypes": ["long-polling"], **members}
        response = await self.post({"channel": "/meta/handshake", **asked})
        if response.status_code == 200:
            self.client_id = response.json()[0].get("clientId", "")
        return response

    async def ask(self, channel: str, **members: Any) -> httpx.Response:
        return await self.post({"channel": channel, "clientId": self.client_id, **members})

    async def connect(self, **members: Any) -> httpx.Response:
        return await self.ask("/meta/connect", connectionType="long-polling", **members)

    async def join(self, *channels: str, ext: dict[str, Any] | None = None) -> Self:
        """Handshakes, connects once and subscribes, then clears the record."""
        await self.handshake(ext=ext)
        await self.connect()
        if channels:
            await self.ask("/meta/subscribe", subscription=list(channels))
        self.server.recorder.clear()
        return self

    async def events(self, **members: Any) -> list[Any]:
        """The data of the events in the reply to a connect."""
        return [message["data"] for message in (await self.connect(**members)).json() if "data" in message]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
