"""An extension that records every call of every hook, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..codec import decode, encode
from ..extensions.catalogue import core_hooks
from ..hookspecs import hookimpl
from ..message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("HookCall", "HookRecorder")


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call of a hook.

    Attributes:
        hook: The name of the hook.
        arguments: Its arguments, by name. A message is a copy, as it was at the time of the call.
    """

    hook: str
    arguments: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]


class HookRecorder:
    """Implements every hook, changes nothing, and records each call.

    Attributes:
        calls: The calls so far.
    """

    def __init__(self) -> None:
        self.calls: Final[list[HookCall]] = []
        for hook, signature in core_hooks().items():
            setattr(self, hook, _implementation(hook, signature.arguments, self._note))

    @property
    def hooks(self) -> list[str]:
        """The names of the hooks that were called, in order."""
        return [call.hook for call in self.calls]

    def of(self, *hooks: str) -> list[HookCall]:
        """The calls of these hooks, in order."""
        return [call for call in self.calls if call.hook in hooks]

    def _note(self, hook: str, *values: object) -> None:
        arguments = zip(core_hooks()[hook].arguments, map(_as_it_is, values), strict=True)
        self.calls.append(HookCall(hook, dict(arguments)))


def _implementation(hook: str, names: tuple[str, ...], note: Callable[..., None]) -> Any:
    # Compiled from text, like the methods of dataclasses: pluggy reads the argument names from the compiled code.
    arguments = ", ".join(names)
    namespace: dict[str, Any] = {"note": note}
    exec(f"def {hook}({arguments}): note({hook!r}, {arguments})", namespace)  # noqa: S102
    return hookimpl(namespace[hook])


def _as_it_is(value: object) -> object:
    """A copy of a message, which may be changed in place later; any other value as it is."""
    if not isinstance(value, Message):
        return value
    try:
        return decode(encode([value]))[0]
    except TypeError:  # JSON cannot express a value in it; sending it raises the same error
        return value
