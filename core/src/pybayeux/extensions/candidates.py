"""The state of each installed extension for one client: active, disabled, not configured, incompatible or broken.

Owns the import of an extension, its check and its fit with this version. An error belongs to one extension: it is kept
with it, and the others are still used. Makes no instance and registers nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from .._util.arguments import check_names
from .._version import __version__
from ..errors import ExtensionError, ExtensionLoadError, ExtensionOptionError
from ..hookspecs import PROJECT
from .discovery import Installed, find, local_extensions
from .environment import owners_of_variables
from .names import canonical, not_installed_hint
from .options import Settings, options_of, read_options
from .result_policy import format_exception
from .validation import NO_HOOK, implemented_hooks
from .wanted import WantedExtensions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from packaging.requirements import Requirement

__all__ = (
    "Candidate",
    "GivenOptions",
    "State",
    "installed_version",
    "load",
    "misfit_of",
    "resolve_installed",
    "unknown_extension",
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
        sources: Where each of them came from.
        error: What is wrong with a broken or incompatible one.
    """

    installed: Installed
    state: State
    reason: str = ""
    target: object = None
    hooks: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    error: ExtensionError | None = None

    @property
    def name(self) -> str:
        """The name of the extension."""
        return self.installed.name

    @property
    def dist(self) -> str:
        """The name of the distribution that brings it."""
        return self.installed.dist

    @property
    def version(self) -> str:
        """The version of that distribution."""
        return self.installed.version


def resolve_installed(
    options: GivenOptions,
    disabled: Iterable[str] = (),
    *,
    discover: bool | Iterable[str] = True,
    among: Callable[[Installed], bool] = lambda installed: True,
) -> list[Candidate]:
    """All installed extensions and what becomes of them, in the order of their names.

    Args:
        options: What was given for their options.
        disabled: Names of extensions to leave out, or ``all``, beside those in PYBAYEUX_DISABLE_EXTENSIONS.
        discover: Names of the only extensions to use; True: those that `only_names` has, by default all.
            False: none.
        among: Says which of them are asked for; the others are neither loaded nor returned.

    Raises:
        UsageError: `discover` names an extension that is not installed, or an argument is a string.
    """
    disabled = check_names("disabled", disabled)
    if discover is False:
        return []
    found = sorted((*find(), *local_extensions()), key=lambda each: each.name)
    wanted = WantedExtensions(disabled, discover, {each.name for each in found})
    owners: dict[str, Installed] = {}
    candidates = []
    for installed in found:
        owner = owners.setdefault(canonical(installed.name), installed)
        if not among(installed):
            continue
        if (reason := wanted.reason_against(installed.name)) is not None:
            candidates.append(_disabled(installed, reason))
        elif owner is not installed:
            candidates.append(_broken(installed, _conflict(installed, owner)))
        else:
            candidates.append(_load(installed))
    usable = {each.name: each.target for each in candidates if each.state is State.ACTIVE}
    variables = owners_of_variables(usable)
    return [
        _configure(each, options.get(each.name), {name for name, owner in variables.items() if owner != each.name})
        if each.state is State.ACTIVE
        else each
        for each in candidates
    ]


def unknown_extension(name: str, known: Iterable[str]) -> str:
    """What to say of an extension that is not there."""
    return f"there is no such extension; {not_installed_hint(name, known)}"


@cache
def _disabled(installed: Installed, reason: str) -> Candidate:
    return Candidate(installed, State.DISABLED, reason)


def _load(installed: Installed) -> Candidate:
    if (misfit := misfit_of(installed)) is not None:
        return Candidate(installed, State.INCOMPATIBLE, str(misfit), error=misfit)
    return load(installed)


def _configure(candidate: Candidate, given: Mapping[str, object] | None, foreign: Collection[str]) -> Candidate:
    installed = candidate.installed
    try:
        settings = _settings(candidate.target, given, installed, foreign)
    except ExtensionOptionError as error:
        return replace(candidate, state=State.BROKEN, reason=str(error), error=error)
    except Exception as error:  # such as a signature that cannot be read
        return _broken(installed, _load_error(f"{installed}: {format_exception(error)}", installed, error))
    if settings.values:  # without options it is the same for all clients, which then share it
        candidate = replace(candidate, values=settings.values, sources=settings.sources)
    if settings.missing:
        reason = f"missing options: {', '.join(settings.missing)}"
        return replace(candidate, state=State.NOT_CONFIGURED, reason=reason)
    return candidate


def _settings(
    target: object, given: Mapping[str, object] | None, installed: Installed, foreign: Collection[str]
) -> Settings:
    if inspect.isclass(target):
        return read_options(target, given, extension=installed.name, origin=str(installed), foreign=foreign)
    for option in given or {}:
        why = f"{installed} takes no options, {option!r} was given"
        raise ExtensionOptionError(why, extension=installed.name, option=option)
    return Settings({}, ())


def _conflict(installed: Installed, owner: Installed) -> ExtensionLoadError:
    name = "the name" if owner.name == installed.name else f"the name {owner.name!r}, which is the same,"
    why = f"{installed} is left out: {owner.distribution} has {name} already"
    return ExtensionLoadError(why, extension=installed.name)


def _broken(installed: Installed, error: ExtensionError) -> Candidate:
    return Candidate(installed, State.BROKEN, str(error), error=error)


# -- what an entry point names


@cache
def load(installed: Installed) -> Candidate:
    """Import what an entry point names and check its hooks, once per process: it is active or broken."""
    try:
        target = installed.entry_point.load()
        hooks = implemented_hooks(target, installed.name)
        if not hooks:
            return _broken(installed, ExtensionLoadError(f"{installed}: {NO_HOOK}", extension=installed.name))
        options_of(target)  # it fails here where the parameters of a class cannot be read
        return Candidate(installed, State.ACTIVE, target=target, hooks=hooks)
    except ExtensionError as error:
        text = f"{error} ({installed.dist} {installed.version})"
        return _broken(installed, _load_error(text, installed, error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also a panic of a native module, or pytest's skip
        text = f"{installed} cannot be loaded: {format_exception(error)}"
        return _broken(installed, _load_error(text, installed, error))


def _load_error(text: str, installed: Installed, cause: BaseException) -> ExtensionLoadError:
    error = ExtensionLoadError(text, extension=installed.name, hook=getattr(cause, "hook", None))
    error.__cause__ = cause
    return error


# -- whether it was written for this version


def installed_version() -> str:
    """The version of this package: that of the code that runs, whatever metadata lies about."""
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
