"""The hooks of this package, for other extensions to implement with the ordinary `hookimpl`.

An extension that also works without this package marks its implementation ``@hookimpl(optionalhook=True)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookspec

if TYPE_CHECKING:
    from .target import Targets

__all__ = ("RelayHooks",)


class RelayHooks:
    """All hooks of this package."""

    @hookspec
    def register_targets(self, targets: Targets) -> None:
        """Add kinds of targets: ``targets.add("shelf", open_shelf)`` for names such as ``shelf://host/books``.

        Called when a target is opened, by `open_target` and by ``pybayeux relay``. There is no client, and
        `registered` is not called.

        An exception is reported, and the next extension is called.
        """
