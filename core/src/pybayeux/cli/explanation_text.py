"""The text of `pybayeux extensions --why`: why one extension acts or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..extensions.explanation import Explanation, HookMarks
    from ..extensions.listing import OptionInfo

__all__ = ("lines_of",)


def lines_of(explanation: Explanation) -> Iterator[str]:
    """One thing in a line."""
    extension = explanation.extension
    yield f"{extension.name}: {extension.state}"
    yield f"  why: {explanation.decision}"
    yield f"  package: {extension.dist} {extension.version}".rstrip()
    yield f"  entry point: {explanation.entry_point}"
    yield f"  named in: {explanation.file}"
    if extension.order is not None:
        yield f"  order: {extension.order} of {explanation.active}, by {explanation.order_from}"
    for hook in explanation.hooks:
        yield f"  hook: {_hook(hook)}"
    for name in extension.brings:
        yield f"  brings: {name}"
    for name in extension.commands:
        yield f"  command: pybayeux {name}"
    for option in extension.options:
        yield f"  option: {_option(option)}"
    if explanation.import_seconds is not None:
        milliseconds = explanation.import_seconds * 1000
        yield f"  import: {milliseconds:.1f} ms of processor time, beyond what every client imports"
    if extension.hooks:
        yield "  calls: pybayeux listen --trace shows what each costs and changes, and the sum at the end"
    if explanation.asked_for_commands:
        yield "  help: pybayeux --help loads it, for its package names no commands in the group pybayeux.commands"


def _hook(hook: HookMarks) -> str:
    return f"{hook.name} ({', '.join(hook.marks)})" if hook.marks else hook.name


def _option(option: OptionInfo) -> str:
    name = f"{option.name}: {option.type}" if option.type else option.name
    if not option.source:
        return f"{name} (required, and not given)"
    origin = "by default" if option.source == "default" else f"from {option.source}"
    return f"{name} = {option.value!r}, {origin}"
