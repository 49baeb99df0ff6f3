"""A server is lent to one test at a time, without sessions, and only one that works is lent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pytest

from tests.servers.control import Control, ControlError
from tests.servers.pool import ServerPool
from tests.servers.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.server import Option


class FakeControl(Control):
    """Knows how often all sessions were dropped."""

    def __init__(self) -> None:
        super().__init__(0)
        self.drops = 0
        self.fails = False

    def drop(self, session: str | None = None) -> int:
        if self.fails:
            raise ControlError("no answer")
        self.drops += 1
        return 0


class FakeServer(Server):
    """A server without a process."""

    def __init__(self, **options: Option) -> None:
        super().__init__("fake", "1.0", "/", (), options)
        self.runs = False
        self.fake_control = FakeControl()

    @property
    def control(self) -> FakeControl:
        return self.fake_control

    @property
    def is_running(self) -> bool:
        return self.runs

    def start(self) -> Self:
        self.runs = True
        return self

    def stop(self) -> None:
        self.runs = False


@pytest.fixture
def pool() -> Iterator[ServerPool]:
    with ServerPool(idle=2) as pool:
        yield pool


def _lent(pool: ServerPool, **options: Option) -> FakeServer:
    """The server that a test with these options gets, after that test."""
    with pool.lend(FakeServer, **options) as server:
        assert isinstance(server, FakeServer)
        assert server.is_running
        return server


def test_a_server_runs_on_for_the_next_test_with_its_options(pool: ServerPool) -> None:
    first = _lent(pool, timeout=1)
    assert first.is_running
    assert _lent(pool, timeout=1) is first
    assert _lent(pool, timeout=2) is not first
    assert _lent(pool) is not first


def test_it_has_forgotten_its_sessions(pool: ServerPool) -> None:
    assert _lent(pool).control.drops == 1
    assert _lent(pool).control.drops == 2


def test_two_at_a_time_are_two(pool: ServerPool) -> None:
    with pool.lend(FakeServer) as one, pool.lend(FakeServer) as other:
        assert one is not other
    assert one.is_running
    assert other.is_running


def test_a_server_that_was_started_again_is_kept(pool: ServerPool) -> None:
    with pool.lend(FakeServer) as server:
        server.stop()
        server.start()
    assert _lent(pool) is server


def test_a_server_that_was_stopped_is_not_kept(pool: ServerPool) -> None:
    with pool.lend(FakeServer) as server:
        server.stop()
    assert _lent(pool) is not server


def test_a_server_that_does_not_answer_is_stopped(pool: ServerPool) -> None:
    with pool.lend(FakeServer) as server:
        assert isinstance(server, FakeServer)
        server.control.fails = True
    assert not server.is_running
    assert _lent(pool) is not server


def test_a_failed_test_gives_its_server_back(pool: ServerPool) -> None:
    with pytest.raises(ZeroDivisionError), pool.lend(FakeServer) as server:
        raise ZeroDivisionError
    assert _lent(pool) is server


def test_the_one_that_has_waited_longest_makes_room(pool: ServerPool) -> None:
    servers = [_lent(pool, number=number) for number in range(3)]
    assert [server.is_running for server in servers] == [False, True, True]


def test_all_are_stopped_in_the_end() -> None:
    with ServerPool() as pool:
        servers = [_lent(pool, number=number) for number in range(3)]
    assert not any(server.is_running for server in servers)
