"""Replay for pybayeux: every event is handled, across restarts, lost sessions and lost answers."""

from .extension import Replay as Replay
from .position import Position as Position
from .store import MemoryStore as MemoryStore
from .store import Store as Store

__all__ = ("MemoryStore", "Position", "Replay", "Store")
