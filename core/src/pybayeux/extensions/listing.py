"""The list of installed extensions and what becomes of each, for people and for ``--json``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from .._util.credentials import is_secret
from ..errors import ExtensionError
from .candidates import Candidate, GivenOptions, State, resolve_installed
from .catalogue import hook_providers
from .command_entries import commands_of
from .options import Option, options_of
from .order import UserOrder
from .selection import instantiate, warn_of_lost_configuration

if TYPE_CHECKING:
    from collections.abc import Collection

    from .catalogue import HookProvider

__all__ = ("ExtensionInfo", "OptionInfo", "list_extensions")

MASK: Final = "***"
_PASSWORD: Final = re.compile(r"(://[^/@:\s]*:)[^/@\s]+(@)")


@dataclass(frozen=True, slots=True)
class OptionInfo(Option):
    """One option, with its value as a client would get it.

    Attributes:
        value: The value, or its text where it is no plain data. Secrets are masked. None where there is none.
        source: Where it came from: ``-x``, a variable, the path of a file, ``options=`` or ``default``; empty where
            there is none.
    """

    value: object
    source: str


@dataclass(frozen=True, slots=True)
class ExtensionInfo:
    """One installed extension. `msgspec.json.encode` takes it as it is.

    Attributes:
        name: The name of the extension.
        dist: The distribution that brings it.
        version: The version of that distribution.
        state: What a new client would do with it.
        hooks: The names of the hooks it implements; empty where it was not loaded.
        options: What can be set; empty where it was not loaded.
        brings: The names of the hooks that its package brings for others to implement.
        commands: The names of the sub-commands that its package names.
        reason: Why it is not active; empty where it is.
        order: Its place among the active ones, as in `ExtensionStatus`; None where it is not active.
    """

    name: str
    dist: str
    version: str
    state: State
    hooks: tuple[str, ...]
    options: tuple[OptionInfo, ...]
    brings: tuple[str, ...]
    reason: str
    order: int | None = None
    commands: tuple[str, ...] = ()


def list_extensions(options: GivenOptions | None = None, *, disabled: Collection[str] = ()) -> list[ExtensionInfo]:
    """All installed extensions, in the order of their names. A broken one is in the list.

    Makes an instance of each that is active, as a client does: its constructor may fail.

    Args:
        options: Options by the names of extensions and options, as a client would get them.
        disabled: Names of extensions that a client would leave out.
    """
    candidates = resolve_installed(options or {}, disabled)
    warn_of_lost_configuration(options or {}, candidates)
    user_order = UserOrder()
    user_order.warn_of_unknown(each.name for each in candidates)
    made = user_order.sort(map(_made, candidates))
    active = [each.name for each in made if each.state is State.ACTIVE]
    found = [_info(each, active.index(each.name) + 1 if each.state is State.ACTIVE else None) for each in made]
    broken = [_broken(provider) for provider in hook_providers() if provider.error is not None]
    return sorted(found + broken, key=lambda each: each.name)


def _made(candidate: Candidate) -> Candidate:
    if candidate.state is not State.ACTIVE:
        return candidate
    try:
        instantiate(candidate.target, candidate.values, extension=candidate.name, origin=str(candidate.installed))
    except ExtensionError as error:
        return replace(candidate, state=State.BROKEN, reason=str(error), error=error)
    return candidate


def _info(candidate: Candidate, order: int | None) -> ExtensionInfo:
    return ExtensionInfo(
        name=candidate.name,
        dist=candidate.installed.dist,
        version=candidate.installed.version,
        state=candidate.state,
        hooks=candidate.hooks,
        options=tuple(_option(each, candidate) for each in options_of(candidate.target)),
        brings=_brought_by(candidate.installed.dist),
        reason=candidate.reason,
        order=order,
        commands=commands_of(candidate.installed),
    )


def _option(option: Option, candidate: Candidate) -> OptionInfo:
    if option.name in candidate.values:
        value, source = _masked(option.name, candidate.values[option.name]), candidate.sources[option.name]
    else:
        value, source = option.default, "" if option.required else "default"
    return OptionInfo(option.name, option.type, option.default, option.required, value, source)


def _masked(name: str, value: object) -> object:
    """A value for people: no secret, and nothing but plain data."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret(name):
        return MASK
    if isinstance(value, str):
        return _PASSWORD.sub(rf"\1{MASK}\2", value)
    if isinstance(value, dict):
        return {str(key): _masked(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(name, each) for each in value]
    return _PASSWORD.sub(rf"\1{MASK}\2", repr(value))


def _brought_by(dist: str) -> tuple[str, ...]:
    return tuple(
        name for provider in hook_providers() if provider.installed.dist == dist for name in provider.hooks or ()
    )


def _broken(provider: HookProvider) -> ExtensionInfo:
    """Hook specifications that cannot be used are listed as an extension is that cannot."""
    installed = provider.installed
    return ExtensionInfo(
        installed.name, installed.dist, installed.version, State.BROKEN, (), (), (), str(provider.error)
    )
