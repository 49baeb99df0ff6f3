"""The hooks of this package, for other extensions to implement with the ordinary `hookimpl`.

An extension that also works without this package marks its implementation ``@hookimpl(optionalhook=True)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import HookClient

    from .limits import Limit

__all__ = ("SalesforceHooks",)


class SalesforceHooks:
    """All hooks of this package."""

    @hookspec
    async def limits_read(self, limits: Sequence[Limit], near: Sequence[Limit], client: HookClient) -> None:
        """The org's limits were read: at the start of the first session, and then every ``limits_interval`` seconds.

        `limits` has those for streaming and for API requests, `near` those of them of which at least
        ``limits_threshold`` is used. While `near` is not empty, put off what costs events or requests and can wait,
        such as a backfill.

        An exception is reported to `failed`.
        """
