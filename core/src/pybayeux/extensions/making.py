"""From a class and its options to an extension."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from ..errors import ExtensionLoadError, ExtensionOptionError, UsageError
from .texts import described

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("make",)


def make(target: object, values: Mapping[str, object], *, extension: str, origin: str) -> object:
    """A new instance of a class; a module or an instance as it is.

    Raises:
        ExtensionOptionError: The options do not fit together: the constructor raised a UsageError.
        ExtensionLoadError: The constructor failed.
    """
    if not inspect.isclass(target):
        return target
    try:
        return target(**values)
    except UsageError as error:
        raise ExtensionOptionError(f"{origin}: {error}", extension=extension, option="") from error
    except Exception as error:
        raise ExtensionLoadError(f"{origin} cannot be made: {described(error)}", extension=extension) from error
