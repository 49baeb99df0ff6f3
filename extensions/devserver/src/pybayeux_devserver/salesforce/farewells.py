"""The ways in which a client learns that its session is gone.

Owns their variants: the documented one, and those that were seen (EMP-Connector#15, faye#492, cometd#644,
restforce#97).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .shapes import HANDSHAKE_AGAIN
from .texts import UNKNOWN_CLIENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..options import Json

__all__ = ("DEFAULT", "FAREWELLS", "GOODBYE_MESSAGE")

DEFAULT: Final = "handshake"
GOODBYE_MESSAGE: Final[Json] = {"channel": "/meta/disconnect"}
"""A disconnect of the server's own, without an id."""

_UNKNOWN: Final[Json] = {"error": UNKNOWN_CLIENT, "advice": HANDSHAKE_AGAIN}
_NONE: Final[Json] = {"reconnect": "none"}

FAREWELLS: Final[Mapping[str, Json]] = {
    DEFAULT: _UNKNOWN,
    "advice-none": {**_UNKNOWN, "advice": _NONE},
    "no-advice": {"error": UNKNOWN_CLIENT},
    "interval": {**_UNKNOWN, "advice": {"reconnect": "handshake", "interval": 500}},
    "402": {**_UNKNOWN, "error": "402::Unknown client"},
    "meta-disconnect": {**_UNKNOWN, "advice": _NONE, "goodbye": True},
    "anonymous": {**_UNKNOWN, "anonymous": True},
}
"""Members of the refusal. With ``goodbye`` a disconnect comes before it, ``anonymous`` leaves channel and id away, as
the documentation prints it."""
