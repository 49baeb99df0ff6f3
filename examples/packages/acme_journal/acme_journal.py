"""Writes each event to a file, and the file to the disk, before a receiver gets the event."""

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

import click

from pybayeux import Drop, Message, encode, hookimpl, printable


class Journal:
    """Keeps a journal of the events.

    Args:
        path: The file: one JSON array with one message in a line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO

    @hookimpl
    def registered(self) -> None:
        self._file = self._path.open("ab")

    @hookimpl
    def unregistered(self) -> None:
        self._file.close()

    @hookimpl(trylast=True)
    async def incoming(self, message: Message) -> Drop | None:
        if message.is_meta or message.successful is not None:
            return None  # a reply
        try:
            await asyncio.to_thread(self._write, encode([message]))
        except OSError as error:
            return Drop(f"it cannot be written: {error}")  # an exception would not stop it
        return None

    def _write(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        @cli.command()
        @click.option("--last", default=10, show_default=True, help="How many.")
        def journal(last: int) -> None:
            """Print the last events of the journal."""
            for line in self._path.read_text().splitlines()[-last:]:
                click.echo(printable(line, json=True))
