"""The explanation of one installed extension: why it acts in a client or does not, and what it costs to load.

Owns the gathering of what is known of it: where it comes from, what decides whether it is used, its place, its hooks,
options and commands. It decides nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from .candidates import State, load, misfit_of, unknown_extension
from .choices import configured_order, disabled_names, only_names
from .command_entries import may_add_commands
from .discovery import find, local_extensions
from .listing import ExtensionInfo, list_extensions
from .names import canonical
from .validation import hook_marks

if TYPE_CHECKING:
    from collections.abc import Collection

    from .candidates import GivenOptions
    from .discovery import Installed

__all__ = ("Explanation", "HookMarks", "explain")

_FOUND: Final = "installed, and nothing says otherwise"


@dataclass(frozen=True, slots=True)
class HookMarks:
    """One hook that an extension implements.

    Attributes:
        name: The name of the hook.
        marks: What changes its place in the call or its kind: ``tryfirst``, ``trylast``, ``wrapper``, ``async``.
    """

    name: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of one extension. `msgspec.json.encode` takes it as it is.

    Attributes:
        extension: What the list says of it.
        entry_point: Its entry point: ``name = module:attribute``.
        file: The file that has the entry point.
        decision: What decides that it acts or does not.
        active: The number of the active extensions, among which it has its place.
        order_from: What decides its place: ``name``, a variable, or the path of a file.
        hooks: Its hooks, with the marks of each.
        asked_for_commands: Whether the command line loads it for its help: its package names no commands.
        import_seconds: The processor time of importing it, with what it needs and was not imported yet; None where it
            was not imported.
    """

    extension: ExtensionInfo
    entry_point: str
    file: str
    decision: str
    active: int
    order_from: str
    hooks: tuple[HookMarks, ...]
    asked_for_commands: bool
    import_seconds: float | None


def explain(name: str, options: GivenOptions | None = None, *, disabled: Collection[str] = ()) -> Explanation:
    """Gather what is known of an installed extension.

    Args:
        name: The name of the extension.
        options: Options by the names of extensions and options, as a client would get them.
        disabled: Names of extensions that a client would leave out.

    Raises:
        UsageError: No extension of this name is installed.
    """
    found = (*find(), *local_extensions())
    installed = next((each for each in found if canonical(each.name) == canonical(name)), None)
    if installed is None:
        raise UsageError(f"extension {name!r}: {unknown_extension(name, [each.name for each in found])}")
    wanted = _decision(installed.name, disabled)
    seconds = _import(installed) if wanted is None else None
    listed = list_extensions(options, disabled=disabled)
    info = next(each for each in listed if each.name == installed.name)
    order, place = configured_order()
    return Explanation(
        extension=info,
        entry_point=f"{installed.entry_point.name} = {installed.entry_point.value}",
        file=installed.distribution.file,
        decision=wanted or info.reason or _FOUND,
        active=sum(each.state is State.ACTIVE for each in listed),
        order_from=place if canonical(installed.name) in map(canonical, order) else "name",
        hooks=_hooks(installed, info),
        asked_for_commands=may_add_commands(installed),
        import_seconds=seconds,
    )


def _decision(name: str, disabled: Collection[str]) -> str | None:
    """What says that an extension is not wanted, or None."""
    name = canonical(name)
    for names, place in ((disabled, "-p no or disabled="), (disabled_names(), "PYBAYEUX_DISABLE_EXTENSIONS")):
        if {name, "all"} & set(map(canonical, names)):
            return f"disabled by {place}"
    only, place = only_names()
    if only and name not in map(canonical, only):
        return f"not among the extensions in {place}: {', '.join(only)}"
    return None


def _import(installed: Installed) -> float | None:
    """Seconds of processor time that it takes to import an extension, beyond what is imported already."""
    if misfit_of(installed) is not None:
        return None
    began = process_time()
    load(installed)
    return process_time() - began


def _hooks(installed: Installed, info: ExtensionInfo) -> tuple[HookMarks, ...]:
    if not info.hooks:
        return ()
    marks = hook_marks(load(installed).target)
    return tuple(HookMarks(name, marks.get(name, ())) for name in info.hooks)
