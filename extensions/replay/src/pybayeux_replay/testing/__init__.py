"""The test kit for stores: what every store has to do, as checks that any package can run on its own.

A check makes stores and asserts; it knows no test framework. It runs event loops of its own, so call it from an
ordinary function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .dead_letter_checks import (
    keeps_dead_letters,
    tells_dead_letters_apart,
)
from .lease_checks import (
    decides_between_a_transaction_and_a_new_holder,
    gives_a_lease_to_one_at_a_time,
    gives_away_an_expired_lease,
    keeps_a_lease_that_was_renewed_late,
    refuses_commits_under_a_lost_lease,
)
from .position_checks import (
    fences_against_other_writers,
    fences_what_it_writes,
    keeps_all_fields,
    keeps_consumers_apart,
    opens_again_after_close,
    replaces_a_position,
    takes_many_and_none,
    takes_names_as_text,
    writes_at_once_or_not_at_all,
)
from .shard_checks import (
    decides_between_a_transaction_and_a_new_holder_of_a_shard,
    divides_channels_by_the_clock_of_the_store,
    keeps_members_and_shards,
    refuses_commits_under_a_lost_shard,
    refuses_transactions_under_a_lost_shard,
)
from .transaction_checks import (
    fences_transactions,
    fences_transactions_against_other_writers,
    stores_at_the_end_of_a_transaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..store import Store

__all__ = ("STORE_CHECKS", "check_store")

STORE_CHECKS: Final[tuple[Callable[[Callable[[], Store]], None], ...]] = (
    keeps_all_fields,
    replaces_a_position,
    keeps_consumers_apart,
    takes_names_as_text,
    writes_at_once_or_not_at_all,
    takes_many_and_none,
    opens_again_after_close,
    fences_what_it_writes,
    fences_against_other_writers,
    stores_at_the_end_of_a_transaction,
    fences_transactions,
    fences_transactions_against_other_writers,
    gives_a_lease_to_one_at_a_time,
    gives_away_an_expired_lease,
    keeps_a_lease_that_was_renewed_late,
    refuses_commits_under_a_lost_lease,
    decides_between_a_transaction_and_a_new_holder,
    keeps_members_and_shards,
    divides_channels_by_the_clock_of_the_store,
    refuses_commits_under_a_lost_shard,
    refuses_transactions_under_a_lost_shard,
    decides_between_a_transaction_and_a_new_holder_of_a_shard,
    keeps_dead_letters,
    tells_dead_letters_apart,
)
"""All checks, to be parametrised over. Each begins with an empty store."""


def check_store(make: Callable[[], Store], clear: Callable[[], object] = lambda: None) -> None:
    """Run all checks on a store. Those of a protocol that it does not have are left out.

    Args:
        make: Returns a store. All stores that it returns have the same content.
        clear: Deletes that content. It is called before each check.

    Raises:
        AssertionError: A check failed; its name is in a note.
    """
    for check in STORE_CHECKS:
        clear()
        try:
            check(make)
        except AssertionError as error:
            error.add_note(f"in {check.__name__}")
            raise
