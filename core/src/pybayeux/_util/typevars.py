"""The type variable of messages and subscriptions: what the data of an event is decoded into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ("DataT",)

# Only type checkers need the default, and typing has it from Python 3.13 on.
if TYPE_CHECKING:
    from typing_extensions import TypeVar

    DataT = TypeVar("DataT", covariant=True, default=Any)
else:
    from typing import TypeVar

    DataT = TypeVar("DataT", covariant=True)
