"""Bayeux by hand over plain HTTP: what a test needs that asks a server itself, without any client of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Wire",)


class Wire:
    """One session by long-polling, every request made by hand; a context manager.

    Args:
        url: the Bayeux URL.
    """

    def __init__(self, url: str) -> None:
        # Neither a proxy nor certificates: the servers are on this machine.
        self._http = httpx.Client(trust_env=False, verify=False, timeout=30)  # noqa: S501 - the servers are ours
        self._url = url
        self.client_id: str | None = None

    def send(self, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        """Posts messages, with the session's clientId, and returns what comes back."""
        session = {} if self.client_id is None else {"clientId": self.client_id}
        answer = self._http.post(self._url, json=[{**session, **message} for message in messages])
        answer.raise_for_status()
        replies: list[dict[str, Any]] = answer.json()
        return replies

    def handshake(self, **fields: Any) -> dict[str, Any]:
        """Begins a session; returns the reply."""
        self.client_id = None
        [reply] = self.send(
            {
                "channel": "/meta/handshake",
                "version": "1.0",
                "supportedConnectionTypes": ["long-polling"],
                **fields,
            }
        )
        self.client_id = reply.get("clientId")
        return reply

    def connect(self, timeout: int = 0, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Polls, for at most ``timeout`` milliseconds; returns the reply and the events."""
        request = {"channel": "/meta/connect", "connectionType": "long-polling", "advice": {"timeout": timeout}}
        received = self.send({**request, **fields})
        [reply] = [message for message in received if message["channel"] == "/meta/connect"]
        return reply, [message for message in received if message is not reply]

    def subscribe(self, channel: str) -> dict[str, Any]:
        """Subscribes; returns the reply."""
        [reply] = self.send({"channel": "/meta/subscribe", "subscription": channel})
        return reply

    def publish(self, channel: str, data: Any) -> dict[str, Any]:
        """Publishes; returns the reply."""
        [reply] = self.send({"channel": channel, "data": data, "id": "published"})
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
