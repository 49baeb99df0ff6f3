from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux import AsyncClient, __version__
from pybayeux.errors import ExtensionLoadError
from pybayeux.extensions import candidates
from pybayeux.extensions.listing import list_extensions

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

MODULE = "@hookimpl\ndef incoming(message): ..."


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "installed_version", lambda: "0.1.5.dev3")


@pytest.mark.parametrize(
    "requires",
    [
        ["pybayeux>=0.1,<0.2"],
        ["pybayeux"],
        ["PyBayeux (>=0.1)"],
        ["pybayeux-replay>=7", "pybayeux.other>=7", "unreadable >>> 7", "pybayeux ~ 7"],
        ["pybayeux>=7; python_version < '3'", "pybayeux>=7; extra == 'new'"],
        [],
    ],
)
def test_what_fits_is_active(packages: Packages, requires: list[str]) -> None:
    packages.add("fitting", {"fitting": "fitting_module"}, requires=requires, fitting_module=MODULE)
    [listed] = list_extensions()
    assert (listed.state, listed.reason) == ("active", "")


@pytest.mark.parametrize("requires", [["pybayeux>=0.2,<0.3"], ["msgspec", "Pybayeux>=7; python_version > '3'"]])
def test_what_does_not_fit_is_listed_with_both_versions_and_not_loaded(packages: Packages, requires: list[str]) -> None:
    packages.add("new", {"new": "new_module"}, requires=requires, new_module=MODULE)
    [listed] = list_extensions({"new": {"option": 1}})
    assert (listed.state, listed.hooks) == ("incompatible", ())
    assert listed.reason.startswith("extension 'new' of new 1.2 requires pybayeux")
    assert listed.reason.endswith(", and 0.1.5.dev3 is installed")
    assert not packages.is_imported("new_module")


def test_a_disabled_one_is_disabled(packages: Packages) -> None:
    packages.add("new", {"new": "new_module"}, requires=["pybayeux>=7"], new_module=MODULE)
    assert [each.state for each in list_extensions(disabled=["new"])] == ["disabled"]


def test_a_client_warns_and_goes_without(packages: Packages, caplog: pytest.LogCaptureFixture) -> None:
    packages.add("new", {"new": "new_module"}, requires=["pybayeux>=7"], new_module=MODULE)
    AsyncClient("http://localhost/")
    assert "requires pybayeux>=7, and 0.1.5.dev3 is installed" in caplog.text


def test_in_strict_mode_it_is_an_error(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.add("new", {"new": "new_module"}, requires=["pybayeux>=7"], new_module=MODULE)
    monkeypatch.setenv("PYBAYEUX_STRICT", "1")
    with pytest.raises(ExtensionLoadError, match="requires pybayeux>=7"):
        AsyncClient("http://localhost/")


def test_the_own_version_is_that_of_the_code_whatever_metadata_lies_about(
    packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    packages.add("pybayeux", {}, version="0.0.9")
    assert candidates.installed_version() == __version__
