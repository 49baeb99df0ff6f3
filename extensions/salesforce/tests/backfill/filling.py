"""Helpers: a replica of an org's records that a client with backfill keeps, and clients for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from extensions.salesforce.tests.org import ClientRecorder, client_of
from pybayeux_replay import MemoryStore
from pybayeux_salesforce import BackfillOptions, BackfillReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pybayeux import AsyncClient, Message
    from pybayeux_salesforce_emulator import SalesforceEmulator

__all__ = ("ACCOUNTS", "Replica", "account", "filling_client")

ACCOUNTS: Final = "/data/AccountChangeEvent"
_SYSTEM: Final = frozenset({"Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp"})


def account(number: int) -> str:
    """The id of an account."""
    return f"001{number:012d}AAA"


class Replica:
    """Applies change events, and keeps a log of them.

    Attributes:
        records: The records that are not deleted, by id.
        log: For each event: its kind, the ids, the name, and whether it was filled.
        reports: What became of gaps.
    """

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[str, tuple[str, ...], Any, bool]] = []
        self.reports: list[BackfillReport] = []
        self.events: list[Message] = []
        self._changed = asyncio.Event()

    def handle(self, event: Message) -> None:
        """Apply an event."""
        payload = dict(event.data["payload"])
        header = payload.pop("ChangeEventHeader")
        kind, ids = header["changeType"], tuple(header["recordIds"])
        self.log.append((kind, ids, payload.get("Name"), event.data.get("origin") == "backfill"))
        self.events.append(event)
        for each in ids:
            if kind == "DELETE":
                self.records.pop(each, None)
            else:
                self.records.setdefault(each, {}).update(payload)
        self._changed.set()

    def report(self, report: BackfillReport) -> None:
        """Keep a report."""
        self.reports.append(report)
        self._changed.set()

    def wake(self) -> None:
        """Look at the condition again."""
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when the condition holds."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def filled(self) -> list[tuple[str, tuple[str, ...], Any]]:
        """The events that were filled."""
        return [each[:3] for each in self.log if each[3]]

    def differences(self, org: SalesforceEmulator, entity: str = "Account") -> list[str]:
        """Describe the records whose last state is not that of the org."""
        truth = {each["Id"]: _state(each) for each in org.records(entity) if not each["IsDeleted"]}
        mine = {record_id: _state(record) for record_id, record in self.records.items()}
        return [
            f"{each}: {mine.get(each)} is {truth.get(each)}"
            for each in sorted(truth.keys() | mine.keys())
            if mine.get(each) != truth.get(each)
        ]


def _state(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _SYSTEM and value is not None}


def filling_client(
    org: SalesforceEmulator, replica: Replica, store: Any = None, *, neighbour: object = None, **arguments: Any
) -> AsyncClient:
    """Return a client with a backfill that makes its requests without pauses."""
    options = {
        "calls_per_minute": 1e6,
        "retry": 0.01,
        "settle": 0.06,
        "report": replica.report,
        **arguments.pop("backfill", {}),
    }
    return client_of(
        org,
        neighbour or ClientRecorder(),
        store=MemoryStore() if store is None else store,
        backfill=BackfillOptions(**options),
        **arguments,
    )
