"""Messages as text for a terminal: time, channel and data, in colours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from rich.highlighter import JSONHighlighter
from rich.text import Text

from .._printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from ..message import Message

__all__ = ("as_text",)


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
