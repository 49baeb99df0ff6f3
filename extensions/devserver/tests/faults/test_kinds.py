from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver.faults.kinds import Delay, DropConnection, NeverAnswer, Replace, Truncate
from pybayeux_devserver.listener import Sockets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_devserver.faults.kinds import Fault


class RecordingWebSocket:
    """A WebSocket that records the calls."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    def send(self, texts: Sequence[str]) -> None:
        self.calls.append(list(texts))

    def send_half(self, texts: Sequence[str]) -> None:
        self.calls.append(("half", list(texts)))

    def cut(self) -> None:
        self.calls.append("cut")

    def close(self, code: int, reason: str = "") -> None:
        self.calls.append((code, reason))


async def _calls(fault: Fault) -> list[object]:
    websocket = RecordingWebSocket()
    await fault.frames(["a", "b"], websocket)
    return websocket.calls


@in_loop
async def test_effect_on_frames() -> None:
    sockets, waited = Sockets(), []

    async def wait() -> None:
        waited.append("yes")

    assert await _calls(DropConnection(sockets)) == ["cut"]
    assert await _calls(Truncate(sockets)) == [("half", ["a", "b"])]
    assert await _calls(Delay(wait)) == [["a", "b"]]
    assert waited == ["yes"]
    assert await _calls(Replace(200, "<html>")) == [["<html>"]]
    assert await _calls(Replace(503, b"Unavailable")) == [(1013, "Unavailable")]
    assert await _calls(NeverAnswer()) == []


def test_status_for_the_record() -> None:
    sockets = Sockets()
    assert Replace(503).status == 503
    assert {fault.status for fault in (DropConnection(sockets), Truncate(sockets), NeverAnswer())} == {None}
