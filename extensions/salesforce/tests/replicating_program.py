"""A program that copies changes into a database, each transaction of the org as one: ``URL ID SECRET FILE``.

It prints a line before each change and after each transaction. The tests kill it in between.
"""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy import text

import pybayeux_salesforce as salesforce
from pybayeux_auth import ClientCredentialsFlow

CHANGES = "/data/ChangeEvents"


async def main(url: str, client_id: str, secret: str, file: str) -> None:
    """Copy changes until killed."""
    login = ClientCredentialsFlow(login_url=url, client_id=client_id, client_secret=secret)
    async with (
        salesforce.client(url, login=login, store=f"sqlite:///{file}", since="earliest", discover=False) as client,
        client.subscribe(CHANGES, ack="manual") as events,
    ):
        async for transaction in salesforce.transactions(events, quiet=0.2):
            async with transaction.transaction() as tx:
                for change in transaction.changes:
                    _say("copying")
                    row = {"key": transaction.key, "number": change.fields["Number__c"]}
                    await tx.execute(text("INSERT INTO changes VALUES (:key, :number)"), row)
            _say("copied")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
