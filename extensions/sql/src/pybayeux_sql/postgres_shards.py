"""Members and shards in PostgreSQL: what is read and written in a transaction of the caller's.

The clock is the server's.

One transaction at a time changes the shards of a consumer, by an advisory lock. A commit locks the rows of its shards,
so that none of them goes to another replica before the commit ends. A change does not wait for that: it leaves out the
rows that are locked, and they are tried again later.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from pybayeux_replay import Member, Shard, ShardTable
from pybayeux_replay.shards import check_shards

from .postgres_leases import end_if_idle
from .postgres_schema import members as _members
from .postgres_schema import shards as _shards

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Row, Select, Table

    from pybayeux_replay import ShardChanges, ShardTerms

__all__ = ("change_shards", "check_shards_held", "read_shards")

_LOCK: Final = 1_660_313_724
"""The first number of an advisory lock; the second one is the hash of the consumer."""

_LONGEST_PAUSE: Final = timedelta(seconds=5)
"""How long a change may do nothing between two statements, because its process was stopped, before it is undone."""

_select_now: Final = select(func.clock_timestamp())
_select_members: Final = select(_members).where(_members.c.consumer == bindparam("consumer"))
_select_shards: Final = select(_shards).where(_shards.c.consumer == bindparam("consumer"))
_named: Final = _select_shards.where(_shards.c.subscription == any_(bindparam("subscriptions", type_=ARRAY(Text))))
# In one order, so that no two transactions wait for each other.
_select_for_commit: Final = _named.order_by(_shards.c.subscription).with_for_update(read=True)
_select_to_change: Final = _named.order_by(_shards.c.subscription).with_for_update(skip_locked=True)


def read_shards(connection: Connection, consumer: str) -> ShardTable:
    """Return the table of a consumer."""
    now = connection.execute(_select_now).scalar_one().astimezone(UTC)
    rows = connection.execute(_select_members, {"consumer": consumer})
    members = {row.name: _member(row) for row in rows}
    return ShardTable(now, members, _read(connection, _select_shards, consumer))


def _read(connection: Connection, query: Select[Any], consumer: str, **parameters: Any) -> dict[str, Shard]:
    rows = connection.execute(query, {"consumer": consumer, **parameters})
    return {row.subscription: _shard(row) for row in rows}


def change_shards(connection: Connection, consumer: str, change: Callable[[ShardTable], ShardChanges]) -> ShardTable:
    """Write what `change` returns, but for shards that a commit is using; return the table that is stored then."""
    end_if_idle(connection, _LONGEST_PAUSE)  # the others wait for this process
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(consumer))))
    table = read_shards(connection, consumer)
    changes = change(table)
    names = [each.subscription for each in changes.shards]
    unused = _read(connection, _select_to_change, consumer, subscriptions=names)
    shards = [each for each in changes.shards if each.subscription in unused or each.subscription not in table.shards]
    written = replace(changes, shards=shards)
    if written.gone:
        of_consumer = delete(_members).where(_members.c.consumer == consumer)
        connection.execute(of_consumer.where(_members.c.name.in_(list(written.gone))))
    _upsert(connection, _members, [_member_row(consumer, each) for each in written.members])
    _upsert(connection, _shards, [_shard_row(consumer, each) for each in written.shards])
    return table.after(written)


def _upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        added = insert(table)
        others = {column.name: added.excluded[column.name] for column in table.c if not column.primary_key}
        connection.execute(added.on_conflict_do_update(index_elements=list(table.primary_key), set_=others), rows)


def check_shards_held(connection: Connection, consumer: str, terms: ShardTerms | None) -> None:
    """Check that shards are held, and have them so until the end of the transaction.

    Raises:
        LeaseLostError: One of them is held by another replica.
    """
    if terms is not None:
        end_if_idle(connection, terms.length)
        names = [each.subscription for each in terms.shards]
        check_shards(consumer, terms, _read(connection, _select_for_commit, consumer, subscriptions=names))


def _member(row: Row[Any]) -> Member:
    return Member(row.name, row.since.astimezone(UTC), row.expires_at.astimezone(UTC), json.loads(row.waiting))


def _member_row(consumer: str, member: Member) -> dict[str, Any]:
    return {
        "consumer": consumer,
        "name": member.name,
        "since": member.since,
        "expires_at": member.expires_at,
        "waiting": json.dumps(member.waiting),
    }


def _shard(row: Row[Any]) -> Shard:
    return Shard(row.subscription, row.holder, row.number, row.since.astimezone(UTC), row.claimant)


def _shard_row(consumer: str, shard: Shard) -> dict[str, Any]:
    return {
        "consumer": consumer,
        "subscription": shard.subscription,
        "holder": shard.holder,
        "number": shard.number,
        "since": shard.since,
        "claimant": shard.claimant,
    }
