"""The faults of the matrix, in the order of the tables: name, what happens, how it is made, how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.reliability import exchange_faults as faults
from benchmarks.reliability.conditions import (
    AtExchange,
    BadCertificate,
    ClockJump,
    DroppedSession,
    Elsewhere,
    NoName,
    Partition,
    Refused,
    Restart,
    released,
)
from benchmarks.reliability.exchange_faults import OnReply, Refusal, SwappedReplies
from benchmarks.reliability.surroundings import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.reliability.conditions import Condition
    from benchmarks.reliability.replies import Reply

__all__ = ("FAULTS", "Fault")

_HOLD: Final = 2.0


@dataclass(frozen=True)
class Fault:
    """A row of the matrix.

    Attributes:
        name: What it is called.
        text: What happens.
        condition: How it is made.
        seconds: How long it lasts; 0 if it is over at once.
        kind: What it needs.
    """

    name: str
    text: str
    condition: Condition
    seconds: float = _HOLD
    kind: Kind = Kind.PLAIN


def _reply(name: str, function: Callable[[Reply], Awaitable[None]]) -> Fault:
    text = (function.__doc__ or "").rstrip(".")
    return Fault(name, text[:1].lower() + text[1:], AtExchange(lambda _: OnReply(function)))


def _status(status: int, *headers: tuple[bytes, bytes], name: str = "") -> Fault:
    text = "a gateway answers with this status; nothing reaches the server"
    return Fault(name or str(status), text, AtExchange(partial(_refusal, status, headers)))


def _refusal(status: int, headers: tuple[tuple[bytes, bytes], ...], _: object) -> Refusal:
    return Refusal(status, *headers)


_RESTART: Final = "the server is killed, started after so many seconds, and back when another client can handshake"

FAULTS: Final = (
    Fault("refuse", "all connections break, new ones are refused", Refused()),
    _reply("reset before the reply", faults.reset_before),
    _reply("reset during the reply", faults.reset_during),
    _reply("reset after the reply", faults.reset_after),
    Fault("hang", "the replies come when the fault has ended", AtExchange(released)),
    _reply("half-open socket", faults.half_open),
    _reply("trickle", faults.trickle),
    _reply("cut body", faults.cut_body),
    _reply("wrong length", faults.wrong_length),
    _reply("garbage", faults.garbage),
    _reply("HTML", faults.html),
    Fault("redirect elsewhere", "a redirect to a page of another origin", Elsewhere()),
    *map(_status, (401, 402, 403, 408)),
    _status(429, (b"retry-after", b"1"), name="429, Retry-After: 1"),
    *map(_status, (500, 502, 503)),
    _reply("empty 200", faults.empty),
    _reply("wrong content type", faults.wrong_type),
    _reply("bad gzip", faults.bad_gzip),
    _reply("duplicate replies", faults.duplicate),
    Fault("swapped replies", "two replies on their way change places", AtExchange(lambda _: SwappedReplies())),
    Fault("clock jump", "the client's clock goes forward by an hour", ClockJump(), kind=Kind.CLOCK),
    Fault("DNS failure", "all connections break, and the name is not resolved", NoName(), kind=Kind.NETWORK),
    Fault("TLS failure", "all connections break, and the certificate is not trusted", BadCertificate(), kind=Kind.TLS),
    Fault("server killed, 5 s", _RESTART, Restart(), 5, Kind.OWN_SERVER),
    Fault("server killed, 60 s", _RESTART, Restart(), 60, Kind.OWN_SERVER),
    Fault("session dropped", "the server forgets the session without a word", DroppedSession(), 0),
    Fault("partition", "every packet is lost, without a word to either side", Partition(), 5, Kind.NETWORK),
)
