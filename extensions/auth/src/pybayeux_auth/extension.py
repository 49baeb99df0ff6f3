"""The hooks of the authentication extension: where the token goes, and what happens when the server refuses it.

It knows no login. The token comes from a function, such as a flow of `flows`, through `token`. How many fresh tokens it
requests is limited in `refusals`, how soon in `login_throttle`. Which servers get the token is decided in
`trusted_origins`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable  # noqa: TC003 - the annotations are evaluated to convert options
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from pybayeux import Channel, ConnectionState, errors, hookimpl

from .hookspecs import AuthHooks
from .refusals import RefreshLimit, is_token_refused
from .token import Token, TokenSource
from .trusted_origins import TrustedOrigins, origin_of

if TYPE_CHECKING:
    from pybayeux import HookClient, Message, TransportRequest

    from .grant import Grant

__all__ = ("Auth",)

_logger: Final = logging.getLogger("pybayeux.auth")

_Kind: TypeAlias = Literal["handshake", "connect", "subscribe", "unsubscribe", "disconnect", "publish"]
_ENDING: Final = frozenset({ConnectionState.DISCONNECTING, ConnectionState.TERMINATING, ConnectionState.DISCONNECTED})
_EXTRA_TIME: Final = 5.0
"""Seconds by which a timeout is extended while its request waits for a token."""


class Auth:
    """Sends a token with every request, and gets a fresh one when the server refuses it.

    One instance belongs to one client. The token goes only to the client's own server: same scheme, host and port.

    Args:
        token: The token, or a function, sync or async, that returns one or a `Grant`, such as a flow. The function is
            called again only after a refusal, or before the expiry that the grant has. A token given as text cannot be
            refreshed.
        scheme: The authentication scheme before the token in the header; empty for the token without a scheme.
        header: The header. Default: ``Authorization``, or no header if `ext` is given.
        ext: The path of the token in the ``ext`` of messages: a name such as ``com.example.token``, or several names
            separated by slashes for nested objects.
        messages: The messages whose ``ext`` gets the token.
        hosts: Further hosts that may receive the token, as ``host`` or ``host:port``.
        refreshes: How many fresh tokens in a row are requested after refusals.
        min_interval: Seconds of the first pause between useless logins; each further one is twice as long. 0 for no
            pauses.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        ValueError: `ext` has an empty name, or the token is empty or has control characters.
    """

    name: ClassVar[str] = "auth"
    """The name under which it is registered, for subclasses too."""
    pybayeux_hookspecs: ClassVar[type] = AuthHooks
    """The hooks of this package, for programs without metadata."""

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
        self._refreshes: Final = RefreshLimit(refreshes)
        self._origins: Final = TrustedOrigins(hosts)
        self._client: HookClient | None = None
        self._sent: set[str] = set()
        if "" in self._path:
            raise ValueError(f"ext: expected a name, or names separated by slashes; got {ext!r}")

    def __repr__(self) -> str:
        places = [place for place in (self._header, "/".join(self._path)) if place]
        return f"Auth(token=***, in {' and '.join(places)})"

    @property
    def grant(self) -> Grant | None:
        """The grant in use, with token, org and expiry; None if there is none."""
        return self._source.grant

    @property
    def logins(self) -> int:
        """How often a login was tried."""
        return self._source.logins

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """Note the client and its server. A client that is started again after refused tokens may have another."""
        self._client = client
        self._source.use_http(client.http)
        self._origins.follow(client.url)
        if self._refreshes.is_reached:
            self._refreshes.reset()
            self._source.discard()

    @hookimpl
    async def unregistered(self) -> None:
        """Wait for a running login."""
        await self._source.close()
        self._source.use_http(None)

    # -- the token in requests

    @hookimpl
    async def outgoing(self, message: Message, client: HookClient) -> None:
        """Get a token before the handshake, and add it to the ``ext`` of the chosen messages."""
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
        """Add the token to the header. Runs last, when the URL of the request is final."""
        if self._header is None or not self._is_trusted(request.url, client):
            return
        grant = await self._source.get()
        request.headers[self._header] = f"{self._scheme} {grant.access_token}".lstrip()

    def _is_trusted(self, url: str, client: HookClient) -> bool:
        self._origins.follow(client.url)
        if self._origins.trusts(url):
            return True
        _logger.warning("no token is sent to %s: it is not the client's own server", origin_of(url).host)
        return False

    @hookimpl(optionalhook=True)
    async def log_in(self) -> Grant:
        """Return a grant, for code without a client."""
        return await self._source.get()

    @hookimpl
    def extend_timeout(self) -> float | None:
        """Extend the timeout of a request while it waits for a token."""
        return _EXTRA_TIME if self._source.is_waited_for else None

    async def _announce(self, grant: Grant) -> None:
        """Call the hook `authenticated`, and trust the server to which an extension moves the client there."""
        client = self._client
        if client is None:
            return
        try:
            hook = client.hook("authenticated")
        except errors.UsageError:  # this package is importable but not installed, so there is no such hook
            return
        before = client.url
        await hook.acall(grant, client)
        if client.url != before:
            self._origins.moved(client.url)

    # -- refusals

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> None:
        """Start a new session with a fresh token after a reply that refuses the token."""
        if message.advice is not None and message.advice.hosts:
            self._origins.add_advised(message.advice.hosts)
        if message.successful is None or message.id is None:
            return
        has_present_token = message.id in self._sent
        self._sent.discard(message.id)
        if message.successful:
            self._refreshes.accept(message)
        elif is_token_refused(message):
            may_help = self._refreshes.refuse(message)
            if has_present_token and may_help and client.state not in _ENDING:
                self._renew(client, "the token was refused")

    @hookimpl(optionalhook=True)
    def log_in_again(self, reason: str, client: HookClient) -> None:
        """Start a new session with a fresh token, unless one is being requested."""
        if self._source.grant is not None and client.state not in _ENDING:
            self._renew(client, reason)

    def _renew(self, client: HookClient, reason: str) -> None:
        if self._source.is_static:
            return
        if not self._refreshes.acquire():
            _logger.warning("%d fresh tokens in a row were refused: no further one is requested", self._refreshes.count)
            return
        self._sent.clear()  # replies to requests with the old token say nothing about the new one
        self._source.discard()
        if client.recovers:  # with the low-level client the caller handshakes
            client.rehandshake(f"{reason}: a fresh token is requested")


def _kind(message: Message) -> str:
    return message.channel.removeprefix("/meta/") if message.is_meta else "publish"
