"""A store of a third party: some thirty lines, and an extension that registers its scheme."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux.testing import in_virtual_time
from pybayeux_replay import Position, Replay, Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux_replay import Stores


class FolderStore:
    """Keeps each consumer's positions in a file of its own: ``folder://PATH``."""

    blocking = True

    def __init__(self, name: str) -> None:
        self._folder = Path(name.removeprefix("folder://"))

    def get(self, consumer: str, subscription: str) -> Position | None:
        return self.items(consumer).get(subscription)

    def set(self, consumer: str, positions: Mapping[str, Position]) -> None:
        self._write(consumer, {**self.items(consumer), **positions})

    def delete(self, consumer: str, subscription: str) -> None:
        self._write(consumer, {name: each for name, each in self.items(consumer).items() if name != subscription})

    def items(self, consumer: str) -> Mapping[str, Position]:
        path = self._folder / consumer
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Position]) if path.exists() else {}

    def close(self) -> None:
        pass

    def _write(self, consumer: str, positions: Mapping[str, Position]) -> None:
        new = self._folder / f"{consumer}.new"
        new.write_bytes(msgspec.json.encode(dict(positions)))
        new.replace(self._folder / consumer)


class Folders:
    """The extension: an installed package would have it behind an entry point."""

    @hookimpl(optionalhook=True)
    def register_stores(self, stores: Stores) -> None:
        stores.add("folder", FolderStore)


@in_virtual_time
async def test_positions_outlive_a_run_in_it(tmp_path: Path) -> None:
    server = ReplayingServer()
    for number in range(2):
        server.publish("/orders", number)
        replay = Replay(f"folder://{tmp_path}", since="earliest", consumer="billing")
        async with client_of(server, replay, Folders()) as client, client.subscribe("/orders") as events:
            assert (await anext(events)).data["number"] == number
    assert server.asked == [{"/orders": -2}, {"/orders": 10}]


def test_it_is_a_store(tmp_path: Path) -> None:
    store = FolderStore(f"folder://{tmp_path}")
    assert isinstance(store, Store)
    full: dict[str, Any] = asdict(Position(7, datetime.now(UTC), datetime.now(UTC), "u", "org"))
    store.set("billing", {"/orders": Position(**full), "/cases": Position(1, datetime.now(UTC))})
    store.delete("billing", "/cases")
    assert store.items("billing") == {"/orders": Position(**full)}
    assert store.get("shipping", "/orders") is None
