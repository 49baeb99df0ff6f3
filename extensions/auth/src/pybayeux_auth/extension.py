"""Tokens in requests, and fresh ones for refused ones.

Owns where the token goes and what becomes of a refusal. It stores no password and knows no login: that is the business
of the function that gives the token, such as one of `flows`.

How often a fresh token is asked for. A server may lock out a user who logs in again and again, and a token may be
refused for other reasons than its age. So at most `refreshes` times in a row, counted since the last connect that
succeeded; and after a refused subscribe or publish, which may mean no more than a missing permission, once, until that
same request succeeds. Beyond that the refusal stands: the caller gets it, or the session ends with it. Requests that
were refused together cost one token together. `pacing` has what holds beside that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable  # noqa: TC003 - options are made of the annotations
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from pybayeux import Channel, ConnectionState, errors, hookimpl

from .home import Home
from .origin import origin_of
from .refusal import is_token_refused
from .token import Token, TokenSource

if TYPE_CHECKING:
    from pybayeux import HookClient, Message, TransportRequest

    from .grant import Grant

__all__ = ("Auth",)

_logger: Final = logging.getLogger("pybayeux.auth")

_Kind: TypeAlias = Literal["handshake", "connect", "subscribe", "unsubscribe", "disconnect", "publish"]
_ENDING: Final = frozenset({ConnectionState.DISCONNECTING, ConnectionState.TERMINATING, ConnectionState.DISCONNECTED})
_CONTROL: Final = frozenset({Channel.META_HANDSHAKE, Channel.META_CONNECT})
_MORE: Final = 5.0
"""Seconds that a server is given at a time while it is us who wait for a token."""


class Auth:
    """Sends a token with every request, and gets a fresh one where the server refuses it.

    One instance belongs to one client. The token goes to the client's own server alone: same scheme, host and port.

    Args:
        token: The token, or a function, sync or async, that gives one or a `Grant`, such as one of the flows. It is
            asked again only after a refusal, or where the grant says when the token dies; a token given as text cannot
            be refreshed.
        scheme: What stands before the token in the header; an empty text for the token alone.
        header: The header. By default ``Authorization``, and none where `ext` is given.
        ext: Where in the ``ext`` of messages the token goes: a name such as ``com.example.token``, or several with
            slashes between them for objects in objects.
        messages: The messages whose ``ext`` gets it.
        hosts: Other hosts that may see the token, as ``host`` or ``host:port``.
        refreshes: How many fresh tokens in a row may be refused.
        min_interval: Seconds of the first pause between logins that do not help; each further one is twice as long. 0
            for no pauses.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        ValueError: An option makes no sense.
    """

    name: ClassVar[str] = "auth"
    """As which it is registered, whatever the name of its class is."""

    def __init__(
        self,
        token: Token,
        scheme: str = "Bearer",
        header: str | None = None,
        ext: str | None = None,
        messages: tuple[_Kind, ...] = ("handshake",),
        hosts: tuple[str, ...] = (),
        refreshes: int = 3,
        min_interval: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source: Final = TokenSource(token, on_fresh=self._announce, interval=min_interval, clock=clock)
        self._scheme: Final = scheme
        self._header: Final = header or ("Authorization" if ext is None else None)
        self._path: Final = ext.split("/") if ext is not None else []
        self._kinds: Final = frozenset(messages)
        self._refreshes: Final = refreshes
        self._home: Final = Home(hosts)
        self._client: HookClient | None = None
        self._sent: set[str] = set()
        self._in_a_row = 0
        self._gave_up = False
        self._refused: set[str] = set()
        if "" in self._path:
            raise ValueError(f"ext {ext!r} is neither a name nor names with slashes between them")

    def __repr__(self) -> str:
        places = [place for place in (self._header, "/".join(self._path)) if place]
        return f"Auth(token=***, in {' and '.join(places)})"

    @property
    def grant(self) -> Grant | None:
        """What the present token is and whose it is; None where there is none."""
        return self._source.grant

    @property
    def logins(self) -> int:
        """How often a token was asked for."""
        return self._source.logins

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """Note whose token it is. A client that was started anew, after its tokens were refused, may have another."""
        self._client = client
        self._home.follow(client.url)
        if self._gave_up:
            self._gave_up, self._in_a_row = False, 0
            self._source.forget()

    @hookimpl
    async def unregistered(self) -> None:
        """Let a login come to its end."""
        await self._source.close()

    # -- the token goes out

    @hookimpl
    async def outgoing(self, message: Message, client: HookClient) -> None:
        """Have a token before the handshake, and put it into the ``ext`` of the messages chosen."""
        if message.channel == Channel.META_HANDSHAKE:
            self._sent.clear()
            await self._source.get()
        if message.id is not None:
            self._sent.add(message.id)
        if self._path and _kind(message) in self._kinds and self._is_trusted(client.url, client):
            self._put(message, (await self._source.get()).access_token)

    def _put(self, message: Message, token: str) -> None:
        place: Any = message.get_ext(create=True)
        *parents, name = self._path
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = token

    @hookimpl(trylast=True)
    async def request(self, request: TransportRequest, client: HookClient) -> None:
        """Put the token into the header, once it is certain where the request goes."""
        if self._header is None or not self._is_trusted(request.url, client):
            return
        grant = await self._source.get()
        request.headers[self._header] = f"{self._scheme} {grant.access_token}".lstrip()

    def _is_trusted(self, url: str, client: HookClient) -> bool:
        self._home.follow(client.url)
        if self._home.admits(url):
            return True
        _logger.warning("no token for %s: it is not the client's own server", origin_of(url).host)
        return False

    @hookimpl(optionalhook=True)
    async def log_in(self) -> Grant:
        """Give a token to whoever has no client."""
        return await self._source.get()

    @hookimpl
    def extend_timeout(self) -> float | None:
        """An answer is not late while its request waits for a token."""
        return _MORE if self._source.is_waited_for else None

    async def _announce(self, grant: Grant) -> None:
        """Tell other extensions of a fresh token, and follow the client if one of them moves it."""
        client = self._client
        if client is None:
            return
        try:
            hook = client.hook("authenticated")
        except errors.UsageError:  # this package is imported, but not installed
            return
        before = client.url
        await hook.acall(grant, client)
        if client.url != before:
            self._home.moved(client.url)

    # -- a refusal comes in

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> None:
        """Notice that the token was refused, and begin anew with a fresh one."""
        if message.advice is not None and message.advice.hosts:
            self._home.advised(message.advice.hosts)
        if message.successful is None or message.id is None:
            return
        present = message.id in self._sent
        self._sent.discard(message.id)
        if message.successful:
            self._accepted(message)
        elif is_token_refused(message):
            is_new = self._note_refusal(message)
            if present and is_new and client.state not in _ENDING:
                self._renew(client, "the token was refused")

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

    @hookimpl(optionalhook=True)
    def log_in_again(self, reason: str, client: HookClient) -> None:
        """Begin anew with a fresh token, unless one is asked for already."""
        if self._source.grant is not None and client.state not in _ENDING:
            self._renew(client, reason)

    def _renew(self, client: HookClient, reason: str) -> None:
        if self._source.is_static:
            return
        if self._in_a_row >= self._refreshes:
            self._gave_up = True
            _logger.warning("%d fresh tokens in a row were refused: no more are asked for", self._in_a_row)
            return
        self._in_a_row += 1
        self._sent.clear()  # what else was sent with this token has nothing to say of the next one
        self._source.forget()
        if client.recovers:  # the low-level client leaves that to its caller
            client.rehandshake(f"{reason}: a fresh token is asked for")


def _kind(message: Message) -> str:
    return message.channel.removeprefix("/meta/") if message.is_meta else "publish"


def _request(message: Message) -> str:
    return f"{message.channel} {message.subscription or ''}"
