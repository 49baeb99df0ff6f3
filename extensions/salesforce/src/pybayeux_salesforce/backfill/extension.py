"""`Backfill`: the hooks of a backfill. They find the gaps, and pass what concerns a channel to its `ChannelBackfill`.

`Salesforce` registers it where its option `backfill` asks for it. It needs replay, which finds gaps and has the store.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import httpx

from pybayeux import Channel, ConnectionState, Drop, hookimpl
from pybayeux.errors import UsageError

from ..address import endpoint_origin, version_of
from ..rest import RestClient
from .channel import ChannelBackfill
from .org_api import OrgApi
from .source import RecordSource
from .topics import TopicSource

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from contextlib import AbstractAsyncContextManager

    from pybayeux import HookClient, Message
    from pybayeux_auth import Grant
    from pybayeux_replay import Bookmarks, Gap, Lease

    from .options import BackfillOptions

__all__ = ("Backfill",)

_logger: Final = logging.getLogger("pybayeux.salesforce")
_HANDLED: Final = Drop("a backfill has handed out a later state of its record")
_UNREADABLE: Final = "only change events and PushTopics have records: what the server has deleted cannot be read"
_CHANGES: Final = "/data/"
_TOPICS: Final = "/topic/"
_TIMEOUT: Final = 60.0
"""Seconds that the org may take for an answer."""


class Backfill:
    """Fills the gaps of a client's change events and PushTopics.

    Args:
        options: The options.
        grant: The login, if there was one already.
    """

    def __init__(self, options: BackfillOptions, grant: Grant | None = None) -> None:
        self._options: Final = options
        self._grant = grant
        self._rest: RestClient | None = None
        self._rest_of: tuple[Grant, str] | None = None
        self._http: httpx.AsyncClient | None = None
        self._channels: Final[dict[str, ChannelBackfill]] = {}
        self._ended: Final[list[ChannelBackfill]] = []
        self._source: RecordSource | None = None
        self._client: HookClient | None = None
        self._bookmarks: Bookmarks | None = None

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """Prepare the requests."""
        self._client = client
        api = OrgApi(self._connect, self._log_in_again, self._options.calls_per_minute, self._options.first_wait)
        self._source = RecordSource(api, self._options)

    @hookimpl(optionalhook=True)
    def authenticated(self, grant: Grant) -> None:
        """Note the login."""
        self._grant = grant

    def _connect(self) -> RestClient | None:
        """Return a client for the org at its present address, with the present login; None while there is none."""
        if self._grant is None or self._client is None:
            return None
        url = self._client.url
        if self._rest_of != (self._grant, url):
            self._rest_of = self._grant, url
            self._rest = RestClient(
                endpoint_origin(url), self._grant.access_token, version_of(url), http=self._http_client(self._client)
            )
        return self._rest

    def _http_client(self, client: HookClient) -> httpx.AsyncClient:
        if isinstance(client.http, httpx.AsyncClient):
            return client.http
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=_TIMEOUT)
        return self._http

    def _log_in_again(self, reason: str) -> None:
        if self._client is not None:
            with suppress(UsageError):  # pybayeux-auth is not installed
                self._client.hook("log_in_again").call(reason, self._client)

    # -- subscriptions

    @hookimpl
    def outgoing(self, message: Message, client: HookClient) -> None:
        """Hold what comes on a channel until its subscribe is granted."""
        if message.channel != Channel.META_SUBSCRIBE or not client.recovers:
            return
        named = message.subscription
        for channel in [named] if isinstance(named, str) else list(named or ()):
            if channel.startswith((_CHANGES, _TOPICS)):
                self._of(channel, client).subscribing()

    @hookimpl(optionalhook=True)
    def granted(self, subscription: str, gap: Gap | None) -> None:
        """Fill the gap, if there is one and its channel has records."""
        if (channel := self._channels.get(subscription)) is not None:
            channel.granted(gap)
        elif gap is not None:
            _logger.error("backfill: a gap stays open: %s (%s)", gap, _UNREADABLE)

    def _of(self, channel: str, client: HookClient) -> ChannelBackfill:
        if channel not in self._channels:
            if self._bookmarks is None:
                self._bookmarks = client.hook("bookmarks").call(client)
            if self._bookmarks is None or self._source is None:
                raise UsageError("backfill: it needs pybayeux-replay, which finds the gaps and keeps the positions")
            source = self._source
            if channel.startswith(_TOPICS):
                source = TopicSource(source.api, self._options, channel)
            self._channels[channel] = ChannelBackfill(channel, client, source, self._bookmarks, self._options)
        return self._channels[channel]

    @hookimpl
    def unsubscribed(self, channel: str) -> None:
        """Nothing receives what would be filled."""
        if (ended := self._channels.pop(channel, None)) is not None:
            ended.end()
            self._ended.append(ended)

    # -- events

    @hookimpl(wrapper=True)
    def incoming(self, message: Message) -> Generator[None, Drop | None, Drop | None]:
        """See each event after replay has noted it; drop it where a backfill has handed out a later state."""
        result = yield
        if result is not None or message.successful is not None:
            return result
        channel = self._channels.get(message.channel)
        if channel is None or not self._is_accepting:
            return None
        return _HANDLED if channel.receive(message) else None

    @property
    def _is_accepting(self) -> bool:
        return self._client is not None and self._client.accepting

    @hookimpl
    def delivered(self, message: Message) -> None:
        """Note that an event is handled, or that a record is."""
        if (channel := self._channels.get(message.channel)) is not None:
            channel.delivered(message)

    @hookimpl(tryfirst=True)
    def transaction(self, message: Message, earlier: Sequence[Message]) -> AbstractAsyncContextManager[Any] | None:
        """Return the transaction in which a record is handled and its bookmark stored; None for an event."""
        channel = self._channels.get(message.channel)
        bookmark = None if channel is None or earlier else channel.bookmark_of(message)
        if bookmark is None or self._bookmarks is None:
            return None
        return self._bookmarks.transaction(*bookmark)

    # -- the end

    @hookimpl(optionalhook=True)
    def lease_changed(self, lease: Lease | None) -> None:
        """Another replica is active: it fills what is missing."""
        if lease is None:
            self._end_all()

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        """The client has ended its session."""
        if new is ConnectionState.DISCONNECTED:
            self._end_all()

    @hookimpl
    async def unregistered(self) -> None:
        """Stop reading."""
        self._end_all()
        for each in self._ended:
            await each.finish()
        self._ended.clear()
        if self._http is not None:
            await self._http.aclose()
            self._http = self._rest = self._rest_of = None

    def _end_all(self) -> None:
        for channel in list(self._channels):
            self.unsubscribed(channel)
