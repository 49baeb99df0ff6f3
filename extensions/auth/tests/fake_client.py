"""A fake client and a session of the extension with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from pybayeux import ConnectionState, Message, TransportRequest, errors

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from pybayeux_auth import Auth, Grant

__all__ = ("URL", "FakeClient", "FakeHook", "Session", "make_request")

URL = "https://example.com/cometd"


@dataclass
class FakeHook:
    """The hook `authenticated`, with an implementation that can move the client."""

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
    """What the extension uses of a client; `reasons` has the reason of each new session."""

    url: str = URL
    state: ConnectionState = ConnectionState.CONNECTED
    reasons: list[str] = field(default_factory=list)
    authenticated: FakeHook | None = None
    recovers: bool = True
    http: Any = None

    def hook(self, name: str) -> FakeHook:
        if self.authenticated is None:
            raise errors.UsageError("no such hook")
        assert name == "authenticated"
        return self.authenticated

    def rehandshake(self, reason: str) -> None:
        self.reasons.append(reason)

    @property
    def as_client(self) -> AsyncClient:
        return cast("AsyncClient", self)


def make_request(url: str = URL, **headers: str) -> TransportRequest:
    """Return a request as a transport passes it to the hook `request`."""
    return TransportRequest(url, headers, "long-polling")


class Session:
    """A session of the extension: sends messages through it and replies to them."""

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
        """Reply to a request. Returns whether the extension started a new session."""
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
        """Send a message whose reply refuses the token. Returns whether the extension started a new session."""
        return self.answer(self.send(channel, subscription), "401::Authentication invalid")

    def accepted(self, channel: str, subscription: str | None = None) -> bool:
        """Send a message whose reply is successful. Returns whether the extension started a new session."""
        return self.answer(self.send(channel, subscription))

    def header(self, url: str = URL) -> str | None:
        """Return the header that a request to a URL gets."""
        request = make_request(url)
        asyncio.run(self.auth.request(request, self.client.as_client))
        return request.headers.get("Authorization")
