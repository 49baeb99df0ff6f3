"""Whole transactions of an emulated org in one transaction of a database, with the position."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text

from extensions.salesforce.tests.org import ClientRecorder, client_of, in_org, with_org
from pybayeux.errors import UsageError
from pybayeux_salesforce import transactions

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

    from pybayeux import AsyncClient
    from pybayeux_salesforce_emulator import SalesforceEmulator

CHANGES: Final = "/data/ChangeEvents"
PROGRAM: Final = "extensions.salesforce.tests.replicating_program"
KILLS: Final = 5
SIZES: Final = (1, 3, 8)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "copy.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE changes (key TEXT, number INTEGER)")
    return path


def _copied(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as database:
        return [number for (number,) in database.execute("SELECT number FROM changes ORDER BY rowid")]


class _Publisher:
    """Publishes transactions of several changes. The changes of all transactions are numbered from 0.

    Attributes:
        ends: The number of changes at the end of each transaction.
    """

    def __init__(self, org: SalesforceEmulator) -> None:
        self._org = org
        self.ends = [0]

    async def publish(self, *sizes: int) -> None:
        for size in sizes:
            transaction, first = self._org.transaction(), self.ends[-1]
            for number in range(first, first + size):
                fields = {"Number__c": number}
                await self._org.publish_change("Account", "UPDATE", [f"001{number:012}AAA"], fields, transaction)
            self.ends.append(first + size)


async def _started(org: SalesforceEmulator, file: Path) -> Process:
    credentials = org.credentials
    arguments = (org.url, credentials.client_id, credentials.client_secret, str(file))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROGRAM, *arguments, stdout=asyncio.subprocess.PIPE
    )


async def _killed_after(process: Process, lines: int) -> None:
    assert process.stdout is not None
    for _ in range(lines):
        assert await process.stdout.readline()
    process.kill()
    await process.wait()


def test_a_program_that_is_killed_within_transactions_copies_each_once_and_as_a_whole(file: Path) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        publisher, dice = _Publisher(org), random.Random(5)
        for _ in range(KILLS):
            await publisher.publish(*dice.choices(SIZES, k=4))
            await _killed_after(await _started(org, file), dice.randint(1, 9))
            assert len(_copied(file)) in publisher.ends  # never half of a transaction
        missing = len(publisher.ends) - 1 - publisher.ends.index(len(_copied(file)))
        process = await _started(org, file)
        assert process.stdout is not None
        while missing:
            missing -= await process.stdout.readline() == b"copied\n"
        await _killed_after(process, 0)
        assert _copied(file) == list(range(publisher.ends[-1]))

    with_org(scenario, CHANGES)


def _client(org: SalesforceEmulator, recorder: ClientRecorder, file: Path, commit: str = "event") -> AsyncClient:
    return client_of(org, recorder, store=f"sqlite:///{file}", options={"replay": {"commit": commit}})


@pytest.mark.parametrize("commit", ["event", "transaction"])
def test_an_exception_rolls_the_whole_transaction_back(file: Path, commit: str) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        publisher = _Publisher(org)
        await publisher.publish(3, 2, 4)
        for failing in (4, None):  # the number of a change in the middle of the second transaction
            try:
                async with (
                    _client(org, recorder, file, commit) as client,
                    client.subscribe(CHANGES, ack="manual") as events,
                ):
                    async for transaction in transactions(events, quiet=0.2):
                        async with transaction.transaction() as tx:
                            for change in transaction.changes:
                                number = change.fields["Number__c"]
                                await tx.execute(text("INSERT INTO changes VALUES ('', :number)"), {"number": number})
                                if number == failing:
                                    raise ZeroDivisionError
                        if len(_copied(file)) == publisher.ends[-1]:
                            break
            except ZeroDivisionError:
                assert _copied(file) == [0, 1, 2]
        assert _copied(file) == list(range(9))

    with_org(scenario, CHANGES)


@in_org(CHANGES)
async def test_a_part_of_a_large_transaction_has_none(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    await _Publisher(org).publish(3)
    async with client_of(org, recorder) as client, client.subscribe(CHANGES, ack="manual") as events:
        part = await anext(transactions(events, most=2))
        with pytest.raises(UsageError, match=r"more than 2 changes.*a larger most="):
            part.transaction()


@in_org(CHANGES)
async def test_a_subscription_that_acknowledges_by_itself_has_none(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    await _Publisher(org).publish(2)
    async with client_of(org, recorder) as client, client.subscribe(CHANGES) as events:
        with pytest.raises(UsageError, match="ack='manual'"):
            (await anext(transactions(events, quiet=0.1))).transaction()
