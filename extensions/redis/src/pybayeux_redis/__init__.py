"""Redis for replay: positions in Redis, and a program's own transactions there."""

from typing import TYPE_CHECKING

from pybayeux import lazy_names

from .extension import Redis as Redis

if TYPE_CHECKING:
    from .store import RedisStore as RedisStore

__all__ = ("Redis", "RedisStore")

if not TYPE_CHECKING:  # redis-py takes a fifth of a second to import, and every client imports this package
    __getattr__ = lazy_names(__name__, {"store": "RedisStore"})
