from __future__ import annotations

import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_devserver.listener import Listener, Sockets


def test_cutting_an_unknown_connection_raises() -> None:
    with pytest.raises(ConnectionError, match="no open connection"):
        Sockets().of(("127.0.0.1", 1))


@in_loop
async def test_stopping_twice_or_before_starting_does_nothing() -> None:
    async def app(*_: object) -> None: ...

    listener = Listener(app, Sockets(), host="127.0.0.1", port=0)
    await listener.stop()
    await listener.start()
    assert listener.port > 0
    await listener.stop()
    await listener.stop()


@pytest.mark.parametrize(
    ("host", "origin"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1")],
)
def test_origin(host: str, origin: str) -> None:
    async def app(*_: object) -> None: ...

    assert Listener(app, Sockets(), host=host, port=1).origin == origin
