"""The endings of sessions: how clients are told.

Owns the variants: the documented one, and those that were seen (EMP-Connector#15, faye#492, cometd#644, restforce#97).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..texts import UNKNOWN_CLIENT
from .replies import HANDSHAKE_ADVICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux_devserver.toolkit import Json

__all__ = ("DEFAULT_ENDING", "SERVER_DISCONNECT", "SESSION_ENDINGS")

DEFAULT_ENDING: Final = "handshake"
SERVER_DISCONNECT: Final[Json] = {"channel": "/meta/disconnect"}
"""A disconnect from the server's side, without an id."""

_UNKNOWN: Final[Json] = {"error": UNKNOWN_CLIENT, "advice": HANDSHAKE_ADVICE}
_NONE: Final[Json] = {"reconnect": "none"}

SESSION_ENDINGS: Final[Mapping[str, Json]] = {
    DEFAULT_ENDING: _UNKNOWN,
    "advice-none": {**_UNKNOWN, "advice": _NONE},
    "no-advice": {"error": UNKNOWN_CLIENT},
    "interval": {**_UNKNOWN, "advice": {"reconnect": "handshake", "interval": 500}},
    "402": {**_UNKNOWN, "error": "402::Unknown client"},
    "meta-disconnect": {**_UNKNOWN, "advice": _NONE, "disconnect_first": True},
    "anonymous": {**_UNKNOWN, "anonymous": True},
}
"""Members of the failed reply. With ``disconnect_first`` a disconnect comes before it. With ``anonymous`` it has
neither channel nor id, as printed in the documentation."""
