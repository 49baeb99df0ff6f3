"""The contract: it runs all checks and reports every rule that is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from .checks import CHECKS
from .factory import ExtensionFactory, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("ContractError", "check_contract")


class ContractError(AssertionError):
    """An extension breaks the contract.

    Attributes:
        broken: The checks that failed, by name, and the error text of each.
    """

    def __init__(self, who: str, broken: Mapping[str, str]) -> None:
        lines = [f"\n- {name}: {text}" for name, text in broken.items()]
        super().__init__(f"{who} breaks the contract for extensions:{''.join(lines)}")
        self.broken: Final = broken


def check_contract(
    source: Callable[..., object],
    options: Mapping[str, object] | None = None,
    *,
    ext: Mapping[str, Any] | None = None,
) -> None:
    """Check an extension against the rules for every extension, which are in `checks`.

    It runs in memory and in virtual time, in event loops of its own: call it from an ordinary function.

    Args:
        source: The class; or a function that returns a new instance, or a module, each time.
        options: The options of a class. Those that look like secrets are replaced if possible.
        ext: The `ext` of the handshake's reply, for an extension that does nothing without it.

    Raises:
        ContractError: The extension breaks a rule.
        UsageError: `source` is neither a class nor a function, or it is a function and there are options.
        ExtensionError: The extension cannot be instantiated.
    """
    if not callable(source):
        raise UsageError("expected a class, or a function that returns an extension: every client needs a new one")
    factory = ExtensionFactory(source, dict(options or {}), dict(ext or {}))
    if options and factory.kind is None:
        raise UsageError(f"options {', '.join(options)} are for a class: let the function set them")
    who = f"extension {name_of(factory.new())!r}"
    broken: dict[str, str] = {}
    for check in CHECKS:
        try:
            check(factory)
        except AssertionError as error:
            broken[check.__name__] = str(error)
        except Exception as error:
            broken[check.__name__] = f"the check could not be completed: {type(error).__name__}: {error}"
    if broken:
        raise ContractError(who, broken)
