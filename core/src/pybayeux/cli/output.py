"""Standard output: messages as JSON lines for programs, or as text on a terminal."""

from __future__ import annotations

import os
import sys
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from .._printable import printable
from ..codec import damage_of, encode
from ..errors import MessageDecodeError
from .failures import Failure
from .pipes import descriptor_of, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..message import Message

__all__ = ("Output", "as_json_lines", "as_text")


class Output:
    """Standard output for messages: text on a terminal, otherwise JSON lines.

    Args:
        as_json: Write JSON lines on a terminal as well.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.descriptor: Final = descriptor_of(sys.stdout, "output")
        self._form: Final = as_json_lines if as_json or not os.isatty(self.descriptor) else as_text(Console())

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


def as_text(console: Console) -> Callable[[Sequence[Message]], str]:
    """A function that writes messages as time, channel and data, in the colours and the width of a console."""

    def text(messages: Sequence[Message]) -> str:
        with console.capture() as capture:
            for message in messages:
                console.print(_paragraph(message, console.width), soft_wrap=True)
        return capture.get()

    return text


def _paragraph(message: Message, width: int) -> Text:
    """One line if the data fits into it, otherwise the data below the headline."""
    headline = Text.assemble((f"{datetime.now():%H:%M:%S}", "dim"), " ", (printable(message.channel), "bold cyan"))
    data = _data(message, indent=0)
    if headline.cell_len + 1 + len(data) > width:
        return Text("\n").join([headline, *_highlighted(_data(message, indent=2)).split("\n")])
    return Text(" ").join([headline, _highlighted(data)])


def _data(message: Message, *, indent: int) -> str:
    if not message.has_data:
        return ""
    try:
        text = msgspec.json.format(message.raw_data, indent=indent).decode("utf-8", "replace")
    except (msgspec.DecodeError, RecursionError):
        return printable(f"no JSON: {message.raw_data.decode('utf-8', 'replace')}")
    return "\n".join(map(printable, text.split("\n")))


def _highlighted(text: str) -> Text:
    highlighted = Text(text)
    JSONHighlighter().highlight(highlighted)
    return highlighted
