from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.devserver.tests.conversation import in_loop
from pybayeux_devserver.listener import Sockets
from pybayeux_devserver.mishaps import Half, Instead, Late, Lost, Never

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux_devserver.mishaps import Mishap


class Paper:
    """A line that writes down what it is told."""

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


async def _told(mishap: Mishap) -> list[object]:
    paper = Paper()
    await mishap.frames(["a", "b"], paper)
    return paper.told


@in_loop
async def test_what_becomes_of_frames() -> None:
    sockets, waited = Sockets(), []

    async def wait() -> None:
        waited.append("yes")

    assert await _told(Lost(sockets)) == ["cut"]
    assert await _told(Half(sockets)) == [("half", ["a", "b"])]
    assert await _told(Late(wait)) == [["a", "b"]]
    assert waited == ["yes"]
    assert await _told(Instead(200, "<html>")) == [["<html>"]]
    assert await _told(Instead(503, b"Unavailable")) == [(1013, "Unavailable")]
    assert await _told(Never()) == []


def test_what_status_a_client_sees() -> None:
    sockets = Sockets()
    assert Instead(503).status == 503
    assert {mishap.status for mishap in (Lost(sockets), Half(sockets), Never())} == {None}
