"""What a client does at Salesforce and nowhere else: addresses, refusals, timers, limits.

Owns the hooks, and whether a client is Salesforce's at all. What each refusal means is in `failures`, what is done
about it in `remedies`; logging in is `pybayeux-auth`'s business, positions are `pybayeux-replay`'s.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, hookimpl
from pybayeux.errors import Remedy, ReplyError, TransportError, UsageError

from .address import LOGIN_HOSTS, SCHEME, endpoint_at, endpoint_of, is_salesforce, is_streaming_path
from .cookies import Cookies
from .diagnosis import Lifetimes
from .errors import (
    AccessError,
    CookieError,
    RequestTooLargeError,
    SalesforceError,
    SessionGoneError,
    SetupError,
    as_refusal,
    as_transport_error,
)
from .failures import Asked, asked, is_denied_without_reason, read_exchange, read_refusal
from .origin import org_id_of, origin_of
from .pace import Pace
from .remedies import Remedies
from .request_size import limited
from .search import Search
from .timers import MAX_INTERVAL, complete_advice

if TYPE_CHECKING:
    import click

    from pybayeux import BayeuxError, HookClient, Message
    from pybayeux_auth import Grant

__all__ = ("Salesforce",)

_LONG_POLLING: Final = "long-polling"
_LEFT: Final = (404, 410)
"""HTTP statuses under an address that an org has moved away from."""


class Salesforce:
    """Speaks with Salesforce's Streaming API.

    One instance belongs to one client. It does nothing for servers that are not Salesforce's.

    Args:
        active: Whether the server is Salesforce: None takes it for one where the address was ``salesforce://...`` or
            its host is one of Salesforce's. A site with a domain of its own is to be named with True.
        follow: Whether to move to the place that a login names as the org's (``instance_url``). Logins of users of an
            Experience Cloud site, who stay at the site, want False.
        busy_wait: Seconds to leave an overloaded server alone, the first time and at the most.
        quota_wait: Seconds to wait where a limit is reached, the first time and at the most.
        max_interval: Seconds that a session lives without a connect.

    Raises:
        ValueError: A time makes no sense.
    """

    def __init__(
        self,
        active: bool | None = None,
        follow: bool = True,
        busy_wait: tuple[float, float] = (120.0, 900.0),
        quota_wait: tuple[float, float] = (300.0, 3600.0),
        max_interval: float = MAX_INTERVAL,
    ) -> None:
        if max_interval <= 0:
            raise ValueError(f"max_interval={max_interval:g} is not positive")
        self._active = active
        self._follows: Final = follow
        self._max_interval: Final = max_interval
        self._remedies: Final = Remedies(Pace(*busy_wait), Pace(*quota_wait))
        self._search: Final = Search(Pace(*busy_wait))
        self._lifetimes: Final = Lifetimes()
        self._cookies: Final = Cookies()
        self._org_id: str | None = None
        self._connects = 0
        self._has_connected = False

    # -- where the org is

    @hookimpl
    def resolve_url(self, url: str) -> str | None:
        """The endpoint of ``salesforce://...``."""
        if url.partition("://")[0].lower() != SCHEME:
            return None
        endpoint = endpoint_of(url)
        if self._active is None:
            self._active = True
        return endpoint

    def _concerns(self, url: str) -> bool:
        return is_salesforce(url) if self._active is None else self._active

    @hookimpl(optionalhook=True)
    def authenticated(self, grant: Grant, client: HookClient) -> None:
        """Go where the login says that the org is, and note which one it is."""
        if not self._concerns(client.url):
            return
        self._org_id = org_id_of(grant)
        if self._follows and grant.instance_url is not None and is_streaming_path(client.url):
            before = client.url
            client.move(endpoint_at(grant.instance_url, before))
            if client.url != before:
                self._search.found()

    @hookimpl(optionalhook=True)
    def replay_origin(self, client: HookClient) -> str | None:
        """What the replay ids are good for."""
        return origin_of(self._org_id, client.url)

    # -- how it is spoken with

    @hookimpl(tryfirst=True)
    def register_transports(self, registry: Any) -> None:
        """Keep requests under the limit. It is the first, so that it is next to the transport itself."""
        registry.wrap(self._cookies.watched, _LONG_POLLING)
        registry.wrap(lambda factory: limited(factory, self._concerns), _LONG_POLLING)

    @hookimpl
    def outgoing(self, message: Message, client: HookClient) -> None:
        """Offer in the handshake what the server has: anything else is an error there."""
        if message.channel == Channel.META_HANDSHAKE and self._concerns(client.url):
            message.supported_connection_types = [_LONG_POLLING]

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message, client: HookClient) -> None:
        """Note how the session fares, and tell what the server leaves untold before anybody looks."""
        if message.successful is None or not self._concerns(client.url):
            return
        if not message.successful:
            self._heed_nameless(message, client)
        elif message.channel == Channel.META_HANDSHAKE:
            self._connects = 0
            self._lifetimes.began(_now())
            complete_advice(message, self._max_interval)
        elif message.channel == Channel.META_CONNECT:
            self._connected()

    def _heed_nameless(self, refusal: Message, client: HookClient) -> None:
        """As the documentation prints it, a session that is unknown is told without channel and id."""
        error = refusal.parse_error()
        if not refusal.channel and error is not None and error.is_unknown_client and client.recovers:
            client.rehandshake(f"{error}, said of no channel")

    def _connected(self) -> None:
        self._connects += 1
        self._has_connected = True
        if self._connects > 1:  # the first one is answered at once, and says little
            self._remedies.sound()
            self._search.found()

    # -- what its refusals mean

    @hookimpl
    def interpret_error(self, error: BayeuxError, client: HookClient) -> BayeuxError | None:
        """Give a refusal its meaning, and say what is to be done."""
        if not self._concerns(client.url) or isinstance(error, SalesforceError):
            return None
        if isinstance(error, ReplyError):
            return self._explained(error, client)
        if isinstance(error, TransportError):
            return self._explained_exchange(error, client)
        return None

    def _explained(self, refusal: ReplyError, client: HookClient) -> SalesforceError:
        kind, reason = read_refusal(refusal)
        now, what, advice = _now(), asked(refusal), ""
        remedy, wait = self._remedies.treat(kind, what, refusal.channel, now)
        if kind is SessionGoneError and what in Asked.SESSION:
            advice = self._lifetimes.lost(now)
        elif kind is CookieError and remedy is Remedy.HANDSHAKE:
            self._cookies.drop()
        elif kind is AccessError and is_denied_without_reason(refusal) and self._remedies.first("denial"):
            remedy = Remedy.HANDSHAKE
            _log_in_again(client, "denied without a reason, so the token may be dead")
        made = as_refusal(kind, refusal, reason=reason, remedy=remedy, wait=wait)
        made.advice = advice or made.advice
        return made

    def _explained_exchange(self, error: TransportError, client: HookClient) -> SalesforceError | None:
        kind = read_exchange(error)
        if kind is None:
            return None
        # It may move between a login and the first connect as well: a login more tells a move from a wrong address.
        asks_where = error.status in _LEFT and self._search.is_due(_now())
        if asks_where:
            _log_in_again(client, "the org is not here, and a login says where it is")
        hopeless = kind is RequestTooLargeError or (kind is SetupError and not self._has_connected and not asks_where)
        made = as_transport_error(kind, error, fatal=hopeless)
        if kind is SetupError:
            made.advice = _whereabouts(client.url)
        return made

    # -- on the command line

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        """Add `salesforce`."""
        from .commands import salesforce

        cli.add_command(salesforce)


def _log_in_again(client: HookClient, reason: str) -> None:
    """Have auth log in once more, if it is there and can; its limits hold."""
    with suppress(UsageError):  # nobody brings the hook
        client.hook("log_in_again").call(reason, client)


def _whereabouts(url: str) -> str:
    if any(f"//{host}" in url for host in LOGIN_HOSTS):
        return "nothing streams at the login host: log in with pybayeux-auth, and the client goes where the org is"
    return (
        "check the address: My Domain and an API version, such as salesforce://my-org; sites have a path of their own"
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
