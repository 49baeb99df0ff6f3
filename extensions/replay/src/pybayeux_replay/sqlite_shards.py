"""Members and shards in a SQLite file: their tables, for whatever executes the statements, in a transaction."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from .shards import Member, Shard, ShardTable, ShardTerms, check_shards

if TYPE_CHECKING:
    from collections.abc import Collection

    from .shards import ShardChanges
    from .sqlite_tables import Execute

__all__ = ("CREATE_MEMBERS", "CREATE_SHARDS", "check_shards_held", "read_shards", "write_shards")

CREATE_MEMBERS: Final = """
CREATE TABLE IF NOT EXISTS replay_member (
    consumer TEXT NOT NULL,
    name TEXT NOT NULL,
    since FLOAT NOT NULL,
    expires_at FLOAT NOT NULL,
    waiting TEXT NOT NULL,
    PRIMARY KEY (consumer, name)
)
"""
CREATE_SHARDS: Final = """
CREATE TABLE IF NOT EXISTS replay_shard (
    consumer TEXT NOT NULL,
    subscription TEXT NOT NULL,
    holder TEXT,
    number INTEGER NOT NULL,
    since FLOAT NOT NULL,
    claimant TEXT,
    PRIMARY KEY (consumer, subscription)
)
"""
# Julian days, as seconds since 1970.
_SELECT_NOW: Final = "SELECT (julianday('now') - 2440587.5) * 86400.0"
_SELECT_MEMBERS: Final = "SELECT name, since, expires_at, waiting FROM replay_member WHERE consumer = ?"
_SELECT_SHARDS: Final = "SELECT subscription, holder, number, since, claimant FROM replay_shard WHERE consumer = ?"
_UPSERT_MEMBER: Final = "INSERT OR REPLACE INTO replay_member VALUES (?, ?, ?, ?, ?)"
_UPSERT_SHARD: Final = "INSERT OR REPLACE INTO replay_shard VALUES (?, ?, ?, ?, ?, ?)"
_DELETE_MEMBER: Final = "DELETE FROM replay_member WHERE consumer = ? AND name = ?"


def read_shards(execute: Execute, consumer: str) -> ShardTable:
    """Return the table of a consumer."""
    ((now,),) = execute(_SELECT_NOW)
    members = {
        name: Member(name, _moment(since), _moment(expires_at), json.loads(waiting))
        for name, since, expires_at, waiting in execute(_SELECT_MEMBERS, (consumer,))
    }
    return ShardTable(_moment(now), members, _shards(execute, _SELECT_SHARDS, consumer))


def _shards(execute: Execute, query: str, *parameters: str) -> dict[str, Shard]:
    return {row[0]: Shard(row[0], row[1], row[2], _moment(row[3]), row[4]) for row in execute(query, parameters)}


def write_shards(execute: Execute, consumer: str, changes: ShardChanges) -> None:
    """Write changes. The caller has the write lock of the file, so no commit is under way."""
    for name in changes.gone:
        execute(_DELETE_MEMBER, (consumer, name))
    for member in changes.members:
        times = (member.since.timestamp(), member.expires_at.timestamp())
        execute(_UPSERT_MEMBER, (consumer, member.name, *times, json.dumps(member.waiting)))
    for each in changes.shards:
        row = (each.subscription, each.holder, each.number, each.since.timestamp(), each.claimant)
        execute(_UPSERT_SHARD, (consumer, *row))


def check_shards_held(execute: Execute, consumer: str, terms: ShardTerms | None) -> None:
    """Check, in the transaction of a commit, that these shards are held.

    Raises:
        LeaseLostError: One of them is held by another replica.
    """
    if terms is not None:
        check_shards(consumer, terms, _named(execute, consumer, [each.subscription for each in terms.shards]))


def _named(execute: Execute, consumer: str, subscriptions: Collection[str]) -> dict[str, Shard]:
    found: dict[str, Shard] = {}
    for name in subscriptions:
        found |= _shards(execute, f"{_SELECT_SHARDS} AND subscription = ?", consumer, name)
    return found


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
