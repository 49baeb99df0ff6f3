"""Positions that another extension keeps in replay's store, and what it learns of subscriptions and gaps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.tests.virtual_time import in_virtual_time, settle
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import Drop, HookClient, Message, hookimpl
from pybayeux_replay import Bookmarks, Gap, MemoryStore, Position, Replay

if TYPE_CHECKING:
    from collections.abc import Generator

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class _Reader:
    """Notes what it learns, and lets some events count as handled."""

    def __init__(self, *passed_over: int) -> None:
        self.granted_subscriptions: list[tuple[str, Gap | None]] = []
        self._passed_over = passed_over

    @hookimpl(optionalhook=True)
    def granted(self, subscription: str, gap: Gap | None) -> None:
        self.granted_subscriptions.append((subscription, gap))

    @hookimpl(wrapper=True)
    def incoming(self, message: Message, client: HookClient) -> Generator[None, Drop | None, Drop | None]:
        result = yield  # replay notes the event
        if message.successful is not None or message.data["number"] not in self._passed_over:
            return result
        self.bookmarks(client).pass_over(message)
        return Drop("handled otherwise")

    def bookmarks(self, client: HookClient) -> Bookmarks:
        found: Bookmarks = client.hook("bookmarks").call(client)
        return found


@in_virtual_time
async def test_an_event_that_is_passed_over_moves_the_position() -> None:
    server, store, reader, handled = ReplayingServer(), MemoryStore(), _Reader(2, 3), list[Any]()
    async with client_of(server, Replay(store), reader) as client:
        await client.subscribe("/a", lambda event: handled.append(event.data["number"]))
        server.publish("/a", 1, 2, 3)
        await settle()
        bookmarks = reader.bookmarks(client)
        position = bookmarks.position("/a")
        assert position is not None
        assert position.replay_id == 30
        assert bookmarks.position("/b") is None
    assert handled == [1]
    stored = store.get("default", "/a")
    assert stored is not None
    assert stored.replay_id == 30
    assert reader.granted_subscriptions == [("/a", None)]


@in_virtual_time
async def test_bookmarks_are_stored_beside_the_positions() -> None:
    server, store, reader = ReplayingServer(), MemoryStore(), _Reader()
    first, second = (Position(-2, _NOON, event_uuid=each) for each in ("001A", "001B"))
    async with client_of(server, Replay(store), reader) as client:
        bookmarks = reader.bookmarks(client)
        assert bookmarks.get("/a#mine") is None
        bookmarks.put("/a#mine", first)
        bookmarks.put("/a#mine", second)
        assert bookmarks.get("/a#mine") == second
    assert store.items("default") == {"/a#mine": second}


@in_virtual_time
async def test_a_grant_after_a_gap_has_the_gap() -> None:
    server, store, reader = ReplayingServer(retention=1), MemoryStore(), _Reader()
    store.set("default", {"/a": Position(5, _NOON)})
    async with client_of(server, Replay(store), reader) as client:
        await client.subscribe("/a")
    ((subscription, gap),) = reader.granted_subscriptions
    assert (subscription, gap is not None and gap.resumes_at) == ("/a", "earliest")
