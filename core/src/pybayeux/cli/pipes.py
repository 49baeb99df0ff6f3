"""Reads and writes that may wait for the program at the other end of a pipe, beside the event loop.

In a thread, since a slow reader must not cost the session, and in a daemon: `asyncio.to_thread` waits for its threads
at the end, and one that is stuck in a pipe would keep Ctrl-C from ending the program. On file descriptors, since a
daemon that holds the lock of a buffered stream cannot be left behind.
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

__all__ = ("descriptor_of", "nobody_reads", "read_some", "write_all")

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
    """What there is to read, once there is something; empty at the end."""
    return await _aside(lambda: os.read(descriptor, _CHUNK))


async def write_all(descriptor: int, content: bytes) -> None:
    """Write to the last byte.

    Raises:
        BrokenPipeError: Nobody reads it any more.
    """

    def write() -> None:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]

    await _aside(write)


async def nobody_reads(descriptor: int) -> None:
    """Wait until the reader of a pipe has gone; for ever, where that cannot be known.

    Raises:
        BrokenPipeError: It has gone.
    """
    gone, loop = asyncio.Event(), asyncio.get_running_loop()
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with suppress(NotImplementedError):
            loop.add_reader(descriptor, gone.set)  # the end that is written to becomes readable when it breaks
    try:
        await gone.wait()
    finally:
        with suppress(NotImplementedError):
            loop.remove_reader(descriptor)
    raise BrokenPipeError


async def _aside(work: Callable[[], T]) -> T:
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile: nobody waits any more
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
