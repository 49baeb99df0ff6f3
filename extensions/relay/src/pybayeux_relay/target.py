"""Targets: where a relay writes, what it asks of a target, and how a target is found by its name.

A target is a store of replay in whose transactions records can be written. It knows no client and no subscription.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from pybayeux import BayeuxError, installed_hook
from pybayeux.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pybayeux_replay import TransactionalStore

    from .records import Record

__all__ = ("Target", "TargetError", "TargetFactory", "Targets", "open_target")


class TargetError(BayeuxError):
    """A target cannot be used as it is; the text says what to change."""


class Target(Protocol):
    """A place that takes records in the transactions of a store, so that records and position are written together.

    Its methods are called in one event loop, one at a time, and `write` within a transaction of `store`.
    """

    @property
    def store(self) -> TransactionalStore:
        """Keeps the positions; its transactions are those in which records are written. Always the same object."""

    async def check(self) -> Sequence[str]:
        """See whether records can be written here, and write nothing. For ``--dry-run``.

        Returns:
            A line for each thing that is there, or that `prepare` would make.

        Raises:
            BayeuxError: They cannot, such as `TargetError`.
            Exception: The engine's own, if it does not answer.
        """

    async def prepare(self) -> None:
        """Make what is missing, such as a table. Called before the first record; a second call does nothing.

        Raises:
            BayeuxError: What is there has another form.
            Exception: The engine's own.
        """

    async def write(self, transaction: Any, records: Sequence[Record]) -> None:
        """Write records, in their order, so that they take effect with the end of the transaction, or not at all.

        Args:
            transaction: What the block of a transaction of `store` gets.
            records: At least one.
        """

    def refuses(self, error: Exception) -> bool:
        """Whether an error of a transaction is about what a record has in it, so that no repetition helps.

        Then the record is found and its event becomes a dead letter. After any other error the transaction is tried
        again.
        """

    async def aclose(self) -> None:
        """Close connections that are not those of `store`."""


TargetFactory: TypeAlias = Callable[[str], Target]
"""Makes a target from its whole name, such as ``redis://host/0/orders``. It need not connect yet."""

_PACKAGES: Final = {
    "kafka": "pybayeux-kafka",
    "postgresql": "pybayeux-sql",
    "redis": "pybayeux-redis",
    "rediss": "pybayeux-redis",
    "sqlite": "pybayeux-sql",
}
"""The packages of this project that have targets."""


class Targets:
    """The known kinds of targets, by scheme. Extensions add theirs in the hook `register_targets`."""

    def __init__(self) -> None:
        self._factories: Final[dict[str, TargetFactory]] = {}

    @property
    def schemes(self) -> tuple[str, ...]:
        """The known schemes, sorted."""
        return tuple(sorted(self._factories))

    def add(self, scheme: str, factory: TargetFactory) -> None:
        """Have `factory` open the names that begin with ``scheme://``.

        Raises:
            UsageError: The scheme is known already.
        """
        if scheme in self._factories:
            raise UsageError(f"there are targets for {scheme}:// already")
        self._factories[scheme] = factory

    def open(self, name: str) -> Target:
        """Return the target of this name.

        Raises:
            UsageError: It is not the name of a target, or its scheme is unknown.
        """
        scheme, separator, _ = name.partition("://")
        if not separator:
            raise UsageError("target: expected '-' or a URL such as 'postgresql://user@host/database/table'")
        factory = self._factories.get(scheme)
        if factory is None:
            known = ", ".join(["-", *(f"{each}://" for each in self.schemes)])
            package = _PACKAGES.get(scheme)
            hint = f"pip install {package}" if package else "install the package that has it"
            raise UsageError(f"no target for {scheme}://: expected one of {known}; {hint}")
        try:
            return factory(name)
        except ValueError as error:
            raise UsageError(f"target: {error}") from error


def open_target(
    name: str, *, options: Mapping[str, Mapping[str, Any]] | None = None, disabled: Collection[str] = ()
) -> Target:
    """Return the target of a name, such as ``postgresql://user@host/database/table``. It is not connected yet.

    Args:
        name: The name. The installed extensions say which schemes there are (hook `register_targets`).
        options: Options of these extensions, by extension and option.
        disabled: Names of extensions to leave out.

    Raises:
        UsageError: It is not the name of a target, or no installed package has targets of its scheme.
    """
    targets = Targets()
    installed_hook("register_targets", options=options, disabled=disabled).call(targets)
    return targets.open(name)
