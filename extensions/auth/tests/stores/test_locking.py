from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pybayeux.testing import in_virtual_time
from pybayeux_auth import TokenStoreError
from pybayeux_auth.stores.locking import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import asyncio, sys
from pathlib import Path
from pybayeux_auth.stores.locking import locked

async def main():
    async with locked(Path(sys.argv[1])):
        print("locked", flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


@in_virtual_time
async def test_a_held_lock_times_out(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with held(path):
        start = asyncio.get_running_loop().time()
        with pytest.raises(TokenStoreError, match="another process has held the lock for 60 s"):
            async with locked(path):
                pass
        assert asyncio.get_running_loop().time() - start == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize("killed", [False, True])
def test_the_lock_is_acquired_when_its_holder_releases_it_or_dies(tmp_path: Path, killed: bool) -> None:
    async def scenario() -> None:
        path = tmp_path / "lock"
        with held(path) as process:
            waiting = asyncio.create_task(locked(path).__aenter__())
            await asyncio.sleep(0)
            assert not waiting.done()
            if killed:
                process.kill()
            else:
                assert process.stdin is not None
                process.stdin.close()
            await asyncio.wait_for(waiting, 20)

    asyncio.run(scenario())


def test_a_cancelled_wait_does_not_acquire_the_lock(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "lock"
        async with locked(path):
            waiting = asyncio.create_task(locked(path).__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait({waiting})
        async with locked(path, timeout=0):
            pass

    asyncio.run(scenario())


def test_an_unusable_path_is_an_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "file").write_text("")
        async with locked(tmp_path / "file" / "lock"):
            pass

    with pytest.raises(TokenStoreError, match="lock: "):
        asyncio.run(scenario())
