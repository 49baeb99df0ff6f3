"""What is kept of a session, and the file that it is kept in.

The file is written whole and then put in the place of the old one, so that whoever reads it, and whenever its writer
is killed, finds one or the other. It does not wait for the disk: what a power cut takes back costs a handshake.
Whoever can read it can take the session over, so it is its owner's alone.
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

__all__ = ("Saved", "as_json", "discard", "load", "store")

_logger: Final = logging.getLogger("pybayeux.reload")


class Saved(Struct, frozen=True, rename="camel", tag_field="format", tag="pybayeux-reload-1"):
    """A session.

    Attributes:
        url: The address of the server that it lives on.
        handshake: The server's reply to its handshake, as JSON would decode it.
        cookies: Those that go with every request, as in a ``Cookie`` header.
        channels: What is subscribed to, in order.
    """

    url: str
    handshake: dict[str, Any]
    cookies: str = ""
    channels: tuple[str, ...] = ()

    def reply(self) -> Message:
        """The reply to its handshake.

        Raises:
            ValueError: It is none.
        """
        try:
            [reply] = decode(msgspec.json.encode([self.handshake]))
        except BayeuxError as error:
            raise ValueError(f"no reply to a handshake: {error}") from error
        if reply.successful is not True or not reply.client_id:
            raise ValueError("no reply that began a session")
        return reply


def as_json(message: Message) -> dict[str, Any]:
    """A message as JSON would decode it."""
    [members] = msgspec.json.decode(encode([message]), type=list[dict[str, Any]])
    return members


def load(file: Path) -> Saved | None:
    """The session in a file; None where there is none, or none that can be read, which is logged."""
    try:
        saved = msgspec.json.decode(file.read_bytes(), type=Saved)
        saved.reply()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors; none of them quotes what the file holds
        _logger.warning("%s holds no session that can be read, a new one is begun: %s", file, error)
        return None
    return saved


def store(file: Path, saved: Saved) -> None:
    """Put a session into a file, in place of what it held.

    Raises:
        OSError: It cannot be written.
    """
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # it may be left over, and others able to read it
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(saved))
    new.replace(file)


def discard(file: Path) -> None:
    """Let there be no session in the file; where it cannot be removed this is logged."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        _logger.warning("the session in %s is over, and the file cannot be removed: %s", file, error)
