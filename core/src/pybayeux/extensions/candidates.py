"""What becomes of each installed extension for one client: active, disabled, not configured, incompatible or broken.

Owns the import of an extension, its check and its fit with this version. An error belongs to one extension: it is kept
with it, and the others are still used. Makes no instance and registers nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from ..errors import ExtensionError, ExtensionLoadError, ExtensionOptionError
from ..hookspecs import PROJECT
from .discovery import Installed, disabled_names, find
from .options import Settings, read_options
from .result_policy import format_exception
from .validation import implemented_hooks

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = (
    "Candidate",
    "GivenOptions",
    "Loaded",
    "State",
    "installed_version",
    "load",
    "misfit_of",
    "resolve_installed",
)

_REQUIRES_CORE: Final = re.compile(rf"\s*{PROJECT}(?![\w.-])", re.IGNORECASE)

GivenOptions: TypeAlias = Mapping[str, Mapping[str, object]]
"""Options by the names of extensions and options."""


class State(StrEnum):
    """What became of an installed extension."""

    ACTIVE = "active"
    DISABLED = "disabled"
    NOT_CONFIGURED = "not configured"
    INCOMPATIBLE = "incompatible"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An installed extension and what becomes of it.

    Attributes:
        installed: Where it comes from.
        state: What becomes of it.
        reason: Why, where it is not active.
        target: The class, module or instance, where it could be loaded.
        hooks: The names of the hooks it implements.
        values: The options for the constructor of a class.
        error: What is wrong with a broken or incompatible one.
    """

    installed: Installed
    state: State
    reason: str = ""
    target: object = None
    hooks: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    error: ExtensionError | None = None

    @property
    def name(self) -> str:
        """The name of the extension."""
        return self.installed.name


def resolve_installed(options: GivenOptions, disabled: Collection[str] = ()) -> list[Candidate]:
    """All installed extensions and what becomes of them, in the order of their names.

    Args:
        options: What was given for their options.
        disabled: Names of extensions to leave out, or ``all``, beside those in PYBAYEUX_DISABLE_EXTENSIONS.
    """
    unwanted = disabled_names().union(disabled)
    owners: dict[str, Installed] = {}
    candidates = []
    for installed in find():
        owner = owners.setdefault(installed.name, installed)
        if unwanted & {installed.name, "all"}:
            candidates.append(Candidate(installed, State.DISABLED, "disabled"))
        elif owner is not installed:
            candidates.append(_broken(installed, _conflict(installed, owner)))
        else:
            candidates.append(_resolve(installed, options.get(installed.name)))
    return candidates


def _resolve(installed: Installed, given: Mapping[str, object] | None) -> Candidate:
    if (misfit := misfit_of(installed)) is not None:
        return Candidate(installed, State.INCOMPATIBLE, str(misfit), error=misfit)
    loaded = load(installed)
    if loaded.error is not None:
        return _broken(installed, loaded.error)
    candidate = Candidate(installed, State.ACTIVE, target=loaded.target, hooks=loaded.hooks)
    try:
        settings = _settings(loaded.target, given, installed)
    except ExtensionOptionError as error:
        return replace(candidate, state=State.BROKEN, reason=str(error), error=error)
    except Exception as error:  # such as a signature that cannot be read
        return _broken(installed, _load_error(f"{installed}: {format_exception(error)}", installed, error))
    if settings.missing:
        reason = f"missing options: {', '.join(settings.missing)}"
        return replace(candidate, state=State.NOT_CONFIGURED, reason=reason)
    return replace(candidate, values=settings.values)


def _settings(target: object, given: Mapping[str, object] | None, installed: Installed) -> Settings:
    if inspect.isclass(target):
        return read_options(target, given, extension=installed.name, origin=str(installed))
    for option in given or {}:
        why = f"{installed} takes no options, {option!r} was given"
        raise ExtensionOptionError(why, extension=installed.name, option=option)
    return Settings({}, ())


def _conflict(installed: Installed, owner: Installed) -> ExtensionLoadError:
    why = f"{installed} is left out: {owner.dist} {owner.version} has the name already"
    return ExtensionLoadError(why, extension=installed.name)


def _broken(installed: Installed, error: ExtensionError) -> Candidate:
    return Candidate(installed, State.BROKEN, str(error), error=error)


# -- what an entry point names


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an entry point names.

    Attributes:
        target: A class, a module or an instance; None where there is an error.
        hooks: The names of the hooks it implements.
        error: Why it cannot be used, or None.
    """

    target: object = None
    hooks: tuple[str, ...] = ()
    error: ExtensionError | None = None


@cache
def load(installed: Installed) -> Loaded:
    """Import what an entry point names and check its hooks, once per process."""
    try:
        target = installed.entry_point.load()
        return Loaded(target, implemented_hooks(target, installed.name))
    except ExtensionError as error:
        return Loaded(error=_load_error(f"{error} ({installed.dist} {installed.version})", installed, error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also a panic of a native module, or pytest's skip
        return Loaded(error=_load_error(f"{installed} cannot be loaded: {format_exception(error)}", installed, error))


def _load_error(text: str, installed: Installed, cause: BaseException) -> ExtensionLoadError:
    error = ExtensionLoadError(text, extension=installed.name, hook=getattr(cause, "hook", None))
    error.__cause__ = cause
    return error


# -- whether it was written for this version


def installed_version() -> str:
    """The version of this package: that of the code that runs, whatever metadata lies about."""
    from .. import __version__

    return __version__


@cache
def misfit_of(installed: Installed) -> ExtensionLoadError | None:
    """The error of an extension whose distribution requires another version than the installed one, else None.

    Installers see to that, unless they were told not to, or another version was installed later.
    """
    version = installed_version()
    for text in installed.requirements:
        requirement = _parse(text) if _REQUIRES_CORE.match(text) else None
        # A development version counts: it was installed to see whether extensions work with it.
        if requirement is not None and not requirement.specifier.contains(version, prereleases=True):
            why = f"{installed} requires {PROJECT}{requirement.specifier}, and {version} is installed"
            return ExtensionLoadError(why, extension=installed.name)
    return None


def _parse(text: str) -> Requirement | None:
    """A requirement that holds here; None where it does not, or cannot be read."""
    from packaging.requirements import InvalidRequirement, Requirement  # slow to import, and without extensions unused

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return requirement if requirement.marker is None or requirement.marker.evaluate({"extra": ""}) else None
