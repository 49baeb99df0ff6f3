"""The tests of the core's WebSocket transport again, over aiohttp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from core.tests.transports import (
    test_broken_socket,
    test_open_socket,
    test_open_socket_end,
    test_upgrade,
    test_upgrade_answers,
    test_websocket,
)
from core.tests.transports.websocket_site import Site
from pybayeux_aiohttp.dialling import Dialler

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_HERE: Final = {
    "test_a_proxy_that_refuses",  # where there is a proxy, the built-in transport stays
    "test_close_does_not_wait_long_for_a_server_that_is_silent",  # test_dialling has it
}

for _module in (
    test_broken_socket,
    test_open_socket,
    test_open_socket_end,
    test_upgrade,
    test_upgrade_answers,
    test_websocket,
):
    globals().update({name: value for name, value in vars(_module).items() if name not in {*globals(), *_NOT_HERE}})


@pytest.fixture(autouse=True)
def over_aiohttp() -> Iterator[None]:
    """Have every site dial with aiohttp."""
    Site.dialler = Dialler
    yield
    Site.dialler = None
