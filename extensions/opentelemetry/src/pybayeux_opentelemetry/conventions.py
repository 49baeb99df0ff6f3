"""Names of attributes: those of OpenTelemetry's semantic conventions for messaging, and this package's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pybayeux import MessageError

__all__ = (
    "BODY_SIZE",
    "CONNECTION_STATE",
    "CONNECTION_TYPE",
    "DESTINATION",
    "ERROR_TYPE",
    "GAP_REASON",
    "LIMIT_NAME",
    "MESSAGE_ID",
    "NAME",
    "OPERATION",
    "OPERATION_TYPE",
    "OTHER",
    "SERVER",
    "SYSTEM",
    "error_type_of",
)

NAME: Final = "pybayeux"
"""The name of the tracer and of the meter."""

SYSTEM: Final = {"messaging.system": "bayeux"}

DESTINATION: Final = "messaging.destination.name"
OPERATION: Final = "messaging.operation.name"
OPERATION_TYPE: Final = "messaging.operation.type"
MESSAGE_ID: Final = "messaging.message.id"
BODY_SIZE: Final = "messaging.message.body.size"
SERVER: Final = "server.address"
ERROR_TYPE: Final = "error.type"

CONNECTION_TYPE: Final = "bayeux.connection_type"
"""The transport, such as ``websocket``."""

CONNECTION_STATE: Final = "bayeux.connection_state"
"""The state of the connection, such as ``connected``."""

GAP_REASON: Final = "bayeux.gap.reason"
"""Why events may be missing, such as ``expired``."""

LIMIT_NAME: Final = "bayeux.limit.name"
"""The server's name of a limit, such as ``DailyDeliveredPlatformEvents``."""

OTHER: Final = "_OTHER"
"""The conventions' value for what has no value of its own: an error without a code, a channel beyond the limit."""


def error_type_of(error: MessageError | None) -> str:
    """Return the value of `ERROR_TYPE` for a refusal: its three digits, or `OTHER` if it has no code."""
    return OTHER if error is None or error.code is None else str(error.code)
