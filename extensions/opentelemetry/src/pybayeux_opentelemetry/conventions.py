"""The names under which everything is told: attributes after OpenTelemetry's conventions for messaging, and our own."""

from __future__ import annotations

from typing import Final

__all__ = (
    "BODY_SIZE",
    "CONNECTION_TYPE",
    "DESTINATION",
    "ERROR_TYPE",
    "MESSAGE_ID",
    "NAME",
    "OPERATION",
    "OPERATION_TYPE",
    "SERVER",
    "SYSTEM",
)

NAME: Final = "pybayeux"
"""Of the tracer and the meter."""

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
