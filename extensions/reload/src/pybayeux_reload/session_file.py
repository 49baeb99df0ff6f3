"""The file in which a session is saved, and its content.

A new file is written and renamed over the old one, so a reader finds one or the other, whenever the writer is killed.
It is not synced to the disk: if a power cut undoes a write, that costs a handshake. A process that can read the file
can take the session over, so only its owner can read it.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from pybayeux import BayeuxError, Message, decode, encode

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("SavedSession", "as_json", "discard", "load", "store")

_logger: Final = logging.getLogger("pybayeux.reload")


class SavedSession(Struct, frozen=True, rename="camel", tag_field="format", tag="pybayeux-reload-1"):
    """A session, as it is saved.

    Attributes:
        url: The address of the server.
        handshake: The server's reply to the handshake, as decoded JSON.
        cookies: The cookies that are sent with every request, as in a ``Cookie`` header.
        channels: The channels and patterns subscribed to, sorted.
    """

    url: str
    handshake: dict[str, Any]
    cookies: str = ""
    channels: tuple[str, ...] = ()

    def reply(self) -> Message:
        """Return the reply to the handshake.

        Raises:
            ValueError: `handshake` is not a reply that began a session.
        """
        try:
            [reply] = decode(msgspec.json.encode([self.handshake]))
        except BayeuxError as error:
            raise ValueError(f"expected a reply to a handshake: {error}") from error
        if reply.successful is not True or not reply.client_id:
            raise ValueError("expected a successful reply to a handshake, with a client id")
        return reply


def as_json(message: Message) -> dict[str, Any]:
    """Return a message as decoded JSON."""
    [members] = msgspec.json.decode(encode([message]), type=list[dict[str, Any]])
    return members


def load(file: Path) -> SavedSession | None:
    """Return the session in a file, or None if there is none. A file that cannot be read is logged."""
    try:
        saved = msgspec.json.decode(file.read_bytes(), type=SavedSession)
        saved.reply()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors, and do not quote the content of the file
        _logger.warning("%s holds no session that can be read, a new one is begun: %s", file, error)
        return None
    return saved


def store(file: Path, saved: SavedSession) -> None:
    """Save a session in a file, in the place of its content.

    Raises:
        OSError: The file cannot be written.
    """
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # a process that was killed may have left one that others can read
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(saved))
    new.replace(file)


def discard(file: Path) -> None:
    """Remove the file. If that fails, it is logged."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("the session in %s has ended, but the file cannot be removed: %s", file, error)
