"""Replay for pybayeux: every event is handled, also after restarts, lost sessions and lost replies."""

from .bookmarks import Bookmarks as Bookmarks
from .dead_letters import DeadLetter as DeadLetter
from .dead_letters import DeadLetterStore as DeadLetterStore
from .extension import Replay as Replay
from .fence import PositionConflictError as PositionConflictError
from .gaps import Gap as Gap
from .gaps import GapReason as GapReason
from .leases import Lease as Lease
from .leases import LeaseLostError as LeaseLostError
from .leases import LeaseRequest as LeaseRequest
from .position import Position as Position
from .shards import Member as Member
from .shards import Shard as Shard
from .shards import ShardChanges as ShardChanges
from .shards import ShardTable as ShardTable
from .shards import ShardTerms as ShardTerms
from .stalls import Stall as Stall
from .store import DiagnosticStore as DiagnosticStore
from .store import Fence as Fence
from .store import FencedStore as FencedStore
from .store import FencedTransactionalStore as FencedTransactionalStore
from .store import LeaseStore as LeaseStore
from .store import LoopBoundStore as LoopBoundStore
from .store import MemoryStore as MemoryStore
from .store import PromptStore as PromptStore
from .store import ShardStore as ShardStore
from .store import Store as Store
from .store import TransactionalStore as TransactionalStore
from .stores import StoreFactory as StoreFactory
from .stores import Stores as Stores

__all__ = (
    "Bookmarks",
    "DeadLetter",
    "DeadLetterStore",
    "DiagnosticStore",
    "Fence",
    "FencedStore",
    "FencedTransactionalStore",
    "Gap",
    "GapReason",
    "Lease",
    "LeaseLostError",
    "LeaseRequest",
    "LeaseStore",
    "LoopBoundStore",
    "Member",
    "MemoryStore",
    "Position",
    "PositionConflictError",
    "PromptStore",
    "Replay",
    "Shard",
    "ShardChanges",
    "ShardStore",
    "ShardTable",
    "ShardTerms",
    "Stall",
    "Store",
    "StoreFactory",
    "Stores",
    "TransactionalStore",
)
