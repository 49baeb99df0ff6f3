from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import importlib_metadata
import pytest

from pybayeux.extensions import discovery
from pybayeux.extensions.choices import disabled_names
from pybayeux.extensions.discovery import Installed, find, is_strict

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages


def found(packages: Packages) -> tuple[Installed, ...]:
    return packages.only(find())


def test_import_of_the_package_looks_for_nothing() -> None:
    code = "import sys, pybayeux; sys.exit('importlib_metadata' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_finds_name_distribution_and_version(packages: Packages) -> None:
    packages.signature()
    (installed,) = found(packages)
    assert (installed.name, installed.dist, installed.version) == ("signature", "signature-extension", "1.2")
    assert str(installed) == "extension 'signature' of signature-extension 1.2"
    assert not packages.is_imported("signature_extension")


def test_order_is_that_of_the_names_then_the_distributions(packages: Packages) -> None:
    packages.add("zeta", {"alpha": "nowhere", "omega": "nowhere"})
    packages.add("beta", {"omega": "nowhere", "kappa": "nowhere"})
    names = [(each.name, each.dist) for each in found(packages)]
    assert names == [("alpha", "zeta"), ("kappa", "beta"), ("omega", "beta"), ("omega", "zeta")]


def test_scan_happens_once_for_both_groups(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    scans: list[None] = []

    def scan() -> tuple[()]:
        scans.append(None)
        return ()

    monkeypatch.setattr("importlib_metadata.distributions", scan)
    packages.forget()
    assert find() is find()
    assert discovery.find_group(discovery.HOOKSPEC_GROUP) == ()
    assert len(scans) == 1


def test_a_program_without_metadata_is_told(
    packages: Packages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("importlib_metadata.distributions", lambda: ())
    packages.forget()
    assert find() == ()
    assert not caplog.messages  # the core alone is installed

    def lost(name: str) -> None:
        raise importlib_metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib_metadata.distribution", lost)
    packages.forget()
    assert find() == find() == ()
    (message,) = caplog.messages
    assert message.startswith("pybayeux has no package metadata here")


@pytest.mark.parametrize(
    ("value", "names"),
    [("", set()), ("replay", {"replay"}), ("replay, ack,", {"replay", "ack"}), ("all", {"all"})],
)
def test_disabled_names(monkeypatch: pytest.MonkeyPatch, value: str, names: set[str]) -> None:
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", value)
    assert disabled_names() == names


def test_nothing_is_disabled_by_default() -> None:
    assert disabled_names() == set()


@pytest.mark.parametrize(("value", "strict"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_strict_mode(monkeypatch: pytest.MonkeyPatch, value: str, strict: bool) -> None:
    assert not discovery.is_strict()
    monkeypatch.setenv("PYBAYEUX_STRICT", value)
    assert is_strict() is strict
