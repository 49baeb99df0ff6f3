from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import ExtensionLoadError
from pybayeux.extensions.candidates import load
from pybayeux.extensions.discovery import find

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages


def test_loads_class_and_hooks_once(packages: Packages) -> None:
    packages.signature()
    (installed,) = packages.only(find())
    loaded = load(installed)
    assert isinstance(loaded.target, type)
    assert loaded.hooks == ("outgoing",)
    assert loaded.error is None
    assert load(installed) is loaded


@pytest.mark.parametrize(
    ("value", "source", "words"),
    [
        ("nowhere_to_be_found", "", "ModuleNotFoundError"),
        ("broken_extension:Missing", "", "AttributeError"),
        ("broken_extension", "1 / 0", "ZeroDivisionError"),
        ("broken_extension", "raise SystemExit(3)", "SystemExit: 3"),
        ("not-a-reference", "", "cannot be loaded"),
        ("broken_extension", "@hookimpl\ndef outgoin(message): ...", "did you mean 'outgoing'"),
        ("broken_extension", "@hookimpl\ndef incoming(mesage): ...", "unknown argument 'mesage'"),
    ],
)
def test_failure_names_distribution_and_cause(packages: Packages, value: str, source: str, words: str) -> None:
    packages.add("broken-extension", {"broken": value}, version="0.9", broken_extension=source)
    (installed,) = packages.only(find())
    loaded = load(installed)
    assert loaded.target is None
    assert isinstance(loaded.error, ExtensionLoadError)
    assert loaded.error.extension == "broken"
    assert loaded.error.__cause__ is not None
    text = str(loaded.error)
    assert words in text
    assert "broken-extension 0.9" in text


def test_secret_in_a_failure_is_masked(packages: Packages) -> None:
    packages.add("leaky", {"leaky": "leaky_module"}, leaky_module="raise ValueError('token=abcdefgh')")
    (installed,) = packages.only(find())
    assert "abcdefgh" not in str(load(installed).error)


def test_module_and_instance_are_loaded_as_they_stand(packages: Packages) -> None:
    packages.add("plain", {"plain": "plain_module"}, plain_module="@hookimpl\ndef incoming(message): ...")
    (installed,) = packages.only(find())
    assert load(installed).target is sys.modules["plain_module"]
