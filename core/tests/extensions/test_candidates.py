from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import ExtensionLoadError, ExtensionOptionError
from pybayeux.extensions.candidates import Candidate, State, resolve_installed

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

MODULE = "@hookimpl\ndef incoming(message): ..."


def only(candidates: list[Candidate]) -> Candidate:
    (candidate,) = candidates
    return candidate


def test_configured_class_is_active(packages: Packages) -> None:
    packages.signature()
    candidate = only(resolve_installed({"signature": {"key": "k"}}))
    assert candidate.state is State.ACTIVE
    assert candidate.values == {"key": "k"}
    assert candidate.hooks == ("outgoing",)
    assert candidate.reason == ""


def test_class_without_its_options_is_left_out(packages: Packages) -> None:
    packages.signature()
    candidate = only(resolve_installed({}))
    assert candidate.state is State.NOT_CONFIGURED
    assert candidate.reason == "missing options: key"
    assert candidate.error is None


def test_environment_configures(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.signature()
    monkeypatch.setenv("PYBAYEUX_SIGNATURE_KEY", "k")
    assert only(resolve_installed({})).state is State.ACTIVE


def test_wrong_option_names_distribution_and_version(packages: Packages) -> None:
    packages.signature()
    candidate = only(resolve_installed({"signature": {"key": "k", "rounds": 3}}))
    assert candidate.state is State.BROKEN
    assert isinstance(candidate.error, ExtensionOptionError)
    assert "extension 'signature' of signature-extension 1.2: option 'rounds' is unknown" in candidate.reason
    assert candidate.target is not None, "it is there, so an object passed may take its place"


@pytest.mark.parametrize("disabled", [{"signature"}, {"all"}, {"other", "signature"}])
def test_disabled_one_is_not_even_imported(packages: Packages, disabled: set[str]) -> None:
    packages.signature()
    candidate = only(resolve_installed({"signature": {"key": "k"}}, disabled))
    assert candidate.state is State.DISABLED
    assert candidate.reason
    assert not packages.is_imported("signature_extension")


@pytest.mark.parametrize("names", ["signature", "all", "other,signature"])
def test_environment_disables(packages: Packages, monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    packages.signature()
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", names)
    assert only(resolve_installed({"signature": {"key": "k"}})).state is State.DISABLED


def test_module_is_active_and_takes_no_options(packages: Packages) -> None:
    packages.add("plain", {"plain": "plain_module"}, plain_module=MODULE)
    assert only(resolve_installed({})).state is State.ACTIVE
    broken = only(resolve_installed({"plain": {"key": 1}}))
    assert isinstance(broken.error, ExtensionOptionError)
    assert "takes no options" in broken.reason


def test_one_that_cannot_be_loaded_does_not_hide_the_others(packages: Packages) -> None:
    packages.add("broken", {"broken": "nowhere_to_be_found"})
    packages.add("plain", {"plain": "plain_module"}, plain_module=MODULE)
    broken, plain = resolve_installed({})
    assert broken.state is State.BROKEN
    assert isinstance(broken.error, ExtensionLoadError)
    assert plain.state is State.ACTIVE


def test_name_claimed_twice_belongs_to_the_first_distribution(packages: Packages) -> None:
    packages.add("plain-b", {"plain": "plain_b"}, plain_b=MODULE)
    packages.add("plain-a", {"plain": "plain_a"}, plain_a=MODULE)
    first, second = resolve_installed({})
    assert (first.installed.dist, first.state) == ("plain-a", State.ACTIVE)
    assert (second.installed.dist, second.state) == ("plain-b", State.BROKEN)
    assert "plain-a 1.2 has the name already" in second.reason
