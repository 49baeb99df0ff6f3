"""Replay for pybayeux: every event is handled, also after restarts, lost sessions and lost replies."""

from .extension import Replay as Replay
from .gaps import Gap as Gap
from .gaps import GapReason as GapReason
from .position import Position as Position
from .stalls import Stall as Stall
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
    "Stall",
    "Store",
    "StoreFactory",
    "Stores",
    "TransactionalStore",
)
