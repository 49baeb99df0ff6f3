"""What systemd is told, on a socket as it has one."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import TYPE_CHECKING

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import ConnectionState, Health
from pybayeux.cli.systemd import supervised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Client:
    live = True

    @property
    def health(self) -> Health:
        return Health(self.live, self.live, ConnectionState.CONNECTED, None, None, {"/a\nREADY=0": None})


class _Systemd:
    """Receives what it is told."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def told(self) -> list[list[str]]:
        told = []
        while True:
            try:
                told.append(self._socket.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return told

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Systemd]:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    listening = _Systemd(str(tmp_path / "notify"))
    yield listening
    listening.close()


def test_it_is_told_of_the_beginning_the_life_and_the_end(systemd: _Systemd) -> None:
    @in_virtual_time
    async def run() -> None:
        client = _Client()
        async with supervised(client, lambda text: text.replace("ready", "***")):
            await asyncio.sleep(15)
            status = "STATUS=***; connected; /a\\nREADY=0 inactive"
            assert systemd.told() == [["READY=1"], ["WATCHDOG=1", status], ["WATCHDOG=1", status]]
            client.live = False
            await asyncio.sleep(10)
            [[status]] = systemd.told()  # no sign of life: systemd restarts the unit
            assert status.startswith("STATUS=not live")
        await asyncio.sleep(60)
        assert systemd.told() == [["STOPPING=1"]]

    run()


@pytest.mark.parametrize(("name", "value"), [("WATCHDOG_PID", "1"), ("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "")])
def test_without_a_watchdog_of_its_own_there_are_no_signs_of_life(
    name: str, value: str, systemd: _Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    @in_virtual_time
    async def run() -> None:
        async with supervised(_Client(), str):
            await asyncio.sleep(100)

    run()
    assert systemd.told() == [["READY=1"], ["STOPPING=1"]]


@pytest.mark.skipif(not os.path.exists("/proc/net/unix"), reason="Linux alone has abstract sockets")
def test_the_socket_may_be_abstract(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"pybayeux-test-{os.getpid()}"
    listening = _Systemd(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")

    @in_virtual_time
    async def run() -> None:
        async with supervised(_Client(), str):
            assert listening.told() == [["READY=1"]]

    run()
    listening.close()


def test_a_socket_that_is_gone_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    @in_virtual_time
    async def run() -> None:
        async with supervised(_Client(), str):
            pass

    run()
    assert "systemd could not be told READY=1" in caplog.text
