"""Whether an extension was written for the version that is installed here.

Its distribution says so itself: what it requires of this one. An installer sees to that, unless it was told not to or
something was installed over it later; then the failures would be strange ones, so nothing of the extension is loaded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from ..errors import ExtensionLoadError
from ..hookspecs import PROJECT

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from .discovery import Installed

__all__ = ("installed_version", "misfit_of")

_NAME: Final = re.compile(rf"\s*{PROJECT}(?![\w.-])", re.IGNORECASE)


@cache
def installed_version() -> str | None:
    """The version of this package; None where it runs without having been installed."""
    import importlib_metadata

    try:
        return str(importlib_metadata.version(PROJECT))
    except importlib_metadata.PackageNotFoundError:
        return None


@cache
def misfit_of(installed: Installed) -> ExtensionLoadError | None:
    """What is wrong where an extension requires another version than the installed one, else None."""
    version = installed_version()
    for text in installed.requirements if version is not None else ():
        requirement = _read(text) if _NAME.match(text) else None
        # A development version counts: whoever installed one wants to see whether the extension works with it.
        if requirement is not None and not requirement.specifier.contains(str(version), prereleases=True):
            why = f"{installed} requires {PROJECT}{requirement.specifier}, and {version} is installed"
            return ExtensionLoadError(why, extension=installed.name)
    return None


def _read(text: str) -> Requirement | None:
    """A requirement that holds here; what cannot be read is the installer's business."""
    from packaging.requirements import InvalidRequirement, Requirement  # programs without extensions need it not

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return requirement if requirement.marker is None or requirement.marker.evaluate({"extra": ""}) else None
