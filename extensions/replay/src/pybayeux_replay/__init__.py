"""Replay for pybayeux: every event is handled, across restarts, lost sessions and lost answers."""

from .extension import Replay as Replay
from .gap import Gap as Gap
from .gap import GapReason as GapReason
from .position import Position as Position
from .store import MemoryStore as MemoryStore
from .store import Store as Store
from .store import TransactionalStore as TransactionalStore
from .stores import StoreFactory as StoreFactory
from .stores import Stores as Stores

__all__ = (
    "Gap",
    "GapReason",
    "MemoryStore",
    "Position",
    "Replay",
    "Store",
    "StoreFactory",
    "Stores",
    "TransactionalStore",
)
