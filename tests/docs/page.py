"""Helper: runs the Python blocks of one page, in order and in one namespace, beside a server.

- A block may await at its top level, as in ``python -m asyncio``. One that does not runs in a thread.
- Every address of a Bayeux server becomes that of the server. It publishes three orders to each subscription.
- Every name of a store in PostgreSQL, Redis or Kafka becomes that of an engine, which is empty when the page begins.
- A block that speaks of a `client` it did not make gets a new one.
- An ``async for`` without a ``break`` is cancelled when the block has printed what the page says.
- Functions named `test_...` are called, with the fixtures that they ask for.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import re
from typing import TYPE_CHECKING, Any, Final

from pybayeux import AsyncClient, Client

if TYPE_CHECKING:
    import types
    from collections.abc import Callable

    from pybayeux_devserver import DevServer
    from tests.docs.markdown import Block

__all__ = ("Page", "client_of")

_ADDRESS: Final = re.compile(r"https?://[\w.:-]+/cometd\b(?:/[\d.]+)?")
_STORES: Final = {
    re.compile(r"postgresql://[\w.:@-]+/\w+(?![\w?])"): "postgres_engine",
    re.compile(r"kafka://[\w.:,-]+"): "kafka_engine",
    re.compile(r"redis://[\w.:@-]+/\d+(?![\w?])"): "redis_engine",
}
"""From the names of stores to the fixtures that have an engine."""
_MAKES_CLIENT: Final = re.compile(r"\bas client\b|\bclient = |\bdef \w+\([^)]*\bclient\b")
_ITEMS: Final = ("tea", "coffee", "milk")
_LIMIT: Final = 20.0


class Page:
    """What the blocks of one page share.

    Args:
        module: The blocks' module. They import what they name, as a reader's program has to.
        server: The server, running in this loop.
        fixture: Gives the fixture of a name.
    """

    def __init__(self, module: types.ModuleType, server: DevServer, fixture: Callable[[str], Any]) -> None:
        self._server: Final = server
        self._fixture: Final = fixture
        self._names: Final[dict[str, Any]] = vars(module)

    async def run(self, block: Block) -> None:
        """Run one block; it has to end, and to print what the page says."""
        code = self._compiled(block)
        known = set(self._names)
        async with contextlib.AsyncExitStack() as clients:
            if (kind := client_of(block)) is not None:
                self._names["client"] = await self._new_client(clients, kind)
            output = await self._printed(block, code)
        assert block.output in (None, output), f"{block.path}:{block.line} printed {output!r}"
        await self._call_tests({name for name in self._names if name.startswith("test_")} - known)

    def _compiled(self, block: Block) -> types.CodeType:
        source = _ADDRESS.sub(self._server.url, block.source)
        for name, fixture in _STORES.items():
            if name.search(source):
                source = name.sub(self._fixture(fixture).url, source)
        return _compiled(block, source)

    async def _new_client(
        self, clients: contextlib.AsyncExitStack, kind: type[AsyncClient | Client]
    ) -> AsyncClient | Client:
        if kind is AsyncClient:
            return await clients.enter_async_context(AsyncClient(self._server.url))
        client = await asyncio.to_thread(Client, self._server.url)
        await asyncio.to_thread(client.start)
        clients.push_async_callback(asyncio.to_thread, client.close)
        return client

    async def _printed(self, block: Block, code: types.CodeType) -> str:
        with contextlib.redirect_stdout(_Output()) as output:
            try:
                async with asyncio.timeout(_LIMIT):
                    await self._until_done(block, code, output)
            except TimeoutError:
                raise AssertionError(f"{block.path}:{block.line} does not end, and printed {output.text!r}") from None
        return output.text

    async def _until_done(self, block: Block, code: types.CodeType, output: _Output) -> None:
        work = asyncio.create_task(self._execute(code))
        printed = asyncio.create_task(output.until(block.output or ""))
        if block.output is not None and "async for" in block.source and "break" not in block.source:
            await asyncio.wait({work, printed}, return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
        await asyncio.wait({work})
        if not work.cancelled():
            work.result()
            await printed

    async def _execute(self, code: types.CodeType) -> None:
        if _awaits(code):
            await eval(code, self._names)  # noqa: S307 - the pages are ours
        else:
            await asyncio.to_thread(exec, code, self._names)

    async def _call_tests(self, names: set[str]) -> None:
        for name in sorted(names):
            test = self._names[name]
            fixtures = {each: self._fixture(each) for each in inspect.signature(test).parameters}
            await asyncio.to_thread(test, **fixtures)

    async def publish_orders(self) -> None:
        """Publish orders to whatever is subscribed to, for as long as the task lives."""
        answered = 0
        while True:
            asked = await self._server.recorder.received("/meta/subscribe", answered + 1)
            for message in asked[answered:]:
                channel = str(message["subscription"]).replace("**", "new").replace("*", "new")
                for number, item in enumerate(_ITEMS, 1):
                    await self._server.publish(channel, {"number": number, "item": item})
            answered = len(asked)


def client_of(block: Block) -> type[AsyncClient | Client] | None:
    """The kind of the `client` that a block speaks of without making one, or None if it does not."""
    code = _compiled(block, block.source)
    if "client" not in code.co_names or _MAKES_CLIENT.search(block.source):
        return None
    return AsyncClient if _awaits(code) else Client


def _compiled(block: Block, source: str) -> types.CodeType:
    # Line numbers are those of the page.
    shifted = "\n" * block.line + source
    code: types.CodeType = compile(shifted, str(block.path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


def _awaits(code: types.CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


class _Output:
    """Takes the place of stdout, for all threads."""

    def __init__(self) -> None:
        self.text = ""
        self._loop: Final = asyncio.get_running_loop()
        self._written: Final = asyncio.Event()

    def write(self, text: str) -> int:
        self.text += text
        self._loop.call_soon_threadsafe(self._written.set)
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""

    async def until(self, expected: str) -> None:
        while len(self.text) < len(expected):
            self._written.clear()
            await self._written.wait()
