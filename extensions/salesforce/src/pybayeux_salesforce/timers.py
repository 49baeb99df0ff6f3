"""The times that Salesforce keeps and does not tell, told to the client as advice.

A connect is held for 110 seconds. Forty seconds after an answer without a new connect the session is gone ("Client
Connections and Timeouts", Streaming API Developer Guide). The handshake's reply says neither of it, and the first
connect's reply the first alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Advice

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("HOLD", "MAX_INTERVAL", "complete_advice")

HOLD: Final = 110.0
"""Seconds that a connect is held."""
MAX_INTERVAL: Final = 40.0
"""Seconds that a session lives without a connect."""


def complete_advice(handshake: Message, max_interval: float) -> None:
    """Add to the reply to a handshake what it does not say; what it says stays.

    Args:
        handshake: The reply; it is changed in place.
        max_interval: Seconds that a session lives without a connect.
    """
    advice = handshake.advice = handshake.advice or Advice()
    if advice.timeout is None:
        advice.timeout = round(HOLD * 1000)
    if advice.max_interval is None:
        advice.max_interval = round(max_interval * 1000)
