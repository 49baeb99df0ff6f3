from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def test_unknown_names_are_told(
    packages: Packages, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.add("a-dist", {"replay": "a_module"}, a_module=MODULE)
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", "relay,all")
    monkeypatch.setenv("PYBAYEUX_EXTENSIONS", "reply")
    resolve_installed({}, ["repaly"])
    assert caplog.messages == [
        "PYBAYEUX_DISABLE_EXTENSIONS: extension 'relay' is not installed; did you mean 'replay'?",
        "disabled: extension 'repaly' is not installed; did you mean 'replay'?",
        "PYBAYEUX_EXTENSIONS: extension 'reply' is not installed; did you mean 'replay'?",
    ]


def test_a_string_is_no_list_of_names(packages: Packages) -> None:
    with pytest.raises(UsageError, match="disabled: expected a list of names, such as \\['ack'\\]; got the string"):
        resolve_installed({}, "ack")
    with pytest.raises(UsageError, match="discover: expected a list of names"):
        resolve_installed({}, discover="ack")


# -- only these


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
    with pytest.raises(UsageError, match="discover: extension 'd' is not installed; expected one of a, b, c"):
        resolve_installed({}, discover=["d"])


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
