from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver.faults.kinds import Delay, DropConnection, NeverAnswer, Replace, Truncate
from pybayeux_devserver.listener import Sockets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_devserver.faults.kinds import Fault


class Paper:
    """A websocket that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def send(self, texts: Sequence[str]) -> None:
        self.told.append(list(texts))

    def send_half(self, texts: Sequence[str]) -> None:
        self.told.append(("half", list(texts)))

    def cut(self) -> None:
        self.told.append("cut")

    def close(self, code: int, reason: str = "") -> None:
        self.told.append((code, reason))


async def _told(fault: Fault) -> list[object]:
    paper = Paper()
    await fault.frames(["a", "b"], paper)
    return paper.told


@in_loop
async def test_effect_on_frames() -> None:
    sockets, waited = Sockets(), []

    async def wait() -> None:
        waited.append("yes")

    assert await _told(DropConnection(sockets)) == ["cut"]
    assert await _told(Truncate(sockets)) == [("half", ["a", "b"])]
    assert await _told(Delay(wait)) == [["a", "b"]]
    assert waited == ["yes"]
    assert await _told(Replace(200, "<html>")) == [["<html>"]]
    assert await _told(Replace(503, b"Unavailable")) == [(1013, "Unavailable")]
    assert await _told(NeverAnswer()) == []


def test_status_for_the_record() -> None:
    sockets = Sockets()
    assert Replace(503).status == 503
    assert {fault.status for fault in (DropConnection(sockets), Truncate(sockets), NeverAnswer())} == {None}
