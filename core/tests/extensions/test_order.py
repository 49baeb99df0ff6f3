from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.extensions.journals import CLIENT
from pybayeux import hookimpl
from pybayeux.extensions.choices import set_order
from pybayeux.extensions.listing import list_extensions
from pybayeux.extensions.registry import ExtensionRegistry

if TYPE_CHECKING:
    from pathlib import Path

    from core.tests.extensions.packages import Packages

MODULE = "@hookimpl\ndef incoming(message): ..."


class Recorder:
    @hookimpl
    def incoming(self, message: object) -> None: ...


@pytest.fixture
def three(packages: Packages) -> Packages:
    packages.add("one", {"c": "c_module"}, c_module=MODULE)
    packages.add("two", {"b": "b_module", "a": "a_module"}, a_module=MODULE, b_module=MODULE)
    return packages


def order(*names: str, disabled: tuple[str, ...] = ()) -> tuple[str, ...]:
    return ExtensionRegistry(CLIENT, extensions=[Recorder()], order=names, disabled=disabled).names


def test_those_named_come_first_and_the_others_stay(three: Packages, caplog: pytest.LogCaptureFixture) -> None:
    assert order() == ("a", "b", "c", "recorder")
    assert order("c") == ("c", "a", "b", "recorder")
    assert order("Recorder", "b") == ("recorder", "b", "a", "c")
    assert order("b", "a", disabled=("b",)) == ("a", "c", "recorder")
    assert not caplog.messages


def test_the_order_shows_in_the_states(three: Packages) -> None:
    made = ExtensionRegistry(CLIENT, order=["c", "a"])
    assert [(each.name, each.order) for each in made.statuses] == [("c", 1), ("a", 2), ("b", 3)]


def test_an_argument_comes_before_the_environment_and_that_before_a_file(
    three: Packages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_order(["c", "b"], tmp_path / "pybayeux.toml")
    assert order() == ("c", "b", "a", "recorder")
    monkeypatch.setenv("PYBAYEUX_EXTENSION_ORDER", "b, c")
    assert order() == ("b", "c", "a", "recorder")
    assert order("c") == ("c", "a", "b", "recorder")
    assert [(each.name, each.order) for each in list_extensions()] == [("a", 3), ("b", 1), ("c", 2)]


def test_a_name_that_is_not_there_is_told(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    packages.add("dist", {"acme-hmac": "acme_hmac"}, acme_hmac=MODULE)
    hint = "extension 'acme-hamc' is to be ordered, but there is no such extension; did you mean 'acme-hmac'?"
    order("acme-hamc")
    monkeypatch.setenv("PYBAYEUX_EXTENSION_ORDER", "acme-hamc")
    list_extensions()
    assert caplog.messages == [f"order: {hint}", f"PYBAYEUX_EXTENSION_ORDER: {hint}"]
