"""The options that were given for one extension, and where each came from.

Converts nothing, and does not know which options there are: the command line makes tables without loading extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ("OptionTable",)


class OptionTable(dict[str, object]):
    """The options that were given for one extension, and where each came from.

    Attributes:
        sources: Where a value came from, by option, such as the path of a file.
        weak: The options over which the environment takes precedence.
    """

    def __init__(
        self, values: Mapping[str, object], sources: Mapping[str, str] | None = None, weak: Collection[str] = ()
    ) -> None:
        super().__init__(values)
        self.sources: Final = dict(sources or {})
        self.weak: Final = set(weak)
