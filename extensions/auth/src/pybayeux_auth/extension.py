"""Tokens in requests, and fresh ones for refused ones.

Owns where the token goes and what becomes of a refusal. It stores no password and knows no login: that is the
function's business that gives the token.

How often a fresh token is asked for. A server may lock out a user who logs in again and again, and a token may be
refused for other reasons than its age. So at most `refreshes` times in a row, counted since the last connect that
succeeded; and after a refused subscribe or publish, which may mean no more than a missing permission, once, until that
same request succeeds. Beyond that the refusal stands: the caller gets it, or the session ends with it. Requests that
were refused together cost one token together.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pybayeux import Channel, ConnectionState, hookimpl

from .origin import Origin, origin_of
from .refusal import is_token_refused
from .token import Token, TokenSource

if TYPE_CHECKING:
    from pybayeux import AsyncClient, Message, TransportRequest

__all__ = ("Auth",)

_logger: Final = logging.getLogger("pybayeux.auth")

_Kind: TypeAlias = Literal["handshake", "connect", "subscribe", "unsubscribe", "disconnect", "publish"]
_ENDING: Final = frozenset({ConnectionState.DISCONNECTING, ConnectionState.TERMINATING, ConnectionState.DISCONNECTED})
_CONTROL: Final = frozenset({Channel.META_HANDSHAKE, Channel.META_CONNECT})


class Auth:
    """Sends a token with every request, and gets a fresh one where the server refuses it.

    One instance belongs to one client. The token goes to the client's own server alone: same scheme, host and port.

    Args:
        token: The token, or a function, sync or async, that gives one. It is asked again only after a refusal; a
            token given as text cannot be refreshed.
        scheme: What stands before the token in the header; an empty text for the token alone.
        header: The header. By default ``Authorization``, and none where `ext` is given.
        ext: Where in the ``ext`` of messages the token goes: a name such as ``com.example.token``, or several with
            slashes between them for objects in objects.
        messages: The messages whose ``ext`` gets it.
        hosts: Other hosts that may see the token, as ``host`` or ``host:port``.
        refreshes: How many fresh tokens in a row may be refused.

    Raises:
        ValueError: An option makes no sense.
    """

    def __init__(
        self,
        token: Token,
        scheme: str = "Bearer",
        header: str | None = None,
        ext: str | None = None,
        messages: tuple[_Kind, ...] = ("handshake",),
        hosts: tuple[str, ...] = (),
        refreshes: int = 3,
    ) -> None:
        self._source: Final = TokenSource(token)
        self._scheme: Final = scheme
        self._header: Final = header or ("Authorization" if ext is None else None)
        self._path: Final = ext.split("/") if ext is not None else []
        self._kinds: Final = frozenset(messages)
        self._hosts: Final = frozenset(hosts)
        self._refreshes: Final = refreshes
        self._origin: Origin | None = None
        self._sent: set[str] = set()
        self._in_a_row = 0
        self._refused: set[str] = set()
        if "" in self._path:
            raise ValueError(f"ext {ext!r} is neither a name nor names with slashes between them")

    def __repr__(self) -> str:
        places = [place for place in (self._header, "/".join(self._path)) if place]
        return f"Auth(token=***, in {' and '.join(places)})"

    @hookimpl
    def registered(self, client: AsyncClient) -> None:
        """Note whose token it is."""
        self._origin = origin_of(client.url)

    # -- the token goes out

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        """Put the token into the ``ext`` of the messages chosen."""
        if message.channel == Channel.META_HANDSHAKE:
            self._sent.clear()
        if message.id is not None:
            self._sent.add(message.id)
        if self._path and _kind(message) in self._kinds:
            self._put(message, await self._source.get())

    def _put(self, message: Message, token: str) -> None:
        place: Any = message.get_ext(create=True)
        *parents, name = self._path
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = token

    @hookimpl(trylast=True)
    async def request(self, request: TransportRequest) -> None:
        """Put the token into the header, once it is certain where the request goes."""
        if self._header is None:
            return
        if not self._is_trusted(request.url):
            _logger.warning("no token for %s: it is not the client's own server", origin_of(request.url).host)
            return
        request.headers[self._header] = f"{self._scheme} {await self._source.get()}".lstrip()

    def _is_trusted(self, url: str) -> bool:
        return self._origin is not None and self._origin.admits(origin_of(url), self._hosts)

    # -- a refusal comes in

    @hookimpl
    def incoming(self, message: Message, client: AsyncClient) -> None:
        """Notice that the token was refused, and begin anew with a fresh one."""
        if message.successful is None or message.id is None:
            return
        present = message.id in self._sent
        self._sent.discard(message.id)
        if message.successful:
            self._accepted(message)
        elif is_token_refused(message):
            is_new = self._note_refusal(message)
            if present and is_new and client.state not in _ENDING:
                self._renew(client)

    def _accepted(self, message: Message) -> None:
        if message.channel == Channel.META_CONNECT:
            self._in_a_row = 0
        elif self._refused:
            self._refused.discard(_request(message))

    def _note_refusal(self, message: Message) -> bool:
        """Whether a fresh token may help: always for the session itself, once for what is asked of it."""
        if message.channel in _CONTROL:
            return True
        is_new = _request(message) not in self._refused
        self._refused.add(_request(message))
        return is_new

    def _renew(self, client: AsyncClient) -> None:
        if self._source.is_static:
            return
        if self._in_a_row >= self._refreshes:
            _logger.warning("%d fresh tokens in a row were refused: no more are asked for", self._in_a_row)
            return
        self._in_a_row += 1
        self._sent.clear()  # what else was sent with this token has nothing to say of the next one
        self._source.forget()
        if hasattr(client, "rehandshake"):  # the low-level client leaves that to its caller
            client.rehandshake("the token was refused: a fresh one is asked for")


def _kind(message: Message) -> str:
    return message.channel.removeprefix("/meta/") if message.is_meta else "publish"


def _request(message: Message) -> str:
    return f"{message.channel} {message.subscription or ''}"
