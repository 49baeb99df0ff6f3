"""Reads and writes that may wait for the program at the other end of a pipe, outside the event loop.

They run in a thread, because a slow reader must not block the session, and in a daemon thread: `asyncio.to_thread`
waits for its threads at exit, and one that is stuck in a pipe would keep Ctrl-C from ending the program. They use file
descriptors, because Python cannot exit while a daemon thread holds the lock of a buffered stream.
"""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, TextIO, TypeVar

from .failures import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("descriptor_of", "read_some", "reader_gone", "write_all")

T = TypeVar("T")

_CHUNK: Final = 1 << 16


def descriptor_of(stream: TextIO | None, name: str) -> int:
    """The file descriptor of a standard stream.

    Raises:
        WrongUsage: The shell closed it.
    """
    if stream is None:
        raise WrongUsage(f"standard {name} is closed")
    return stream.fileno()


async def read_some(descriptor: int) -> bytes:
    """The bytes that can be read, as soon as there are any; empty at the end of the file."""
    return await _in_thread(lambda: os.read(descriptor, _CHUNK))


async def write_all(descriptor: int, content: bytes) -> None:
    """Write all bytes.

    Raises:
        BrokenPipeError: The reader has closed the pipe.
    """

    def write() -> None:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]

    await _in_thread(write)


async def reader_gone(descriptor: int) -> None:
    """Wait until the reader of a pipe is gone; for ever, if that cannot be detected.

    Raises:
        BrokenPipeError: The reader is gone.
    """
    gone, loop = asyncio.Event(), asyncio.get_running_loop()
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with suppress(NotImplementedError):
            loop.add_reader(descriptor, gone.set)  # a pipe's write end becomes readable when the read end is closed
    try:
        await gone.wait()
    finally:
        with suppress(NotImplementedError):
            loop.remove_reader(descriptor)
    raise BrokenPipeError


async def _in_thread(work: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        with suppress(RuntimeError):  # the loop was closed in the meantime
            try:
                value = work()
            except OSError as error:
                loop.call_soon_threadsafe(_fail, result, error)
            else:
                loop.call_soon_threadsafe(_settle, result, value)

    Thread(target=run, daemon=True, name="pybayeux-pipe").start()
    return await result


def _settle(result: asyncio.Future[T], value: T) -> None:
    if not result.done():
        result.set_result(value)


def _fail(result: asyncio.Future[T], error: OSError) -> None:
    if not result.done():
        result.set_exception(error)
