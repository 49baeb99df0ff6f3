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
    """One call.

    Attributes:
        hook: The name of the hook.
        arguments: Its arguments, by name. A message is a copy, as it was at that moment.
    """

    hook: str
    arguments: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]


class HookRecorder:
    """Implements every hook, changes nothing, and records each call.

    Attributes:
        calls: What was called so far.
    """

    def __init__(self) -> None:
        self.calls: Final[list[HookCall]] = []
        for hook, signature in core_hooks().items():
            setattr(self, hook, _implementation(hook, signature.arguments, self._note))

    @property
    def hooks(self) -> list[str]:
        """The names of the hooks called, in order."""
        return [call.hook for call in self.calls]

    def of(self, *hooks: str) -> list[HookCall]:
        """The calls of these hooks, in order."""
        return [call for call in self.calls if call.hook in hooks]

    def _note(self, hook: str, *values: object) -> None:
        arguments = zip(core_hooks()[hook].arguments, map(_as_it_is, values), strict=True)
        self.calls.append(HookCall(hook, dict(arguments)))


def _implementation(hook: str, names: tuple[str, ...], note: Callable[..., None]) -> Any:
    # Made of text, as dataclasses make theirs: pluggy reads the names of the arguments from the compiled code.
    arguments = ", ".join(names)
    namespace: dict[str, Any] = {"note": note}
    exec(f"def {hook}({arguments}): note({hook!r}, {arguments})", namespace)
    return hookimpl(namespace[hook])


def _as_it_is(value: object) -> object:
    """The value as it is now: messages are changed in place later."""
    if not isinstance(value, Message):
        return value
    try:
        return decode(encode([value]))[0]
    except TypeError:  # it has a value that JSON cannot express; sending it raises that error
        return value
