"""Standard output: messages as JSON lines for programs, or as text on a terminal."""

from __future__ import annotations

import os
import sys
from copy import copy
from typing import TYPE_CHECKING, Final

import msgspec

from .._printable import printable
from ..codec import damage_of, encode
from ..errors import MessageDecodeError
from .failures import Failure
from .pipes import descriptor_of, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..message import Message

__all__ = ("Output", "as_json_lines")


class Output:
    """Standard output for messages: text on a terminal, otherwise JSON lines.

    Args:
        as_json: Write JSON lines on a terminal as well.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.descriptor: Final = descriptor_of(sys.stdout, "output")
        self._form: Final = as_json_lines if as_json or not os.isatty(self.descriptor) else _terminal_text()

    async def write(self, messages: Sequence[Message]) -> None:
        """Write these messages. When it returns, the operating system has them.

        Raises:
            BrokenPipeError: The reader has closed the pipe.
            Failure: They cannot be written, for example because the disk is full.
        """
        if not messages:
            return
        try:
            await write_all(self.descriptor, self._form(messages).encode("utf-8", "replace"))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Failure(f"standard output: {error.strerror}") from error


def _terminal_text() -> Callable[[Sequence[Message]], str]:
    from rich.console import Console  # slow to import, and only for terminals

    from .message_text import as_text

    return as_text(Console())


def as_json_lines(messages: Sequence[Message]) -> str:
    """Each message as a line of JSON: the members as on the wire, without the client id, which is a credential.

    What a terminal obeys is escaped, as JSON allows. Data that is no JSON is the text `rawData` instead.
    """
    return "".join(f"{_one_line(_shown(each))}\n" for each in messages)


def _one_line(message: Message) -> str:
    line = encode([message])[1:-1].decode("utf-8", "replace")
    if any(white in line for white in "\n\r\t"):  # the server's own layout of the payload
        line = msgspec.json.format(line, indent=-1)
    return printable(line, json=True)


def _shown(message: Message) -> Message:
    is_json = _has_json(message)
    if message.client_id is None and is_json:
        return message
    shown = copy(message)  # other subscriptions may hold the same message
    shown.extra.update(message.extra)
    shown.client_id = None
    if not is_json:
        shown.extra["rawData"] = message.raw_data.decode("utf-8", "replace")
        del shown.data
    return shown


def _has_json(message: Message) -> bool:
    if damage_of(message) is None:
        return True
    try:
        message.data  # noqa: B018
    except MessageDecodeError:
        return False
    return True
