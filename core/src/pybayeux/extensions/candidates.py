"""What becomes of each installed extension for one client: used, blocked, not configured, incompatible or broken.

Decides and makes instances; registers nothing. Every verdict has a reason that the listing can show.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from ..errors import ExtensionError, ExtensionLoadError, ExtensionOptionError
from .compatibility import misfit_of
from .discovery import Installed, disabled_names, find
from .loading import load
from .options import Settings, read_options

__all__ = ("Candidate", "GivenOptions", "State", "survey")

GivenOptions: TypeAlias = Mapping[str, Mapping[str, object]]
"""Options by the names of extensions and options."""


class State(StrEnum):
    """What became of an installed extension."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    NOT_CONFIGURED = "not configured"
    INCOMPATIBLE = "incompatible"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An installed extension and the verdict about it.

    Attributes:
        installed: Where it comes from.
        state: The verdict.
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


def survey(options: GivenOptions, blocked: Collection[str] = ()) -> list[Candidate]:
    """Judge all installed extensions, in the order of their names.

    Args:
        options: What was given for their options.
        blocked: Names of extensions to leave out, or ``all``, beside those in PYBAYEUX_DISABLE_EXTENSIONS.
    """
    unwanted = disabled_names().union(blocked)
    owners: dict[str, Installed] = {}
    candidates = []
    for installed in find():
        owner = owners.setdefault(installed.name, installed)
        if unwanted & {installed.name, "all"}:
            candidates.append(Candidate(installed, State.BLOCKED, "blocked"))
        elif owner is not installed:
            candidates.append(_broken(installed, _conflict(installed, owner)))
        else:
            candidates.append(_judge(installed, options.get(installed.name)))
    return candidates


def _judge(installed: Installed, given: Mapping[str, object] | None) -> Candidate:
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
