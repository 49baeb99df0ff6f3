"""Drops events that were handled before, in this run or an earlier one, by an id in their data."""

import asyncio
from pathlib import Path

import click

from pybayeux import Drop, HookClient, Message, hookimpl, printable


class Dedupe:
    """Drops events whose id is known.

    Args:
        path: The file with the ids of the handled events, one in a line.
        member: The member of the data that has the id.
    """

    def __init__(self, path: Path, member: str = "id") -> None:
        self._path = path
        self._member = member
        self._handled: set[str] = set()
        self._waiting: set[str] = set()

    @hookimpl
    def registered(self) -> None:
        self._handled = set(self._read())

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> Drop | None:
        event_id = self._id_of(message)
        if event_id is None or not client.accepting:  # what is not accepted comes again
            return None
        if event_id in self._handled or event_id in self._waiting:
            return Drop(f"the event {event_id} is known")
        self._waiting.add(event_id)
        return None

    @hookimpl
    async def delivered(self, message: Message) -> None:
        if (event_id := self._id_of(message)) is not None:
            await asyncio.to_thread(self._append, event_id)
            self._handled.add(event_id)
            self._waiting.discard(event_id)

    @hookimpl
    def unsubscribed(self) -> None:
        self._waiting.clear()  # what was not handled may come again

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        @cli.command()
        @click.option("--clear", is_flag=True, help="Forget them.")
        def known_events(clear: bool) -> None:
            """Print the ids of the handled events."""
            for event_id in self._read():
                click.echo(printable(event_id))
            if clear:
                self._path.unlink(missing_ok=True)

    def _id_of(self, message: Message) -> str | None:
        if message.is_meta or message.successful is not None or not isinstance(message.data, dict):
            return None
        found = message.data.get(self._member)
        return None if found is None else str(found)

    def _read(self) -> list[str]:
        return self._path.read_text().splitlines() if self._path.exists() else []

    def _append(self, event_id: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{event_id}\n")
