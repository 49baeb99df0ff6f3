"""The sub-commands that extensions add to the command line, where there is no client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import ExtensionError
from .candidates import Candidate, GivenOptions, State, survey
from .making import make
from .manager import HookManager
from .pipeline import Pipeline
from .selection import complain
from .verdict import Report, log_error

if TYPE_CHECKING:
    from collections.abc import Collection

    import click

__all__ = ("register_commands",)

_HOOK: Final = "register_commands"


def register_commands(
    cli: click.Group,
    *,
    options: GivenOptions | None = None,
    blocked: Collection[str] = (),
    on_error: Report = log_error,
) -> None:
    """Let the installed extensions add their sub-commands to `cli`.

    Makes instances of those classes alone that have the hook and are configured. One that fails is reported, and the
    others take part.

    Args:
        cli: The command to add to.
        options: Options by the names of extensions and options.
        blocked: Names of extensions to leave out.
        on_error: Is told of an exception in a hook.
    """
    manager = HookManager()
    for candidate in survey(options or {}, blocked):
        if candidate.state is State.ACTIVE and _HOOK in candidate.hooks:
            _register(manager, candidate)
    implementations = manager.hook.register_commands.get_hookimpls()
    pipeline: Pipeline[[click.Group]] = Pipeline(_HOOK, implementations, report=on_error)
    pipeline.call(cli)


def _register(manager: HookManager, candidate: Candidate) -> None:
    origin = str(candidate.installed)
    try:
        extension = make(candidate.target, candidate.values, extension=candidate.name, origin=origin)
    except ExtensionError as error:
        complain(error)
    else:
        manager.register(extension, candidate.name)
