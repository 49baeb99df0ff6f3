"""An input as a script: each line is what the server does with the next request.

=========  ============================================================================
``!``      the connection breaks
``~``      no answer
``+n``     the next line answers, after so many seconds
otherwise  the body of the answer; ``$id``, ``$channel`` and ``$client`` are the request's
=========  ============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pybayeux import Message

__all__ = ("Action", "read_script")

_MOST_LINES: Final = 40
_LONGEST_DELAY: Final = 200.0


@dataclass(frozen=True)
class Action:
    """What happens to one request.

    Attributes:
        body: The answer; None for none.
        breaks: Whether the connection breaks.
        delay: Seconds before that.
    """

    body: bytes | None = None
    breaks: bool = False
    delay: float = 0.0

    def answer_to(self, request: Message) -> bytes:
        """The body, with the values of the request filled in."""
        values = {b"$id": request.id, b"$channel": request.channel, b"$client": request.client_id}
        body = self.body or b""
        for name, value in values.items():
            body = body.replace(name, (value or "").encode("utf-8", "surrogatepass"))
        return body


def read_script(data: bytes) -> Iterator[Action]:
    """The actions of a script, of which only the first lines count."""
    delay = 0.0
    for line in data.split(b"\n")[:_MOST_LINES]:
        if line.startswith(b"+"):
            delay = min(float(int(line[1:6])), _LONGEST_DELAY) if line[1:6].isdigit() else 1.0
            continue
        if line == b"!":
            yield Action(breaks=True, delay=delay)
        elif line == b"~":
            yield Action(delay=delay)
        else:
            yield Action(line, delay=delay)
        delay = 0.0
