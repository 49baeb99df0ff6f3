"""The control path of a test server: what happens on the server's side, without a Bayeux client.

Speaks plain HTTP beside the Bayeux path; answers come when the thing is done.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("Control", "ControlError", "ServerSession", "held")

_TIMEOUT: Final = 30.0
_PAUSE: Final = 0.005


class ControlError(Exception):
    """The server does not offer this operation, or failed at it."""


@dataclass(frozen=True, slots=True)
class ServerSession:
    """A session as its server sees it.

    Attributes:
        id: its clientId.
        subscriptions: its channels, sorted.
        held: whether the server holds a ``/meta/connect`` of it (with Faye over WebSocket: whether it is connected).
    """

    id: str
    subscriptions: tuple[str, ...]
    held: bool


class Control:
    """Drives the server that listens on ``port``.

    Blocks for the milliseconds that a call takes, also within a running event loop.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def publish(
        self,
        channel: str,
        count: int = 1,
        *,
        size: int = 10,
        start: int = 0,
        rate: float | None = None,
        spread: int = 0,
        members: Mapping[str, Any] | None = None,
        replay: bool = False,
    ) -> None:
        """Publishes numbered events from the server's side: ``{"seq": n, "t": epoch_ns, "payload": "xxx"}``.

        Args:
            channel: where to.
            count: how many.
            size: the length of ``payload`` in characters.
            start: the first ``seq``.
            rate: events per second, emitted after the return; None for all at once, before it.
            spread: in how many channels below `channel` the events are, in turn; 0 for `channel` itself.
            members: further members of the data of each event.
            replay: whether each event has a replay id, as Salesforce's have: ``{"event": {"replayId": seq + 1}}``.
        """
        query = {"channel": channel, "count": count, "size": size, "start": start, "rate": rate or 0, "spread": spread}
        body = None if members is None else json.dumps(members).encode()
        self._call("POST", "publish", query | ({"replay": "true"} if replay else {}), body)

    def send(self, channel: str, data: Any) -> None:
        """Publishes one event with ``data`` from the server's side."""
        self._call("POST", "send", {"channel": channel}, json.dumps(data).encode())

    def sessions(self) -> list[ServerSession]:
        """The sessions that the server knows at present."""
        found = self._call("GET", "sessions", {})
        return [ServerSession(session["id"], tuple(session["subscriptions"]), session["held"]) for session in found]

    def wait(self, condition: Callable[[list[ServerSession]], bool], timeout: float = 10) -> None:
        """Asks for the sessions until they fulfil a condition, such as `held`.

        Args:
            condition: what is waited for.
            timeout: seconds until that counts as failed.

        Raises:
            ControlError: it did not come true in time.
        """
        deadline = monotonic() + timeout
        while not condition(sessions := self.sessions()):
            if monotonic() > deadline:
                raise ControlError(f"after {timeout:g} s the sessions are {sessions}")
            sleep(_PAUSE)

    def drop(self, session: str | None = None) -> int:
        """Removes one session, or all, without telling its client; returns how many."""
        return int(self._call("POST", "drop", _which(session))["sessions"])

    def disconnect(self, session: str | None = None) -> int:
        """Removes one session, or all, with a ``/meta/disconnect`` to its client (CometD only); returns how many.

        Raises:
            ControlError: the server has no such thing.
        """
        return int(self._call("POST", "disconnect", _which(session))["sessions"])

    def _call(self, method: str, operation: str, query: Mapping[str, object], body: bytes | None = None) -> Any:
        target = f"/control/{operation}?{urlencode(query)}"
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)) as connection:
            connection.request(method, target, body)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise ControlError(f"{method} {target}: {answer.status} {answer.reason}")
        return json.loads(content)


def held(sessions: list[ServerSession]) -> bool:
    """Whether there are sessions and the server holds a poll of each: what comes now is sent at once."""
    return bool(sessions) and all(session.held for session in sessions)


def _which(session: str | None) -> dict[str, str]:
    return {} if session is None else {"session": session}
