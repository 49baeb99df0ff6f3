"""What the core promises of its WebSockets, with sockets of the library picows: the core's own tests once more."""

from __future__ import annotations

import pytest

from core.tests.transports.test_broken_socket import *  # noqa: F403
from core.tests.transports.test_dialling import *  # noqa: F403
from core.tests.transports.test_open_socket import *  # noqa: F403
from core.tests.transports.test_open_socket_end import *  # noqa: F403
from core.tests.transports.test_open_socket_exchanges import *  # noqa: F403
from core.tests.transports.test_upgrade import *  # noqa: F403
from core.tests.transports.test_upgrade_answers import *  # noqa: F403
from core.tests.transports.test_websocket import *  # noqa: F403
from extensions.aiohttp.tests.over_picows import use_picows


@pytest.fixture(autouse=True)
def over_picows(monkeypatch: pytest.MonkeyPatch) -> None:
    use_picows(monkeypatch)
