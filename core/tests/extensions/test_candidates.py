from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import ExtensionLoadError, ExtensionOptionError, UsageError
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


# -- what is told of names


def test_names_that_differ_by_spelling_are_one_name(packages: Packages) -> None:
    packages.add("a-dist", {"acme-hmac": "a_module"}, a_module=MODULE)
    packages.add("b-dist", {"acme_hmac": "b_module"}, b_module=MODULE)
    first, second = resolve_installed({})
    assert (first.state, second.state) == (State.ACTIVE, State.BROKEN)
    assert "b-dist 1.2 is left out: a-dist 1.2 has the name 'acme-hmac', which is the same, already" in second.reason


@pytest.mark.parametrize("name", ["acme_hmac", "ACME-hmac", "acme-hmac"])
def test_any_spelling_disables(packages: Packages, name: str, caplog: pytest.LogCaptureFixture) -> None:
    packages.add("a-dist", {"acme-hmac": "a_module"}, a_module=MODULE)
    assert only(resolve_installed({}, [name])).state is State.DISABLED
    assert not caplog.messages


def test_a_string_is_no_list_of_names(packages: Packages) -> None:
    with pytest.raises(UsageError, match="disabled: expected a list of names, such as \\['ack'\\]; got the string"):
        resolve_installed({}, "ack")
    with pytest.raises(UsageError, match="discover: expected a list of names"):
        resolve_installed({}, discover="ack")


# -- one variable, one extension


def test_a_variable_sets_an_option_of_one_extension(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "class A:\n def __init__(self, {}: str = 'default'): ...\n @hookimpl\n def incoming(self): ..."
    packages.add("a-dist", {"acme": "a_module:A"}, a_module=source.format("hmac_key"))
    packages.add("b-dist", {"acme-hmac": "b_module:A"}, b_module=source.format("key"))
    monkeypatch.setenv("PYBAYEUX_ACME_HMAC_KEY", "k")
    assert [each.values for each in resolve_installed({})] == [{}, {"key": "k"}]
    given = {"acme": {"hmac_key": "mine"}}
    assert [each.values for each in resolve_installed(given)] == [{"hmac_key": "mine"}, {"key": "k"}]
    assert [each.sources for each in resolve_installed(given)] == [
        {"hmac_key": "options="},
        {"key": "PYBAYEUX_ACME_HMAC_KEY"},
    ]


def test_a_class_whose_parameters_cannot_be_read_is_broken(packages: Packages) -> None:
    source = """
    class Odd:
        __signature__ = 1

        def __init__(self, size: int = 1) -> None: ...

        @hookimpl
        def incoming(self): ...
    """
    packages.add("odd", {"odd": "odd_module:Odd"}, odd_module=source)
    candidate = only(resolve_installed({}))
    assert candidate.state is State.BROKEN
    assert candidate.reason.startswith("extension 'odd' of odd 1.2 cannot be loaded: TypeError: ")


def test_an_option_whose_type_fails_in_its_own_way_breaks_its_extension_alone(packages: Packages) -> None:
    source = """
    from dataclasses import dataclass

    @dataclass
    class Size:
        width: int

        def __post_init__(self):
            raise RuntimeError("no such size")

    class Odd:
        def __init__(self, size: Size) -> None: ...

        @hookimpl
        def incoming(self): ...
    """
    packages.add("odd", {"odd": "odd_module:Odd"}, odd_module=source)
    candidate = only(resolve_installed({"odd": {"size": {"width": 1}}}))
    assert candidate.state is State.BROKEN
    assert "no such size" in candidate.reason


def test_only_those_asked_for_are_looked_at(packages: Packages) -> None:
    packages.add("two", {"one": "one_module", "other": "other_module"}, one_module=MODULE, other_module=MODULE)
    assert only(resolve_installed({}, among=lambda each: each.name == "one")).installed.name == "one"
    assert not packages.is_imported("other_module")
