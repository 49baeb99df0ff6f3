"""The files for systemd and containers: their commands are run as they are written, and do what the files rely on."""

from __future__ import annotations

import configparser
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from tests.docs.program import EXAMPLES
from tests.support.command_line import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pybayeux_devserver import BlockingServer

_FOLDER: Final = EXAMPLES / "deploy"
_UNIT: Final = _FOLDER / "pybayeux-listen.service"
_PROGRAM: Final = "/usr/local/lib/pybayeux/bin/pybayeux"


def _service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(_UNIT)
    return unit["Service"]


def _settings(name: str) -> dict[str, str]:
    lines = (_FOLDER / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _container() -> dict[str, str]:
    """The last of each instruction of the Containerfile."""
    text = (_FOLDER / "Containerfile").read_text().replace("\\\n", " ")
    return dict(line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#"))


def _number(arguments: list[str], option: str) -> float:
    return float(arguments[arguments.index(option) + 1])


# -- systemd


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd is told of a unit."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        yield listening


def _told(systemd: socket.socket, words: str) -> str:
    while words not in (told := systemd.recv(4096).decode()):
        pass
    return told


@contextmanager
def _started_unit(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the unit's command as systemd does, with this Python's program; it is killed at the end of the block."""
    command = [each.replace("$$", "$") for each in shlex.split(_service()["ExecStart"])]
    assert _PROGRAM in command[-1]
    command[-1] = command[-1].replace(_PROGRAM, f"{shlex.quote(sys.executable)} -m pybayeux")
    notified = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "300000"}
    environment = {"PATH": os.environ["PATH"], **_settings("listen.env"), "URL": url, **notified}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as unit:
        try:
            yield unit
        finally:
            unit.kill()


def test_the_unit_is_started_and_stopped(bayeux_server: BlockingServer, tmp_path: Path, systemd: socket.socket) -> None:
    clean = {int(code) for code in _service()["SuccessExitStatus"].split()}
    for number in (1, 2):
        bayeux_server.publish("/orders", {"number": number})
        with _started_unit(bayeux_server.url, tmp_path) as unit:
            _told(systemd, "READY=1")
            assert "STATUS=ready; connected" in _told(systemd, "WATCHDOG=1")
            while len((tmp_path / "events.jsonl").read_text().splitlines()) < number:
                _told(systemd, "WATCHDOG=1")
            unit.send_signal(getattr(signal, _service()["KillSignal"]))
            _, log = unit.communicate()
        assert unit.returncode in clean
        assert all(json.loads(line)["level"] for line in log.splitlines())
        _told(systemd, "STOPPING=1")
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [event["data"]["number"] for event in events] == [1, 2]  # each once, over a restart


def test_the_unit_is_told_to_stop_before_it_is_killed() -> None:
    service = _service()
    assert _number(shlex.split(shlex.split(service["ExecStart"])[-1]), "--grace") < float(service["TimeoutStopSec"])


def test_wrong_usage_is_not_tried_again(tmp_path: Path) -> None:
    with _started_unit("ftp://example.com", tmp_path) as unit:
        unit.communicate()
        assert str(unit.returncode) in _service()["RestartPreventExitStatus"].split()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / _UNIT.name
    copy.write_text(_UNIT.read_text().replace(_PROGRAM, sys.executable))  # verify wants the program to exist
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


# -- containers


def _entry_point(port: int) -> list[str]:
    program, *arguments = json.loads(_container()["ENTRYPOINT"])
    assert program == "pybayeux"
    return [str(port) if each == "8081" else each.replace("0.0.0.0", "127.0.0.1") for each in arguments]


def _check_health(port: int) -> int:
    command = json.loads(_container()["HEALTHCHECK"].partition("CMD ")[2])
    assert command[0] == "python"
    arguments = [each.replace(":8081/", f":{port}/") for each in command[1:]]
    return subprocess.run([sys.executable, *arguments], capture_output=True).returncode


def test_the_container_is_healthy_while_it_runs(bayeux_server: BlockingServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    environment = dict(each.split("=", 1) for each in shlex.split(_container()["ENV"]))
    environment = {name: value.replace("/data", str(tmp_path)) for name, value in environment.items()}
    bayeux_server.publish("/orders", {"number": 1})
    assert _check_health(port) != 0
    with CommandLine(
        *_entry_point(port), bayeux_server.url, "/orders", folder=tmp_path, environment=environment
    ) as container:
        assert json.loads(container.line())["data"]["number"] == 1
        assert _check_health(port) == 0
        container.process.send_signal(getattr(signal, _container()["STOPSIGNAL"]))
        ended = container.ended()
    assert ended.code == 143
    assert all(json.loads(line)["message"] for line in ended.err)
    assert (tmp_path / "positions.db").exists()


def test_the_container_runs_without_rights() -> None:
    container = _container()
    assert f"--uid {container['USER']} " in container["RUN"]
    [listen] = yaml.safe_load((_FOLDER / "compose.yaml").read_text())["services"].values()
    assert (listen["cap_drop"], listen["read_only"]) == (["ALL"], True)
    deployment, _ = yaml.safe_load_all((_FOLDER / "kubernetes.yaml").read_text())
    assert str(deployment["spec"]["template"]["spec"]["securityContext"]["runAsUser"]) == container["USER"]


def test_what_starts_the_container_fits_it() -> None:
    container, entry_point = _container(), json.loads(_container()["ENTRYPOINT"])
    port, grace = int(_number(entry_point, "--health-port")), _number(entry_point, "--grace")
    assert container["EXPOSE"] == str(port)
    [listen] = yaml.safe_load((_FOLDER / "compose.yaml").read_text())["services"].values()
    assert listen["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert grace < float(listen["stop_grace_period"].removesuffix("s"))
    assert [each.partition(":")[2] for each in listen["volumes"]] == [container["VOLUME"]]
    deployment, claim = yaml.safe_load_all((_FOLDER / "kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    [listening] = pod["containers"]
    assert listening["ports"] == [{"name": "health", "containerPort": port}]
    probes: dict[str, Any] = {name: value["httpGet"] for name, value in listening.items() if name.endswith("Probe")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/live",
        "livenessProbe": "/live",
        "readinessProbe": "/ready",
    }
    assert grace < pod["terminationGracePeriodSeconds"]
    assert container["VOLUME"] in [each["mountPath"] for each in listening["volumeMounts"]]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
