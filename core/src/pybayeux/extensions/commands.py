"""Hooks that are called where there is no client, such as those of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import ExtensionError, UsageError
from .candidates import Candidate, GivenOptions, State, resolve_installed
from .catalogue import HookManager, signature_of
from .command_entries import may_add_commands
from .hook_function import hook_functions
from .options import environment_name
from .pipeline import Pipeline
from .result_policy import Report, log_error
from .selection import instantiate, warn_of_lost_configuration, warn_or_raise
from .wanted import refuse_unknown_only

if TYPE_CHECKING:
    from collections.abc import Collection

    import click

    from ..hook_client import HookCaller
    from .discovery import Installed

__all__ = ("commands_left_out", "installed_extension", "installed_hook", "register_commands")

_COMMANDS: Final = "register_commands"


def register_commands(
    cli: click.Group,
    *,
    options: GivenOptions | None = None,
    disabled: Collection[str] = (),
    on_error: Report = log_error,
) -> None:
    """Let the installed extensions add their sub-commands to `cli`. The arguments are those of `installed_hook`.

    Those whose packages name their commands are not asked.
    """
    installed_hook(_COMMANDS, options=options, disabled=disabled, on_error=on_error).call(cli)


def commands_left_out(options: GivenOptions, disabled: Collection[str] = ()) -> list[str]:
    """The extensions that may have sub-commands and are not active, each with its state and the reason."""
    return [
        f"extension {each.name!r} is {each.state}: {each.reason}"
        for each in resolve_installed(options, disabled, among=may_add_commands)
        if each.state is not State.ACTIVE and (_COMMANDS in each.hooks or not each.hooks)
    ]


def installed_hook(
    name: str,
    *,
    options: GivenOptions | None = None,
    disabled: Collection[str] = (),
    on_error: Report = log_error,
) -> HookCaller:
    """The call of a hook of the installed extensions, for sub-commands, which have no client.

    Makes instances of those classes alone that have the hook and are configured; `registered` is not called. An
    extension that fails is reported, and the others take part.

    Args:
        name: The hook, such as one that the caller's own package brings.
        options: Options by the names of extensions and options.
        disabled: Names of extensions to leave out.
        on_error: Called with an exception in a hook.

    Raises:
        UsageError: There is no such hook; or one of the only extensions to use is not installed.
        ExtensionOptionError: An option of an extension that has the hook is wrong.
    """
    if signature_of(name) is None:
        raise UsageError(f"no installed package brings a hook {name!r}")
    manager = HookManager()
    if name == _COMMANDS:
        candidates = resolve_installed(options or {}, disabled, among=may_add_commands)
    else:
        refuse_unknown_only()
        candidates = resolve_installed(options or {}, disabled)
        warn_of_lost_configuration(options or {}, candidates)
    for candidate in candidates:
        if name not in candidate.hooks:
            continue
        if candidate.state is State.ACTIVE:
            _register(manager, candidate)
        elif candidate.error is not None and name != _COMMANDS:  # a wrong option must not take commands away
            warn_or_raise(candidate.error)
    known = getattr(manager.hook, name, None)
    implementations = hook_functions(name, known.get_hookimpls()) if known is not None else ()
    pipeline: Pipeline[..., Any] = Pipeline(name, implementations, report=on_error)
    return pipeline


def installed_extension(name: str, *, options: GivenOptions | None = None, disabled: Collection[str] = ()) -> Any:
    """An instance of an installed extension, for a sub-command of its package, which has no client.

    It is made with the options that a client would give it; `registered` is not called.

    Args:
        name: The name of the extension.
        options: Options by the names of extensions and options.
        disabled: Names of extensions to leave out.

    Raises:
        UsageError: It is not installed, disabled or not configured; or one of the only extensions to use is not
            installed.
        ExtensionError: It is broken, or an option is wrong.
    """
    refuse_unknown_only()
    # Those whose names begin with this one, too: a variable of theirs may look like one of this extension's.
    prefix = environment_name(name, "")

    def is_needed(installed: Installed) -> bool:
        return environment_name(installed.name, "").startswith(prefix)

    found = resolve_installed(options or {}, disabled, among=is_needed)
    candidates = [each for each in found if each.name == name]
    if not candidates:
        raise UsageError(f"extension {name!r} is not installed")
    candidate = candidates[0]  # a second one of the name is broken
    if candidate.error is not None:
        raise candidate.error
    if candidate.state is not State.ACTIVE:
        raise UsageError(f"extension {name!r} is {': '.join(dict.fromkeys((candidate.state, candidate.reason)))}")
    return instantiate(candidate.target, candidate.values, extension=name, origin=str(candidate.installed))


def _register(manager: HookManager, candidate: Candidate) -> None:
    origin = str(candidate.installed)
    try:
        extension = instantiate(candidate.target, candidate.values, extension=candidate.name, origin=origin)
    except ExtensionError as error:
        warn_or_raise(error, candidate.installed)
    else:
        manager.register(extension, candidate.name)
