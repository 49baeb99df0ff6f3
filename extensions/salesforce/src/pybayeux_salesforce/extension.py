"""The hooks of the Salesforce extension: addresses, errors, timeouts and limits of the Streaming API.

What each refusal means is in `refusals`, what the client does about it in `remedies`. Logins are in `pybayeux-auth`,
positions in `pybayeux-replay`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, Drop, hookimpl
from pybayeux.errors import Remedy, ReplyError, TransportError, UsageError

from .address import (
    LOGIN_HOSTS,
    NEWEST,
    SCHEME,
    endpoint_at,
    endpoint_of,
    is_salesforce,
    is_streaming_path,
    org_id_of,
    replay_origin_of,
)
from .backfill.options import BackfillOptions
from .backoff import Backoff, LoginLookup
from .errors import (
    AccessError,
    CookieError,
    QuotaError,
    RequestTooLargeError,
    SalesforceError,
    SetupError,
    UnknownSessionError,
    as_refusal,
    as_transport_error,
)
from .filtered_topics import FilteredTopics
from .instance import InstanceReader
from .quotas import Quotas
from .refusals import (
    RefusedRequest,
    classify_refusal,
    classify_transport_error,
    is_denied_without_reason,
    refused_request,
)
from .remedies import RemedyPolicy
from .session import MAX_INTERVAL, SessionLifetimes, complete_advice
from .transport import SessionCookies, limit_request_size

if TYPE_CHECKING:
    from pybayeux import BayeuxError, DiagnosisFindings, HookClient, Message
    from pybayeux_auth import Grant

    from .limits import Limit

__all__ = ("Salesforce",)

_LONG_POLLING: Final = "long-polling"
_EXTRA_TIME: Final = 5.0
"""Seconds by which a timeout is extended while the name of the instance is read."""
_MOVED: Final = (404, 410)
"""HTTP statuses at an address from which an org has moved away."""
_MOVING: Final = "the org may have moved: a login finds its address"


class Salesforce:
    """Adapts a client to Salesforce's Streaming API.

    One instance belongs to one client. It does nothing for servers that are not Salesforce's.

    Args:
        active: Whether the server is Salesforce. None: if the address was ``salesforce://...`` or its host is one of
            Salesforce's. A site with a domain of its own needs True.
        follow: Whether the client moves to the ``instance_url`` that a login returns. Users of an Experience Cloud
            site, who stay at the site, need False.
        busy_wait: Seconds to wait for an overloaded server: the first wait and the longest.
        quota_wait: Seconds to wait after a limit is reached: the first wait and the longest.
        max_interval: Seconds that a session lives without a connect.
        read_instance: Whether the name of the org's instance is read by REST at the start of each session. Without it,
            replay does not notice that an org has moved and kept its address.
        limits_interval: Seconds between two readings of the org's limits by REST, each an API request; 0 for none.
        limits_threshold: The share of a limit, from 0 to 1, from which on it counts as nearly used up. Then there is a
            warning, and the client asks for the longest holds.
        backfill: Whether the gaps of change events and PushTopics are filled: what they left out is read by REST and
            handed to the same receivers. `BackfillOptions` says how.

    Raises:
        ValueError: A time is not positive, a first wait is longer than the longest, or a share is none.
    """

    def __init__(
        self,
        active: bool | None = None,
        follow: bool = True,
        busy_wait: tuple[float, float] = (120.0, 900.0),
        quota_wait: tuple[float, float] = (300.0, 3600.0),
        max_interval: float = MAX_INTERVAL,
        read_instance: bool = True,
        limits_interval: float = 900.0,
        limits_threshold: float = 0.9,
        backfill: bool | BackfillOptions = False,
    ) -> None:
        if max_interval <= 0:
            raise ValueError(f"max_interval: expected more than 0 s; got {max_interval:g}")
        self._active = active
        self._follow: Final = follow
        self._max_interval: Final = max_interval
        self._remedies: Final = RemedyPolicy(_backoff("busy_wait", busy_wait), _backoff("quota_wait", quota_wait))
        self._lookup: Final = LoginLookup(_backoff("busy_wait", busy_wait))
        self._lifetimes: Final = SessionLifetimes()
        self._cookies: Final = SessionCookies()
        self._instance: Final = InstanceReader()
        self._reads_instance: Final = read_instance
        self._quotas: Final = Quotas(limits_interval, limits_threshold)
        self._grant: Grant | None = None
        self._filtered: Final = FilteredTopics()
        self._org_id: str | None = None
        self._connects = 0
        self._has_connected = False
        self._backfill: Final = BackfillOptions() if backfill is True else (backfill or None)

    @hookimpl
    def registered(self, name: str, client: HookClient) -> None:
        """Add the backfill, if there is to be one."""
        if self._backfill is not None:
            from .backfill.extension import Backfill

            client.use(Backfill(self._backfill, self._grant), f"{name}-backfill")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The org's limits as they were read last; empty before."""
        return self._quotas.limits

    @property
    def near_limits(self) -> tuple[Limit, ...]:
        """The limits of which at least `limits_threshold` is used."""
        return self._quotas.near

    # -- the address

    @hookimpl
    def resolve_url(self, url: str) -> str | None:
        """Return the endpoint of ``salesforce://...``; None for other schemes."""
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
        """Move the client to the org's URL that the login returned, and note the org."""
        if not self._concerns(client.url):
            return
        self._grant, self._org_id = grant, org_id_of(grant)
        if self._follow and grant.instance_url is not None and is_streaming_path(client.url):
            before = client.url
            client.move(endpoint_at(grant.instance_url, before))
            if client.url != before:
                self._lookup.reset()

    @hookimpl(optionalhook=True)
    async def try_token(self, grant: Grant) -> str | None:
        """Make one REST request with a token of an org."""
        if grant.instance_url is None or org_id_of(grant) is None:
            return None
        from .rest import check_token

        await check_token(grant.instance_url, grant.access_token, NEWEST)
        return "the org"

    @hookimpl(optionalhook=True)
    def replay_origin(self, client: HookClient) -> str | None:
        """Return the org and the instance for which replay ids are valid."""
        if (organization := self._instance.organization) is not None:
            return replay_origin_of(organization.org_id, client.url, organization.instance)
        return replay_origin_of(self._org_id, client.url, None)

    @hookimpl
    def extend_timeout(self, message: Message) -> float | None:
        """Extend the timeout of a subscribe while the name of the instance is read for it, and of a longer hold."""
        return _EXTRA_TIME if self._instance.is_reading else self._quotas.extra_hold(message)

    @hookimpl
    async def unregistered(self) -> None:
        """Stop reading."""
        await self._instance.close()
        await self._quotas.close()

    # -- messages and transports

    @hookimpl(tryfirst=True)
    def register_transports(self, registry: Any) -> None:
        """Limit the size of requests. Runs first, so that the wrappers are next to the transport itself."""
        registry.wrap(self._cookies.track, _LONG_POLLING)
        registry.wrap(partial(limit_request_size, concerns=self._concerns), _LONG_POLLING)

    @hookimpl(tryfirst=True)
    async def outgoing(self, message: Message, client: HookClient) -> Drop | None:
        """Offer only long-polling in the handshake, and stop publishes: Salesforce refuses anything else.

        Before the first subscribe of a session, read the name of the instance. Runs first, before replay chooses where
        a subscription begins.
        """
        if not self._concerns(client.url):
            return None
        if not message.is_meta:
            return Drop(_publish_advice(message.channel))
        if message.channel == Channel.META_HANDSHAKE:
            message.supported_connection_types = [_LONG_POLLING]
        elif message.channel == Channel.META_CONNECT:
            self._quotas.connecting(message)
        elif message.channel == Channel.META_SUBSCRIBE:
            for channel in _subscriptions_in(message):
                self._filtered.add(channel)
            if self._reads_instance:
                await self._instance.read(client.client_id, client.url, self._grant, client.http)
        return None

    @hookimpl
    def unsubscribed(self, channel: str) -> None:
        """Expect no further events of a filtered subscription."""
        self._filtered.remove(channel)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message, client: HookClient) -> None:
        """Track the session, and add the server's timeouts to the handshake reply before the client reads it."""
        if message.successful is None and not self._filtered:
            return  # an event, the most frequent message
        if not self._concerns(client.url):
            return
        if message.successful is None:
            if (channel := self._filtered.channel_of(message)) != message.channel:
                message.channel = channel
        elif not message.successful:
            self._rehandshake_if_unknown(message, client)
        elif message.channel == Channel.META_HANDSHAKE:
            self._connects = 0
            self._lifetimes.started(_now())
            complete_advice(message, self._max_interval)
        elif message.channel == Channel.META_CONNECT:
            self._connected(client)

    def _rehandshake_if_unknown(self, refusal: Message, client: HookClient) -> None:
        # The documented form of this refusal has neither channel nor id, so it matches no request.
        error = refusal.parse_error()
        if not refusal.channel and error is not None and error.is_unknown_client and client.recovers:
            client.rehandshake(f"{error}, in a message without a channel")

    def _connected(self, client: HookClient) -> None:
        self._connects += 1
        self._has_connected = True
        self._quotas.watch(client, lambda: self._grant)
        if self._connects > 1:  # the first is answered at once and does not prove that the session works
            self._remedies.reset()
            self._lookup.reset()
            self._quotas.works()

    # -- errors

    @hookimpl
    def interpret_error(self, error: BayeuxError, client: HookClient) -> BayeuxError | None:
        """Classify an error of the server, and choose what the client does about it."""
        if not self._concerns(client.url) or isinstance(error, SalesforceError):
            return None
        if isinstance(error, ReplyError):
            return self._interpret_refusal(error, client)
        if isinstance(error, TransportError):
            return self._interpret_transport_error(error, client)
        return None

    def _interpret_refusal(self, refusal: ReplyError, client: HookClient) -> SalesforceError:
        kind, reason = classify_refusal(refusal)
        now, request, advice, is_routine = _now(), refused_request(refusal), "", False
        remedy, wait = self._remedies.choose(kind, request, refusal.channel, now)
        if kind is UnknownSessionError and request in RefusedRequest.SESSION:
            advice, is_routine = self._lifetimes.lost(now), True
        elif kind is CookieError and remedy is Remedy.HANDSHAKE:
            self._cookies.drop()
        elif kind is AccessError and is_denied_without_reason(refusal) and self._remedies.is_first_try("denial"):
            remedy = Remedy.HANDSHAKE
            _log_in_again(client, "the server denied access without a reason, so the token may be invalid")
        made = as_refusal(kind, refusal, reason=reason, remedy=remedy, wait=wait)
        if isinstance(made, QuotaError):
            self._quotas.reached(made)
        made.advice, made.routine = advice or made.advice, is_routine and not advice
        return made

    def _interpret_transport_error(self, error: TransportError, client: HookClient) -> SalesforceError | None:
        kind = classify_transport_error(error)
        if kind is None:
            return None
        # The org may also move between the login and the first connect: another login distinguishes a move from a wrong
        # address.
        looks_up = error.status in _MOVED and self._lookup.is_due(_now())
        if looks_up:
            _log_in_again(client, "the org is no longer at this address")
        fatal = kind is RequestTooLargeError or (kind is SetupError and not self._has_connected and not looks_up)
        made = as_transport_error(kind, error, fatal=fatal)
        if kind is SetupError:
            made.advice = _MOVING if self._has_connected else _address_advice(client.url)
        return made

    # -- on the command line

    @hookimpl
    async def diagnose(self, findings: DiagnosisFindings, client: HookClient) -> None:
        """Add the org's limits to what `pybayeux doctor` finds. One that is used up is a problem."""
        if self._grant is not None and self._concerns(client.url):
            await self._quotas.diagnose(findings, client, self._grant)


def _subscriptions_in(message: Message) -> list[str]:
    named = message.subscription
    return [named] if isinstance(named, str) else list(named or ())


def _backoff(option: str, waits: tuple[float, float]) -> Backoff:
    try:
        return Backoff(*waits)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


def _log_in_again(client: HookClient, reason: str) -> None:
    """Ask pybayeux-auth for another login; its limits apply."""
    with suppress(UsageError):  # pybayeux-auth is not installed
        client.hook("log_in_again").call(reason, client)


def _address_advice(url: str) -> str:
    if any(f"//{host}" in url for host in LOGIN_HOSTS):
        return (
            "the login host has no streaming endpoint: log in with pybayeux-auth, so that the client moves to the org"
        )
    return (
        "check the address: expected My Domain and an API version, as in salesforce://my-org; a site has its own path"
    )


def _publish_advice(channel: str) -> str:
    event = channel.rpartition("/")[2]
    resource = f"sobjects/{event}" if event.endswith("__e") else "sobjects/StreamingChannel/ID/push"
    return (
        "Salesforce takes no events over the Streaming API, only by REST: POST the fields to "
        f"/services/data/v{NEWEST}/{resource}"
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
