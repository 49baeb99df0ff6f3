"""The contract: runs all checks, and reports everything that is broken at once."""

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
        broken: The names of the checks that failed, and what each of them says.
    """

    def __init__(self, who: str, broken: Mapping[str, str]) -> None:
        lines = [f"\n- {name}: {text}" for name, text in broken.items()]
        super().__init__(f"{who} breaks the contract of extensions:{''.join(lines)}")
        self.broken: Final = broken


def check_contract(
    source: Callable[..., object],
    options: Mapping[str, object] | None = None,
    *,
    ext: Mapping[str, Any] | None = None,
) -> None:
    """Check the rules for every extension; they are in `checks`.

    Everything happens in memory and in virtual time, in event loops of its own: call it from an ordinary function.

    Args:
        source: The class; or a function that returns a new instance, or a module, each time.
        options: The options of a class. Those that look like secrets are replaced where that is possible.
        ext: What servers announce in the handshake's reply, for an extension that does nothing without.

    Raises:
        ContractError: It breaks a rule.
        UsageError: It is neither a class nor a function, or it is a function and there are options.
        ExtensionError: It cannot be made.
    """
    if not callable(source):
        raise UsageError("expected the class or a function that makes the extension: every client has its own")
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
            broken[check.__name__] = f"the check cannot go on: {type(error).__name__}: {error}"
    if broken:
        raise ContractError(who, broken)
