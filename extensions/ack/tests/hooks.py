from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pybayeux import AsyncClient, Drop, Message
    from pybayeux_ack import Ack

__all__ = ("incoming",)


def incoming(ack: Ack, message: Message, *, accepting: bool = True) -> Drop | None:
    """Call the hook for a message, under a client that accepts events or does not."""
    client: Any = SimpleNamespace(accepting=accepting)
    return ack.incoming(message, cast("AsyncClient", client))
