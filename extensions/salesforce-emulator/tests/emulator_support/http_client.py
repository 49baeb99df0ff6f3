"""Helper: a client of a running org over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from typing import Self

    from pybayeux_salesforce_emulator import SalesforceEmulator

__all__ = ("HttpClient",)


class HttpClient:
    """Sends messages. `join` creates its session."""

    def __init__(self, org: SalesforceEmulator, **headers: str) -> None:
        self.org = org
        self.http = httpx.AsyncClient(headers=headers or {"Authorization": f"Bearer {org.issue_token()}"}, timeout=10)
        self.client_id = ""

    async def post(self, *messages: dict[str, Any], **request: Any) -> httpx.Response:
        return await self.http.post(request.pop("url", self.org.endpoint), json=list(messages), **request)

    async def handshake(self, **members: Any) -> httpx.Response:
        asked = {"version": "1.0", "supportedConnectionTypes": ["long-polling"], **members}
        response = await self.post({"channel": "/meta/handshake", **asked})
        self.client_id = response.json()[0].get("clientId", self.client_id)
        return response

    async def ask(self, channel: str, **members: Any) -> httpx.Response:
        return await self.post({"channel": channel, "clientId": self.client_id, **members})

    async def connect(self, **members: Any) -> httpx.Response:
        return await self.ask("/meta/connect", connectionType="long-polling", **members)

    async def subscribe(self, channel: str, since: int | None = None) -> httpx.Response:
        ext = {} if since is None else {"ext": {"replay": {channel: since}}}
        return await self.ask("/meta/subscribe", subscription=channel, **ext)

    async def join(self, *channels: str, since: int | None = None) -> Self:
        """Handshakes, connects once and subscribes, then clears the record."""
        await self.handshake()
        await self.connect()
        for channel in channels:
            await self.subscribe(channel, since)
        self.org.recorder.clear()
        return self

    async def numbers(self) -> list[Any]:
        """The numbers of the events in the reply to a connect."""
        messages = (await self.connect()).json()
        return [message["data"]["payload"]["Number__c"] for message in messages if "data" in message]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
