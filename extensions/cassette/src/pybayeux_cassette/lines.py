"""The lines of a cassette: a header, events, and changes of the connection's state. Each is one JSON object.

Owns the format, version 1. Members that it does not know are ignored, so that a later version may add some.

============  ===========================================================================
header        ``bayeuxCassette`` (1), ``recordedAt`` (UTC), ``channels`` (what was subscribed to), ``redacted`` and
              ``removed`` (the paths given), each a list of texts
event         ``at`` (seconds since the start), ``channel``, ``data``, and where the event had them ``replayId``,
              ``eventId`` and ``ext``
state         ``at`` and ``state``: ``unconnected``, ``rehandshaking`` or ``connected``
============  ===========================================================================
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from pybayeux.errors import BayeuxError

__all__ = (
    "STATES",
    "VERSION",
    "CassetteError",
    "Header",
    "Record",
    "RecordedEvent",
    "RecordedState",
    "decode_header",
    "decode_record",
    "encode_line",
)

VERSION: Final = 1
STATES: Final = ("unconnected", "rehandshaking", "connected")
"""The states that are recorded: the connection is lost, the session is lost, and all is well again."""


class CassetteError(BayeuxError):
    """A file is not a cassette, or it is damaged. The text names the file and the line."""


class Header(msgspec.Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """The first line.

    Attributes:
        bayeux_cassette: The version of the format.
        recorded_at: When the recording started, in UTC, as ``2026-11-29T16:10:00.000Z``.
        channels: The channels and patterns that were subscribed to.
        redacted: The paths whose values were replaced.
        removed: The paths that were removed.
    """

    bayeux_cassette: int
    recorded_at: str
    channels: tuple[str, ...]
    redacted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class RecordedEvent(msgspec.Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """An event.

    Attributes:
        at: Seconds since the start of the recording.
        channel: The channel that it came on.
        data: Its data, redacted.
        replay_id: Its replay id, ``data.event.replayId``, if it had one.
        event_id: Its unique id, ``data.event.EventUuid``, if it had one.
        ext: Its `ext`, redacted.
    """

    at: float
    channel: str
    data: Any
    replay_id: int | None = None
    event_id: str | None = None
    ext: dict[str, Any] | None = None


class RecordedState(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the connection's state.

    Attributes:
        at: Seconds since the start of the recording.
        state: One of `STATES`.
    """

    at: float
    state: str


Record: TypeAlias = RecordedEvent | RecordedState
"""What follows the header."""


class _Line(msgspec.Struct, rename="camel"):
    """What tells one kind of line from the other."""

    channel: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    state: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_encode: Final = msgspec.json.Encoder()
_line: Final = msgspec.json.Decoder(_Line)
_header: Final = msgspec.json.Decoder(Header)
_event: Final = msgspec.json.Decoder(RecordedEvent)
_state: Final = msgspec.json.Decoder(RecordedState)


def encode_line(line: Header | Record) -> bytes:
    """A line, with its end.

    Raises:
        TypeError: JSON cannot express the data.
    """
    return _encode.encode(line) + b"\n"


def decode_header(line: bytes) -> Header:
    """The header.

    Raises:
        ValueError: It is not one, or of another version.
    """
    try:
        version = msgspec.json.decode(line, type=dict[str, Any])["bayeuxCassette"]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
        raise ValueError('expected the header of a cassette, {"bayeuxCassette": 1, ...}') from None
    if version != VERSION:
        raise ValueError(f"the format is version {version}; this package reads version {VERSION}")
    header: Header = _decoded(_header, line)
    return header


def decode_record(line: bytes) -> Record:
    """A line after the header.

    Raises:
        ValueError: It is neither an event nor a state.
    """
    kind: _Line = _decoded(_line, line)
    if kind.channel is not msgspec.UNSET:
        event: RecordedEvent = _decoded(_event, line)
        if not event.channel.startswith("/"):
            raise ValueError(f"channel: expected a leading slash; got {event.channel!r}")
        return event
    if kind.state is msgspec.UNSET:
        raise ValueError('expected a member "channel" or "state"')
    state: RecordedState = _decoded(_state, line)
    if state.state not in STATES:
        raise ValueError(f"state: expected one of {', '.join(STATES)}; got {state.state!r}")
    return state


def _decoded(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        return decoder.decode(line)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error.reason}") from None
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
