"""An extension that records responses and replies with their times. It also asks for connects that are not held."""

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

__all__ = ("HttpAnswer", "Observer")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP response.

    Attributes:
        status: Its status.
        server: Its header ``Server``, or None.
        date: Its header ``Date``, or None.
        cookies: The names of the cookies that it sets.
        is_redirect: Whether it is a redirect.
        at: When it arrived, in seconds since the epoch.
    """

    status: int
    server: str | None
    date: str | None
    cookies: tuple[str, ...]
    is_redirect: bool
    at: float


class Observer:
    """Records what one client receives.

    Attributes:
        name: The name of the extension.
        answers: Every HTTP response, in order.
        replies: The replies to meta messages, in order, each with its time of arrival in seconds since the epoch.
    """

    name: Final = "diagnosis"

    def __init__(self) -> None:
        self.answers: Final[list[HttpAnswer]] = []
        self.replies: Final[list[tuple[Message, float]]] = []

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Ask the server not to hold a connect, so that it can be timed (Bayeux 1.0, section 3.5.2)."""
        if message.channel == Channel.META_CONNECT:
            message.advice = Advice(timeout=0)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Record a reply."""
        if message.is_meta:
            self.replies.append((message, time.time()))

    @hookimpl
    def response(self, response: TransportResponse) -> None:
        """Record a response."""
        headers, status = response.headers, response.status
        self.answers.append(
            HttpAnswer(
                status=status,
                server=headers.get("Server"),
                date=headers.get("Date"),
                cookies=_cookies(headers),
                is_redirect=300 <= status < 400,
                at=time.time(),
            )
        )


def _cookies(headers: object) -> tuple[str, ...]:
    """The names in all headers ``Set-Cookie``. Each HTTP library has its own method for repeated headers."""
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
