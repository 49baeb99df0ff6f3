from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from pybayeux_devserver.server_thread import ServerThread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def _server(calls: list[object]) -> AsyncIterator[None]:
    calls.append(threading.get_ident())
    yield
    calls.append("stopped")


def test_server_in_its_own_thread() -> None:
    calls: list[object] = []
    thread = ServerThread()
    portal = thread.start(_server(calls))
    assert portal.call(threading.get_ident) == calls[0] != threading.get_ident()
    thread.stop()
    assert calls[1] == "stopped"


class _Broken:
    async def __aenter__(self) -> None:
        raise OSError("taken")

    async def __aexit__(self, *_: object) -> None: ...


def test_a_server_that_does_not_start_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(OSError, match="taken"):
        ServerThread().start(_Broken())
    assert threading.active_count() == before
