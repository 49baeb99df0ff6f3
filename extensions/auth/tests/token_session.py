"""The extension in a session without a client, and tokens with numbers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from pybayeux import ConnectionState, Message, TransportRequest, errors

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from pybayeux_auth import Auth, Grant


URL = "https://example.com/cometd"


@dataclass
class FakeHook:
    """The hook `authenticated`, with an implementation that may move the client."""

    client: FakeClient
    grants: list[Grant] = field(default_factory=list)
    moves_to: str | None = None

    async def acall(self, grant: Grant, client: AsyncClient) -> None:
        assert client is self.client.as_client
        self.grants.append(grant)
        if self.moves_to is not None:
            self.client.url = self.moves_to


@dataclass
class FakeClient:
    url: str = URL
    state: ConnectionState = ConnectionState.CONNECTED
    reasons: list[str] = field(default_factory=list)
    authenticated: FakeHook | None = None
    recovers: bool = True

    def hook(self, name: str) -> FakeHook:
        if self.authenticated is None:
            raise errors.UsageError("no installed package brings it")
        assert name == "authenticated"
        return self.authenticated

    def rehandshake(self, reason: str) -> None:
        self.reasons.append(reason)

    @property
    def as_client(self) -> AsyncClient:
        return cast("AsyncClient", self)


def made_request(url: str = URL, **headers: str) -> TransportRequest:
    return TransportRequest(url, headers, "long-polling")


class Session:
    """An extension at work: sends messages through it and answers them."""

    def __init__(self, auth: Auth, client: FakeClient | None = None) -> None:
        self.auth = auth
        self.client = client or FakeClient()
        self._ids = count(1)
        auth.registered(self.client.as_client)

    def send(self, channel: str, subscription: str | None = None, ext: dict[str, Any] | None = None) -> Message:
        message = Message(channel=channel, subscription=subscription, ext=ext, id=str(next(self._ids)))
        asyncio.run(self.auth.outgoing(message, self.client.as_client))
        return message

    def answer(self, request: Message, error: str | None = None) -> bool:
        """Answer a request; whether that began a session anew."""
        before = len(self.client.reasons)
        reply = Message(
            channel=request.channel,
            subscription=request.subscription,
            id=request.id,
            successful=error is None,
            error=error,
        )
        self.auth.incoming(reply, self.client.as_client)
        return len(self.client.reasons) > before

    def refused(self, channel: str, subscription: str | None = None) -> bool:
        return self.answer(self.send(channel, subscription), "401::Authentication invalid")

    def accepted(self, channel: str, subscription: str | None = None) -> bool:
        return self.answer(self.send(channel, subscription))

    def header(self, url: str = URL) -> str | None:
        request = made_request(url)
        asyncio.run(self.auth.request(request, self.client.as_client))
        return request.headers.get("Authorization")
