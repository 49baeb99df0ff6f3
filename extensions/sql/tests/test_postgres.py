"""PostgreSQL as a store: its name, TLS, migrations, rights, and what becomes of connections."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pybayeux.errors import UsageError
from pybayeux_replay import DeadLetter, Position, Stores
from pybayeux_sql import PostgresStore, Sql
from pybayeux_sql.postgres_schema import MIGRATIONS

if TYPE_CHECKING:
    from tests.servers.postgresql import PostgresEngine

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_it_is_found_by_its_scheme() -> None:
    stores = Stores()
    Sql().register_stores(stores)
    assert isinstance(stores.open("postgresql://app@host/orders"), PostgresStore)


def test_the_password_and_the_parameters_are_not_shown() -> None:
    store = PostgresStore("postgresql://app:s3cret@host:5433/orders?sslmode=require&sslpassword=s3cret")
    assert repr(store) == "PostgresStore('postgresql://app:***@host:5433/orders')"


def test_a_wrong_name_is_an_error_without_the_password() -> None:
    with pytest.raises(ValueError, match="expected a name such as 'postgresql://") as error:
        PostgresStore("postgresql://app:s3cret@host:port/orders")
    assert "s3cret" not in str(error.value)


def test_tls_with_a_certificate_that_is_checked(postgres_tls: PostgresEngine) -> None:
    store = PostgresStore(postgres_tls.url)
    store.set("billing", {"/orders": 7})
    with store._engine.connect() as connection:
        assert connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar() is True
    store.close()
    distrusting = PostgresStore(postgres_tls.url.partition("&")[0])  # without the certificate of the authority
    with pytest.raises(DBAPIError, match="root certificate"):
        distrusting.get("billing", "/orders")


def test_tables_of_an_earlier_version_are_migrated_and_keep_their_positions(postgres_engine: PostgresEngine) -> None:
    with postgres_engine.connect() as connection:
        connection.execute(MIGRATIONS[0])
        connection.execute("CREATE TABLE replay_schema (version integer NOT NULL)")
        connection.execute("INSERT INTO replay_schema VALUES (1)")
        connection.execute("INSERT INTO replay_position VALUES ('billing', '/orders', 17, '2026-01-01T13:00+01')")
    store = PostgresStore(postgres_engine.url)
    assert store.get("billing", "/orders") == Position(17, NOON)
    store.add_dead_letter("billing", DeadLetter("/a", "/a", 1, "error", NOON, "[]"))
    store.close()
    with postgres_engine.connect() as connection:
        assert connection.execute("SELECT version FROM replay_schema").fetchall() == [(len(MIGRATIONS),)]


def test_tables_of_a_newer_version_are_used_as_they_are(postgres_engine: PostgresEngine) -> None:
    store = PostgresStore(postgres_engine.url)
    store.set("billing", {"/orders": 7})
    store.close()
    with postgres_engine.connect() as connection:
        connection.execute("UPDATE replay_schema SET version = 1000")
        connection.execute("ALTER TABLE replay_position ADD COLUMN newer text")
    store = PostgresStore(postgres_engine.url)
    store.set("billing", {"/orders": 8})
    position = store.get("billing", "/orders")
    assert position is not None
    assert position.replay_id == 8
    store.close()


_OPENER = """
import sys
from pybayeux_sql import PostgresStore
store = PostgresStore(sys.argv[1])
sys.stdin.readline()
store.set("billing", {"/" + sys.argv[2]: 1})
"""


def test_several_processes_may_create_the_tables_at_once(postgres_engine: PostgresEngine) -> None:
    pipes: Any = {"stdin": subprocess.PIPE, "text": True}
    names = ["a", "b", "c"]
    commands = [[sys.executable, "-c", _OPENER, postgres_engine.url, name] for name in names]
    processes = [subprocess.Popen(command, **pipes) for command in commands]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    store = PostgresStore(postgres_engine.url)
    assert list(store.items("billing")) == ["/a", "/b", "/c"]
    store.close()


def test_current_tables_need_no_right_to_create_any(postgres_engine: PostgresEngine) -> None:
    owner = PostgresStore(postgres_engine.url)
    owner.set("billing", {"/orders": 7})
    owner.close()
    with postgres_engine.connect() as connection:
        connection.execute("CREATE ROLE app LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA public TO app")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app")
    store = PostgresStore(postgres_engine.url.replace("tests@", "app@"))
    store.set("billing", {"/orders": 8})
    assert store.dead_letters("billing") == []
    store.close()
    with postgres_engine.connect() as connection:
        connection.execute("DROP OWNED BY app")
        connection.execute("DROP ROLE app")


def test_a_restart_of_the_server_is_not_noticed_by_the_next_use(postgres_engine: PostgresEngine) -> None:
    async def scenario() -> None:
        store.set("billing", {"/orders": 7})
        async with store.transaction("billing", {"/orders": Position(8, NOON)}):
            pass
        await asyncio.to_thread(postgres_engine.kill)
        with pytest.raises(DBAPIError):
            store.set("billing", {"/orders": 9})
        await asyncio.to_thread(postgres_engine.start)
        assert store.get("billing", "/orders") == Position(8, NOON)
        async with store.transaction("billing", {"/orders": Position(9, NOON)}) as connection:
            await connection.execute(text("CREATE TABLE orders (number INTEGER)"))
        assert store.get("billing", "/orders") == Position(9, NOON)
        await store.aclose()

    store = PostgresStore(postgres_engine.url)
    asyncio.run(scenario())
    store.close()


def test_the_error_of_a_refused_statement_has_no_data_in_it(postgres_engine: PostgresEngine) -> None:
    store = PostgresStore(postgres_engine.url)
    with pytest.raises(DBAPIError) as error:
        store.set("s3cret-consumer\0", {"/orders": 7})
    assert "s3cret-consumer" not in str(error.value)
    store.close()


def test_a_dead_letter_may_have_any_error(postgres_engine: PostgresEngine) -> None:
    store = PostgresStore(postgres_engine.url)
    store.add_dead_letter("billing", DeadLetter("/a", "/a", 1, "nul \0 here", NOON, '["\\u0000"]'))
    assert [each.error for each in store.dead_letters("billing")] == ["nul \ufffd here"]
    store.close()


def test_a_client_says_which_package_is_missing() -> None:
    with pytest.raises(UsageError, match=r"pip install pybayeux-sql"):
        Stores().open("postgresql://host/database")
