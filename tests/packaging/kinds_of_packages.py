"""Helper: what each of the packages in examples/packages does with a server, in the environment that has them.

Run there, in a folder of its own: ``python kinds_of_packages.py NAME``. It prints one JSON value.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager, suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pybayeux import AsyncClient
from pybayeux.testing import check_contract
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def signature() -> object:
    """Every publish is signed."""
    async with DevServer() as server:
        async with AsyncClient(server.url, options={"signature": {"key": "secret"}}) as client:
            await client.publish("/orders", {"number": 1})
        [published] = server.recorder.messages("/orders")
        return published["ext"]


async def acme_token() -> object:
    """The token in the file is sent; when it is replaced, and the server refuses the old one, the new one is."""
    replace_token("old")
    async with DevServer(tokens=("old",), replay=False) as server:
        options = {"acme-token": {"path": "token.txt"}}
        async with AsyncClient(server.url, options=options) as client, client.subscribe("/orders") as events:
            server.tokens.add("new")
            replace_token("new")
            server.faults.expire_token("old")
            await server.recorder.received("/meta/subscribe", 2)
            await server.publish("/orders", 1)
            await anext(events)
        return sorted({request.headers["authorization"] for request in server.recorder.requests})


def replace_token(token: str) -> None:
    """What another program does before a token expires."""
    Path("token.txt").write_text(f"{token}\n")


async def acme_dedupe() -> object:
    """Each id is handled once, over a restart of the program."""
    seen = []
    async with DevServer(replay=False) as server:
        for _ in range(2):
            options = {"acme-dedupe": {"path": "ids.txt"}}
            async with AsyncClient(server.url, options=options) as client, client.subscribe("/orders") as events:
                for event_id in ("a", "a", "b", "end"):
                    await server.publish("/orders", {"id": event_id} if event_id != "end" else {})
                async for event in events:
                    seen.append(event.data.get("id"))
                    if not event.data:
                        break
    return seen


async def acme_journal() -> object:
    """Every event is in the journal before it is handled, in order."""
    written = []
    async with DevServer(replay=False) as server:
        options = {"acme-journal": {"path": "journal.jsonl"}}
        async with AsyncClient(server.url, options=options) as client, client.subscribe("/orders") as events:
            for number in range(5):
                await server.publish("/orders", number)
            for number in range(5):
                assert (await anext(events)).data == number
                written.append(journalled()[: number + 1])
    return written


def journalled() -> list[object]:
    """The data of the events in the journal."""
    lines = map(json.loads, Path("journal.jsonl").read_text().splitlines())
    return [message["data"] for [message] in lines]


async def acme_unix() -> object:
    """The requests go over the socket; without its path the client uses the usual way."""
    async with DevServer(replay=False) as server, unix_socket(server.url) as (path, connections):
        options = {"long-polling": {"path": path}}
        async with AsyncClient(server.url, transports=["long-polling"]) as client:
            await client.publish("/orders", "over TCP")
        over_tcp = len(connections)
        async with AsyncClient(
            "http://nowhere.test/cometd", transports=["long-polling"], transport_options=options
        ) as client:
            await client.publish("/orders", "over the socket")
        return [over_tcp, bool(connections), [message["data"] for message in server.recorder.messages("/orders")]]


@asynccontextmanager
async def unix_socket(url: str) -> AsyncIterator[tuple[str, list[str]]]:
    """A Unix socket that leads to a server, and the connections that were made to it."""
    address = urlsplit(url)
    connections: list[str] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append("one")
        to_server = await asyncio.open_connection(address.hostname, address.port)
        await asyncio.gather(carry(reader, to_server[1]), carry(to_server[0], writer))

    path = "bayeux.sock"
    async with await asyncio.start_unix_server(connected, path):
        yield path, connections


async def acme_audit() -> object:
    """The package brings a hook, and another one implements it."""
    options = {"acme-audit-file": {"path": "audit.txt"}}
    async with DevServer(replay=False) as server, AsyncClient(server.url, options=options) as client:
        return (await client.publish("/orders", {"number": 1})).successful


CONTRACTS: dict[str, dict[str, Any]] = {
    "signature": {"key": "secret"},
    "acme-token": {"path": Path("token.txt")},
    "acme-dedupe": {"path": Path("contract-ids.txt")},
    "acme-journal": {"path": Path("contract.jsonl")},
    "acme-unix": {},
    "acme-audit": {},
    "acme-audit-file": {"path": Path("contract-audit.txt")},
}


def contracts() -> object:
    """Each of them follows the rules for extensions."""
    replace_token("secret")
    installed = {entry.name: entry for entry in entry_points(group="pybayeux")}
    for name, options in CONTRACTS.items():
        check_contract(installed[name].load(), options)
    return sorted(CONTRACTS)


if __name__ == "__main__":
    found = globals()[sys.argv[1]]()
    print(json.dumps(asyncio.run(found) if asyncio.iscoroutine(found) else found))  # noqa: T201
