"""An extension that looks on: what was answered, and when. It also asks for connects that are not held."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..channel import Channel
from ..hookspecs import hookimpl
from ..message import Advice

if TYPE_CHECKING:
    from ..message import Message
    from ..transports.base import TransportResponse

__all__ = ("Answered", "Observer")


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer.

    Attributes:
        status: Its status.
        server: Its header ``Server``, or None.
        date: Its header ``Date``, or None.
        cookies: The names of the cookies that it sets.
        is_redirect: Whether it points elsewhere.
        at: When it came, in seconds since the epoch.
    """

    status: int
    server: str | None
    date: str | None
    cookies: tuple[str, ...]
    is_redirect: bool
    at: float


class Observer:
    """Notes what one client sees.

    Attributes:
        name: What it is registered as.
        answers: Every HTTP answer, in order.
        replies: The replies to meta messages, in order, each with the moment it came.
    """

    name: Final = "diagnosis"

    def __init__(self) -> None:
        self.answers: Final[list[Answered]] = []
        self.replies: Final[list[tuple[Message, float]]] = []

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Ask the server not to hold a connect: its answer's time is then that of the way (section 3.5.2)."""
        if message.channel == Channel.META_CONNECT:
            message.advice = Advice(timeout=0)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Note a reply."""
        if message.is_meta:
            self.replies.append((message, time.time()))

    @hookimpl
    def response(self, response: TransportResponse) -> None:
        """Note an answer."""
        headers, status = response.headers, response.status
        self.answers.append(
            Answered(
                status=status,
                server=headers.get("Server"),
                date=headers.get("Date"),
                cookies=_cookies(headers),
                is_redirect=300 <= status < 400,
                at=time.time(),
            )
        )


def _cookies(headers: object) -> tuple[str, ...]:
    """The names in all headers ``Set-Cookie``; what holds headers knows how to tell several of one name apart."""
    for method in ("get_list", "getall"):  # httpx, aiohttp
        if hasattr(headers, method):
            try:
                lines = list(getattr(headers, method)("Set-Cookie"))
            except KeyError:
                lines = []
            break
    else:
        line = headers.get("Set-Cookie")  # type: ignore[attr-defined]
        lines = [] if line is None else [line]
    return tuple(line.partition("=")[0].strip() for line in lines)
