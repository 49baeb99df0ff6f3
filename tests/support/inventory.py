"""`Inventory`: what a process holds at one moment, to be compared with what it held before.

Owns the counting of memory, tasks, threads, sockets, descriptors and objects. It does not know what it counts for.
"""

from __future__ import annotations

import asyncio
import gc
import os
import stat
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ("Inventory", "take_inventory")

_SERVERS: Final = ("pybayeux_devserver", "pybayeux_salesforce_emulator")
"""Packages whose objects are not counted: a server within the process keeps records of its own."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a process held.

    Attributes:
        memory: Its resident memory in bytes; 0 where the system does not say.
        tasks: The tasks of the running event loop.
        threads: The threads.
        sockets: The open sockets.
        descriptors: The open descriptors, sockets among them.
        objects: The objects of our classes that the garbage collector knows, by class.
    """

    memory: int
    tasks: int
    threads: int
    sockets: int
    descriptors: int
    objects: Counter[str]

    def grown_since(
        self, before: Inventory, *, memory: int | None = None, sockets: int = 0, objects: int = 0
    ) -> dict[str, str]:
        """What has grown, each with both figures; empty if nothing has.

        Args:
            before: What the process held before.
            memory: By how many bytes the memory may have grown; None leaves it out.
            sockets: How many more sockets, which are descriptors too, there may be.
            objects: By how many each class may have grown.
        """
        margins = {"tasks": 0, "threads": 0, "sockets": sockets, "descriptors": sockets}
        grown = {
            name: f"{getattr(before, name)} -> {getattr(self, name)}"
            for name, margin in margins.items()
            if getattr(self, name) > getattr(before, name) + margin
        }
        if memory is not None and self.memory > before.memory + memory:
            grown["memory"] = f"{before.memory:,} -> {self.memory:,}"
        for name, count in self.objects.items():
            if count > before.objects[name] + objects:
                grown[name] = f"{before.objects[name]} -> {count}"
        return grown


def take_inventory() -> Inventory:
    """Collect garbage, then count. To be called on a running event loop."""
    gc.collect()
    modes = [_mode(int(name)) for name in os.listdir("/dev/fd")]
    return Inventory(
        memory=_memory(),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
        sockets=sum(stat.S_ISSOCK(mode) for mode in modes),
        descriptors=sum(mode != 0 for mode in modes),
        objects=Counter(_name(type(each)) for each in gc.get_objects() if _is_ours(type(each))),
    )


def _mode(descriptor: int) -> int:
    with suppress(OSError):  # the one that listed the others is closed again
        return os.fstat(descriptor).st_mode
    return 0


def _memory() -> int:
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _is_ours(kind: type) -> bool:
    package, _, _ = str(kind.__module__).partition(".")
    return package.startswith("pybayeux") and package not in _SERVERS


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
