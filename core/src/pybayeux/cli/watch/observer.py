"""`Observer`: an extension that notes what happens to its client, and takes part in nothing.

Owns the counts, all of which are bounded. It does not know how they are shown.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ...event_stamp import read_stamp
from ...hookspecs import hookimpl
from ...state import ConnectionState
from ..watcher import Watcher
from .figures import MINUTE, Lags, Rate
from .snapshot import ChannelFigures, ExtensionFigures, Happening, LagFigures, SeenEvent, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...client import AsyncClient
    from ...errors import BayeuxError
    from ...extensions.status import ExtensionStatus
    from ...extensions.tracing import Step
    from ...message import Message

__all__ = ("Observer",)

_WINDOW: Final = 10
_MOST_CHANNELS: Final = 1000
_OTHERS: Final = "(other channels)"
_MOST_RECENT: Final = 100
_LONGEST: Final = 500
"""Characters of an event's data, and of the text of a failure."""


@dataclass(slots=True)
class _Channel:
    rate: Rate
    events: int = 0
    lag: float | None = None
    position: int | None = None


@dataclass(slots=True)
class _Cost:
    calls: int = 0
    microseconds: float = 0
    changes: int = 0
    dropped: int = 0
    errors: int = 0
    last: str = ""


@dataclass(slots=True)
class _Counts:
    sessions: int = 0
    connections: int = 0
    failures: int = 0
    events: int = 0
    connected_since: float | None = None
    channels: dict[str, _Channel] = field(default_factory=dict)
    costs: dict[str, _Cost] = field(default_factory=dict)


class Observer:
    """Notes what happens to a client.

    Args:
        redact: Removes secrets from a text.
        clock: Returns the time in seconds since 1970.

    Attributes:
        name: The name of the extension.
        subscribed: Set once the channels are subscribed to.
        has_event: Set once there was an event.
    """

    name: Final = "watch"

    def __init__(self, redact: Callable[[str], str], clock: Callable[[], float] = time.time) -> None:
        self._redact: Final = redact
        self._clock: Final = clock
        self._rate: Final = Rate(clock())
        self._lags: Final = Lags()
        self._counts: Final = _Counts()
        self._recent: Final[deque[tuple[float, str, bytes]]] = deque(maxlen=_MOST_RECENT)
        self._happenings: Final[deque[Happening]] = deque(maxlen=_MOST_RECENT)
        self._client: AsyncClient | None = None
        self.subscribed: Final = asyncio.Event()
        self.has_event: Final = asyncio.Event()

    # -- what happens

    @hookimpl
    def registered(self, client: AsyncClient) -> None:
        """Know the client."""
        self._client = client

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState) -> None:
        """Count sessions and connections."""
        counts = self._counts
        if new is ConnectionState.CONNECTED:
            counts.connections += 1
            counts.connected_since = self._clock()
        elif old is ConnectionState.CONNECTED:
            counts.connected_since = None
        counts.sessions += new is ConnectionState.HANDSHAKEN
        self._happened(f"{old.value} -> {new.value}")

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Count failures."""
        self._counts.failures += 1
        self._happened(self._redact(str(error)))

    @hookimpl(trylast=True)
    def incoming(self, message: Message) -> None:
        """Count an event, as all other extensions have left it."""
        if message.is_meta or message.successful is not None or not message.channel:
            return
        now, stamp, counts = self._clock(), read_stamp(message), self._counts
        channel = self._channel(str(message.channel), now)
        counts.events += 1
        channel.events += 1
        self._rate.add(now)
        channel.rate.add(now)
        channel.position = stamp.position
        channel.lag = None if stamp.created_at is None else now - stamp.created_at
        if stamp.created_at is not None:
            self._lags.add(now, stamp.created_at)
        self._recent.appendleft((now, str(message.channel), _beginning(message)))
        self.has_event.set()

    def step(self, step: Step) -> None:
        """Count a call of another extension's hook. For `pybayeux.extensions.tracing.tracing_to`."""
        if step.extension in (self.name, Watcher.name):
            return
        cost = self._counts.costs.setdefault(step.extension, _Cost())
        cost.calls += 1
        cost.microseconds += step.microseconds
        cost.changes += bool(step.changes)
        cost.dropped += step.dropped is not None
        cost.errors += step.error is not None
        if step.changes or step.dropped is not None or step.error is not None:
            cost.last = f"{step.hook} {step.subject}: {_outcome(step)}"

    def _channel(self, name: str, now: float) -> _Channel:
        channels = self._counts.channels
        if name not in channels and len(channels) >= _MOST_CHANNELS:
            name = _OTHERS
        return channels.setdefault(name, _Channel(Rate(now)))

    def _happened(self, text: str) -> None:
        self._happenings.appendleft(Happening(_time(self._clock()), text[:_LONGEST]))

    # -- what is known of it

    def snapshot(self) -> Snapshot:
        """What is known now. For the client's event loop."""
        now, counts, client = self._clock(), self._counts, self._client
        health = None if client is None else client.health
        since, lag = counts.connected_since, self._lags.summary(now)
        return Snapshot(
            at=_time(now),
            url="" if client is None else client.url.partition("?")[0],
            state=ConnectionState.DISCONNECTED.value if health is None else health.state.value,
            ready=health is not None and health.ready,
            health="not started" if health is None else self._redact(str(health)),
            transport=None if client is None else client.connection_type,
            connected_seconds=None if since is None else now - since,
            retry_in_seconds=None if health is None else health.retry_in,
            sessions=counts.sessions,
            reconnects=max(0, counts.connections - 1),
            failures=counts.failures,
            events=counts.events,
            per_second=self._rate.per_second(now, _WINDOW),
            per_second_minute=self._rate.per_second(now, MINUTE),
            lag=None if lag is None else LagFigures(*(seconds * 1000 for seconds in lag)),
            channels=[_channel_figures(name, each, now) for name, each in counts.channels.items()],
            extensions=[] if client is None else list(map(self._extension_figures, self._others(client))),
            recent=[_seen(*each) for each in self._recent],
            happenings=list(self._happenings),
        )

    def _others(self, client: AsyncClient) -> list[ExtensionStatus]:
        """The extensions without those of the command itself."""
        return [each for each in client.extensions if each.name not in (self.name, Watcher.name)]

    def _extension_figures(self, status: ExtensionStatus) -> ExtensionFigures:
        cost = self._counts.costs.get(status.name, _Cost())
        return ExtensionFigures(
            name=status.name,
            version=status.version,
            state=str(status.state),
            reason=self._redact(status.reason),
            calls=cost.calls,
            total_ms=cost.microseconds / 1000,
            changes=cost.changes,
            dropped=cost.dropped,
            errors=cost.errors,
            last=self._redact(cost.last),
        )


def _outcome(step: Step) -> str:
    if step.error is not None:
        return f"raised {step.error}"
    return f"dropped: {step.dropped}" if step.dropped is not None else "; ".join(map(str, step.changes))


def _channel_figures(name: str, channel: _Channel, now: float) -> ChannelFigures:
    return ChannelFigures(
        channel=name,
        events=channel.events,
        per_second=channel.rate.per_second(now, _WINDOW),
        lag_ms=None if channel.lag is None else channel.lag * 1000,
        position=channel.position,
    )


def _beginning(event: Message) -> bytes:
    """The beginning of an event's data. All of it may be large, and is not kept."""
    try:
        return event.raw_data[: 4 * _LONGEST] if event.has_data else b""
    except TypeError:  # another extension has put something there that JSON cannot express
        return f"({type(event.data).__name__})".encode()


def _seen(at: float, channel: str, beginning: bytes) -> SeenEvent:
    text = " ".join(beginning.decode("utf-8", "replace").split())
    return SeenEvent(_time(at), channel, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
