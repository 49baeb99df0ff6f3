from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import UsageError
from pybayeux.extensions.choices import set_only, set_order
from pybayeux.extensions.explanation import HookMarks, explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.tests.extensions.packages import Packages


@pytest.fixture
def plain(packages: Packages) -> Iterator[Packages]:
    """One installed extension, and no choice that outlives the test."""
    packages.add("plain-dist", {"plain": "plain_module"}, plain_module="@hookimpl\ndef outgoing(message): ...")
    yield packages
    set_only(())


def test_one_that_acts(plain: Packages) -> None:
    found = explain("PLAIN")
    assert (found.extension.name, found.entry_point) == ("plain", "plain = plain_module")
    assert found.file.endswith("entry_points.txt")
    assert (found.decision, found.order_from, found.active) == ("installed, and nothing says otherwise", "name", 1)
    assert found.hooks == (HookMarks("outgoing", ()),)
    assert found.asked_for_commands
    assert found.import_seconds is not None
    assert found.import_seconds >= 0


def test_hooks_have_their_marks(packages: Packages) -> None:
    source = """
    @hookimpl(tryfirst=True)
    def outgoing(message): ...

    @hookimpl(specname="incoming", wrapper=True)
    def look():
        return (yield)

    @hookimpl(trylast=True)
    async def delivered(message): ...
    """
    packages.add("marked", {"marked": "marked_module"}, marked_module=source)
    assert {each.name: each.marks for each in explain("marked").hooks} == {
        "outgoing": ("tryfirst",),
        "incoming": ("wrapper",),
        "delivered": ("trylast", "async"),
    }


def test_one_that_is_not_wanted_is_not_imported(plain: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    assert explain("plain", disabled=["all"]).decision == "disabled by -p no or disabled="
    monkeypatch.setenv("PYBAYEUX_DISABLE_EXTENSIONS", "Plain")
    assert explain("plain").decision == "disabled by PYBAYEUX_DISABLE_EXTENSIONS"
    monkeypatch.delenv("PYBAYEUX_DISABLE_EXTENSIONS")
    set_only(["ack", "replay"])
    found = explain("plain")
    assert found.decision == "not among the extensions in -p only: ack, replay"
    assert (found.hooks, found.import_seconds, found.active) == ((), None, 0)
    assert not plain.is_imported("plain_module")
    set_only(["plain"])
    assert explain("plain").active == 1


def test_one_for_another_version_is_not_imported(packages: Packages) -> None:
    packages.add("old", {"old": "old_module"}, requires=["pybayeux>=99"], old_module="")
    found = explain("old")
    assert "requires pybayeux>=99" in found.decision
    assert found.import_seconds is None
    assert not packages.is_imported("old_module")


def test_the_file_that_gives_it_its_place_is_named(plain: Packages, tmp_path: Path) -> None:
    set_order(["Plain"], tmp_path / "pybayeux.toml")
    try:
        assert explain("plain").order_from == str(tmp_path / "pybayeux.toml")
    finally:
        set_order([], tmp_path)


def test_an_unknown_one_is_an_error_that_says_which_was_meant(plain: Packages) -> None:
    with pytest.raises(UsageError, match="extension 'plan': there is no such extension; did you mean 'plain'"):
        explain("plan")
