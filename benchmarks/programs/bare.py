"""A receiver that counts bytes: what the server alone can send, and the least that Python pays for it.

    python -m benchmarks.programs.bare TASK

It decodes nothing and keeps no session alive for longer than a measurement. Where a client receives as many events a
second as this program, the server is the limit, not the client.
"""

from __future__ import annotations

import json
import socket
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from benchmarks.programs.recorder import EVENT, Recorder, wait_for_end
from benchmarks.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADERS: Final = {"Content-Type": "application/json"}
_UPGRADE: Final = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{cookie}\r\n"
)


class Poller:
    """A session by long-polling."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.host, self.path = parts.netloc, parts.path
        self._connection = HTTPConnection(parts.hostname, parts.port)
        self.cookie: str | None = None
        [reply] = json.loads(self.send({"channel": "/meta/handshake", "version": "1.0", **_types("long-polling")}))
        self.client_id: str = reply["clientId"]

    def send(self, message: dict[str, Any]) -> bytes:
        """The reply's body."""
        headers = {**_HEADERS, "Cookie": self.cookie} if self.cookie else _HEADERS
        self._connection.request("POST", self.path, json.dumps([message]), headers)
        answer = self._connection.getresponse()
        if cookie := answer.getheader("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        return answer.read()

    def ask(self, channel: str, **members: Any) -> bytes:
        """The same, with a message of the session."""
        return self.send({"channel": channel, "clientId": self.client_id, "id": "1", **members})

    def subscribe(self, channel: str) -> None:
        """Connect once, and subscribe."""
        self.ask("/meta/connect", connectionType="long-polling", advice={"timeout": 0})
        self.ask("/meta/subscribe", subscription=channel)

    def bodies(self) -> Iterator[bytes]:
        """What each poll brings."""
        while True:
            yield self.ask("/meta/connect", connectionType="long-polling")


def _types(*names: str) -> dict[str, Any]:
    return {"supportedConnectionTypes": list(names), "id": "1"}


def chunks(poller: Poller) -> Iterator[bytes]:
    """What arrives on a WebSocket of the same session, as it arrives."""
    with socket.create_connection(tuple(poller.host.rsplit(":", 1))) as opened:  # type: ignore[arg-type]
        cookie = f"Cookie: {poller.cookie}\r\n" if poller.cookie else ""
        opened.sendall(_UPGRADE.format(path=poller.path, host=poller.host, cookie=cookie).encode())
        opened.recv(65536)
        while True:
            opened.sendall(_frame(poller.client_id))
            tail = b""
            while b"/meta/connect" not in tail:
                received = opened.recv(1 << 18)
                tail = tail[-32:] + received
                yield received


def _frame(client_id: str) -> bytes:
    message = {"channel": "/meta/connect", "clientId": client_id, "connectionType": "websocket", "id": "2"}
    text = json.dumps([message]).encode()
    # Masked with zeros, which leaves the text as it is.
    return b"\x81" + bytes([0xFE]) + len(text).to_bytes(2, "big") + bytes(4) + text


def run(task: Task) -> None:
    """Receive the events of a task."""
    poller = Poller(task.url)
    poller.subscribe(f"{task.channel}/*" if task.kind == "fan" else task.channel)
    recorder = Recorder(task.count, task.warmup)
    recorder.subscribed()
    rest = b""
    for received in poller.bodies() if task.transport == "long-polling" else chunks(poller):
        text = rest + received
        recorder.received_in(text)
        if recorder.done:
            break
        # The mark may be cut in two; what is kept is too short to have a whole one.
        rest = text[1 - len(EVENT) :]
    wait_for_end()


if __name__ == "__main__":
    run(msgspec.json.decode(sys.argv[1], type=Task))
