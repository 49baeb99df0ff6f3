"""Redis for replay: positions in Redis, and a program's own transactions there."""

from typing import TYPE_CHECKING, Any

from .extension import Redis as Redis

if TYPE_CHECKING:
    from .store import RedisStore as RedisStore

__all__ = ("Redis", "RedisStore")


def __getattr__(name: str) -> Any:
    # redis-py takes a fifth of a second to import. Clients that do not use it should not wait for it.
    if name == "RedisStore":
        from .store import RedisStore

        return RedisStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
