from __future__ import annotations

import asyncio
import os
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pybayeux.cli.failures import WrongUsage
from pybayeux.cli.pipes import descriptor_of, read_some, reader_gone, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Both ends of a pipe."""
    with ExitStack() as stack:
        reading, writing = os.pipe()
        yield stack.enter_context(open(reading, "rb", 0)), stack.enter_context(open(writing, "wb", 0))


def test_what_is_written_is_read(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    async def scenario() -> None:
        source, target = pipe
        content = os.urandom(300_000)  # more than a pipe holds
        writing = asyncio.ensure_future(write_all(target.fileno(), content))
        read = b""
        while len(read) < len(content):
            read += await read_some(source.fileno())
        await writing
        assert read == content

    asyncio.run(scenario())


def test_a_broken_pipe_is_raised(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    async def scenario() -> None:
        source, target = pipe
        waiting = asyncio.ensure_future(reader_gone(target.fileno()))
        await write_all(target.fileno(), b"x")
        assert not waiting.done()
        source.close()
        with pytest.raises(BrokenPipeError):
            await waiting
        with pytest.raises(BrokenPipeError):
            await write_all(target.fileno(), b"x")

    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_a_file_is_always_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    async def scenario() -> None:
        with (tmp_path_factory.mktemp("output") / "file").open("wb") as file:
            waiting = asyncio.ensure_future(reader_gone(file.fileno()))
            await write_all(file.fileno(), b"x")
            assert not waiting.done()
            waiting.cancel()
            await asyncio.wait([waiting])

    asyncio.run(scenario())


def test_a_read_that_never_ends_does_not_keep_the_loop(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    async def scenario() -> None:
        reading = asyncio.ensure_future(read_some(pipe[0].fileno()))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])

    asyncio.run(scenario())
    pipe[1].write(b"too late")
    for thread in threading.enumerate():
        if thread.name == "pybayeux-pipe":
            thread.join(10)
            assert not thread.is_alive()


def test_a_stream_that_the_shell_closed_is_an_error() -> None:
    with pytest.raises(WrongUsage, match="standard input is closed"):
        descriptor_of(None, "input")
