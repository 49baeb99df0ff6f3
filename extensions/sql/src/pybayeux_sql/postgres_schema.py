"""The tables in PostgreSQL, and the migrations that make them: each runs once, in order, in one transaction with all.

Migrations only add. So a version of this package goes on working beside a newer one, as in a rolling update.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Column,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ("dead_letters", "leases", "members", "migrate", "positions", "shards")

_metadata: Final = MetaData()

_moment: Final = TIMESTAMP(timezone=True)

positions: Final = Table(
    "replay_position",
    _metadata,
    Column("consumer", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("replay_id", BigInteger, nullable=False),
    Column("stored_at", _moment, nullable=False),
    Column("event_time", _moment),
    Column("event_uuid", Text),
    Column("org", Text),
)

dead_letters: Final = Table(
    "replay_dead_letter",
    _metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("subscription", Text, nullable=False),
    Column("identity", Text),
    Column("channel", Text, nullable=False),
    Column("replay_id", BigInteger),
    Column("error", Text, nullable=False),
    Column("failed_at", _moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("consumer", "subscription", "identity"),
)

leases: Final = Table(
    "replay_lease",
    _metadata,
    Column("consumer", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("since", _moment, nullable=False),
    Column("expires_at", _moment, nullable=False),
    Column("waiting", Integer, nullable=False),
)

members: Final = Table(
    "replay_member",
    _metadata,
    Column("consumer", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("since", _moment, nullable=False),
    Column("expires_at", _moment, nullable=False),
    Column("waiting", Text, nullable=False),
)

shards: Final = Table(
    "replay_shard",
    _metadata,
    Column("consumer", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("holder", Text),
    Column("number", BigInteger, nullable=False),
    Column("since", _moment, nullable=False),
    Column("claimant", Text),
)

_LOCK: Final = 7_245_911_660_313
"""The number of an advisory lock: one process at a time migrates."""

_POSITIONS: Final = """
CREATE TABLE replay_position (
    consumer text NOT NULL,
    subscription text NOT NULL,
    replay_id bigint NOT NULL,
    stored_at timestamptz NOT NULL,
    event_time timestamptz,
    event_uuid text,
    org text,
    PRIMARY KEY (consumer, subscription)
)
"""
_DEAD_LETTERS: Final = """
CREATE TABLE replay_dead_letter (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    subscription text NOT NULL,
    identity text,
    channel text NOT NULL,
    replay_id bigint,
    error text NOT NULL,
    failed_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    content text NOT NULL,
    UNIQUE (consumer, subscription, identity)
)
"""
_LEASES: Final = """
CREATE TABLE replay_lease (
    consumer text PRIMARY KEY,
    holder text NOT NULL,
    number bigint NOT NULL,
    since timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    waiting integer NOT NULL
)
"""
_MEMBERS: Final = """
CREATE TABLE replay_member (
    consumer text NOT NULL,
    name text NOT NULL,
    since timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    waiting text NOT NULL,
    PRIMARY KEY (consumer, name)
)
"""
_SHARDS: Final = """
CREATE TABLE replay_shard (
    consumer text NOT NULL,
    subscription text NOT NULL,
    holder text,
    number bigint NOT NULL,
    since timestamptz NOT NULL,
    claimant text,
    PRIMARY KEY (consumer, subscription)
)
"""
MIGRATIONS: Final = (_POSITIONS, _DEAD_LETTERS, _LEASES, _MEMBERS, _SHARDS)
"""The statement that leads to version 1, to version 2, and so on. One that was released is never changed."""


def migrate(engine: Engine) -> None:
    """Bring the tables up to date, if they are not. Only that needs the right to create tables."""
    with engine.connect() as connection:
        if _version(connection) >= len(MIGRATIONS):
            return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        version = _version(connection)  # another process may have been faster
        if version == 0:
            connection.execute(text("CREATE TABLE IF NOT EXISTS replay_schema (version integer NOT NULL)"))
            connection.execute(text("INSERT INTO replay_schema VALUES (0)"))
        for statement in MIGRATIONS[version:]:
            connection.execute(text(statement))
        if version < len(MIGRATIONS):
            connection.execute(text("UPDATE replay_schema SET version = :version"), {"version": len(MIGRATIONS)})


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table("replay_schema"):
        return 0
    version: int = connection.execute(text("SELECT version FROM replay_schema")).scalar_one()
    return version
