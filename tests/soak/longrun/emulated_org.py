"""The Salesforce emulator as a target, driven by its control interface."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.request import ProxyHandler, Request, build_opener

import msgspec

from pybayeux import AsyncClient, Backoff
from pybayeux_auth import Auth
from pybayeux_auth.flows import ClientCredentialsFlow
from pybayeux_replay import Replay
from pybayeux_salesforce import Salesforce
from tests.servers.server import Server
from tests.soak.longrun.org_process import SCALE
from tests.soak.longrun.target import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ("run_org",)

_REMEMBERED: Final = 500
"""How many handled events a client remembers: few, so that this is no growth after a minute."""

_KINDS: Final = (
    "request-eof",
    "request-reset",
    "http-500",
    "http-503",
    "reply-eof",
    "reply-reset",
    "reply-lost",
    "empty-200",
    "html-200",
    "truncated-json",
    "binary-junk",
    "wrong-content-type",
    "gzip",
    "slow-body",
    "late",
    "repeat-events",
    "shuffled",
)
_open: Final = build_opener(ProxyHandler({})).open


class EmulatedOrg:
    """An org in a process of its own, with a client that keeps its positions in a SQLite file.

    Args:
        origin: Its address.
        folder: The folder for the positions.
    """

    loses_nothing: Final = True

    def __init__(self, origin: str, folder: Path) -> None:
        self._origin: Final = origin
        self._folder: Final = folder
        act = self._act
        self.faults: Final[Mapping[str, Callable[[], object]]] = {
            "connections broken": self._cut,
            "session ended": partial(act, "kill_sessions"),
            "moved to another server": partial(act, "rebalance"),
            "token revoked": partial(act, "revoke"),
            "token expired": partial(act, "expire"),
            "server busy": partial(act, "busy", n=2),
            **{f"request fails: {kind}": partial(act, "fail_next", kind=kind) for kind in _KINDS},
        }

    def clients(self) -> dict[str, AsyncClient]:
        """One client, with the extensions that Salesforce needs."""
        found = self._get("credentials")
        flow = ClientCredentialsFlow(
            login_url=self._origin, client_id=found["client_id"], client_secret=found["client_secret"]
        )
        extensions = [
            Salesforce(active=True, busy_wait=(0.1, 0.3), quota_wait=(0.1, 0.3), max_interval=40 / SCALE),
            Auth(flow, refreshes=10, min_interval=0, clock=time.time),
            Replay(f"sqlite:///{self._folder / 'positions.db'}", since="earliest", dedupe=_REMEMBERED),
        ]
        client = AsyncClient(
            self._get("")["endpoint"],
            discover=False,
            extensions=extensions,
            transports=["long-polling"],
            backoff=Backoff(increment=0.1, maximum=1.0),
            max_network_delay=3.0,
        )
        return {"long-polling": client}

    def publish(self, number: int) -> None:
        """Publish a platform event."""
        self._act("publish", channel=CHANNEL, payload={"Number__c": number})

    def number_of(self, data: Any) -> int:
        """The number is a field of the platform event."""
        return int(data["payload"]["Number__c"])

    def _cut(self) -> None:
        with suppress(ConnectionError):  # this connection is cut as well
            self._act("cut_connections")

    def _get(self, path: str) -> Any:
        return self._request(path, None)

    def _act(self, action: str, **arguments: Any) -> Any:
        return self._request(action, msgspec.json.encode(arguments))

    def _request(self, path: str, body: bytes | None) -> Any:
        with _open(Request(f"{self._origin}/control/{path}", body), timeout=10) as answer:
            return msgspec.json.decode(answer.read())


@contextmanager
def run_org(folder: Path) -> Iterator[EmulatedOrg]:
    """Run an emulated Salesforce org."""
    command = (sys.executable, "-m", "tests.soak.longrun.org_process")
    server = Server("emulator", "", "", command, {}).start()
    try:
        yield EmulatedOrg(server.url, folder)
    finally:
        server.stop()
