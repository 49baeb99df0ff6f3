from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, BayeuxClient, Client, hookimpl
from pybayeux.errors import UsageError
from pybayeux.extensions.candidates import State, resolve_installed
from pybayeux.extensions.choices import set_only
from pybayeux.extensions.commands import installed_extension, installed_hook
from pybayeux.extensions.listing import list_extensions
from pybayeux.extensions.wanted import warn_of_unknown_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from core.tests.extensions.packages import Packages

MODULE = "@hookimpl\ndef incoming(message): ..."
URL = "http://127.0.0.1:9/cometd"
WRONG = "extension 'reply' is not installed (did you mean 'replay'?); expected one of ack, replay"


class Passed:
    name = "passed"

    @hookimpl
    def incoming(self, message: object) -> None: ...


@pytest.fixture
def two(packages: Packages) -> Iterator[Packages]:
    """Two installed extensions, and no choice that outlives the test."""
    for name in ("ack", "replay"):
        packages.add(f"{name}-dist", {name: "a_module"}, a_module=MODULE)
    yield packages
    set_only(())


def test_only_those_that_are_named(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        packages.add(f"{name}-dist", {name: "a_module"}, a_module=MODULE)

    def active(**arguments: Any) -> list[str]:
        return [each.name for each in resolve_installed({}, **arguments) if each.state is State.ACTIVE]

    assert active(discover=["b", "a"]) == ["a", "b"]
    assert active(discover=[]) == []
    assert resolve_installed({}, discover=False) == []
    assert active(discover=["b", "a"], disabled=["a"]) == ["b"]
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "c")
    assert active() == ["c"]
    assert active(discover=["b"]) == ["b"]
    assert next(each.reason for each in resolve_installed({})) == "not among the extensions in PYBAYEUX_EXTENSIONS"
    assert next(each.reason for each in resolve_installed({}, discover=["b"])) == "not among the extensions in discover"


def test_unknown_names_that_are_disabled_are_told(
    two: Packages, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", "relay,all")
    resolve_installed({}, ["repaly"])
    assert caplog.messages == [
        "PYBAYEUX_DISABLE_EXTENSIONS: extension 'relay' is not installed; did you mean 'replay'?",
        "disabled: extension 'repaly' is not installed; did you mean 'replay'?",
    ]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["d"], "extension 'd' is not installed; expected one of ack, replay"),
        (["ack", "reply"], WRONG),
        (["auth"], "extension 'auth' is not installed (pip install pybayeux-auth); expected one of ack, replay"),
        (["d", "reply"], f"extension 'd' is not installed; {WRONG}"),
    ],
)
def test_an_unknown_name_of_the_only_ones_is_an_error(two: Packages, names: list[str], why: str) -> None:
    with pytest.raises(UsageError) as error:
        AsyncClient(URL, discover=names)
    assert str(error.value) == f"discover: {why}"


def _by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "ack,reply")
    return "PYBAYEUX_EXTENSIONS"


def _by_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    set_only(["ack", "reply"])
    return "-p only"


def _by_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setattr("pybayeux.extensions.choices._configured", {})
    set_only(["ack", "reply"], tmp_path / "pybayeux.toml")
    return str(tmp_path / "pybayeux.toml")


@pytest.mark.parametrize("choose", [_by_the_environment, _by_the_command_line, _by_the_file])
def test_nothing_acts_with_an_unknown_name_of_the_only_ones(
    two: Packages,
    choose: Callable[[pytest.MonkeyPatch, Path], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = choose(monkeypatch, tmp_path)
    for make in (
        lambda: AsyncClient(URL),
        lambda: Client(URL),
        lambda: BayeuxClient(URL),
        lambda: installed_hook("incoming"),
        lambda: installed_extension("ack"),
    ):
        with pytest.raises(UsageError) as error:
            make()
        assert str(error.value) == f"{place}: {WRONG}"
    AsyncClient(URL, discover=False)
    AsyncClient(URL, discover=["ack"])
    assert caplog.messages == []


def test_what_only_looks_warns(
    two: Packages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "ack")
    warn_of_unknown_only()
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "ack,reply")
    assert [each.state for each in list_extensions()] == ["active", "disabled"]
    warn_of_unknown_only()
    assert caplog.messages == [f"PYBAYEUX_EXTENSIONS: {WRONG}; no client starts"]


def test_the_list_may_have_what_the_program_passes(two: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "Passed,ack")
    client = AsyncClient(URL, extensions=[Passed()])
    assert [each.name for each in client.extensions if each.order] == ["ack", "passed"]
    with pytest.raises(UsageError, match=r"PYBAYEUX_EXTENSIONS: extension 'Passed' is not installed; .* ack, replay$"):
        AsyncClient(URL)
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "pased,ack")
    with pytest.raises(UsageError, match=r"extension 'pased' is not installed; expected one of ack, replay$"):
        AsyncClient(URL, extensions=[Passed()])
