from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux import AsyncClient, BayeuxClient
from pybayeux.errors import ExtensionError, UsageError
from pybayeux.extensions.expected import differences, frozen, read_expected
from pybayeux.extensions.listing import list_extensions

if TYPE_CHECKING:
    from pathlib import Path

    from core.tests.extensions.packages import Packages

SOURCE = "@hookimpl\ndef incoming(message): ..."
URL = "http://127.0.0.1:1/cometd"


@pytest.fixture
def two(packages: Packages, tmp_path: Path) -> Path:
    """Two packages, and the file that expects them."""
    for name in ("acme", "bravo"):
        packages.add(f"{name}-dist", {name: f"{name}_module"}, version="1.2", acme_module=SOURCE, bravo_module=SOURCE)
    path = tmp_path / "extensions.lock"
    path.write_text(frozen(list_extensions()))
    return path


def told(path: Path, *disabled: str) -> dict[str, str]:
    found = differences(read_expected(path), list_extensions(disabled=disabled))
    return {each.name: f"{each.kind}: {each.text}" for each in found}


def test_what_was_frozen_is_expected(two: Path) -> None:
    assert read_expected(two) == {"acme": "acme-dist==1.2", "bravo": "bravo-dist==1.2"}
    assert told(two) == {}
    assert told(two, "acme") == {}, "one that is left out has not vanished"


def test_one_that_is_disabled_is_not_expected_and_has_not_appeared(two: Path) -> None:
    two.write_text(frozen(list_extensions(disabled=["bravo"])))
    assert read_expected(two) == {"acme": "acme-dist==1.2"}
    assert told(two, "bravo") == {}
    assert told(two) == {"bravo": "appeared: extension 'bravo' of bravo-dist==1.2 is not expected"}


def test_each_difference_is_told(two: Path, packages: Packages) -> None:
    packages.add("charlie", {"charlie": "nowhere_at_all"})
    two.write_text("# by hand\nacme acme-dist==1.1\n\nCharlie charlie==1.2  # a comment\ndelta delta==3\n")
    assert told(two) == {
        "Charlie": "unusable: extension 'Charlie' is expected, and is broken: extension 'charlie' of charlie 1.2 "
        "cannot be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'",
        "acme": "changed: extension 'acme' is of acme-dist==1.2, and acme-dist==1.1 is expected",
        "bravo": "appeared: extension 'bravo' of bravo-dist==1.2 is not expected",
        "delta": "vanished: extension 'delta' of delta==3 is expected, and is not installed",
    }


def test_a_second_one_of_a_name_changes_nothing_while_it_is_left_out(two: Path, packages: Packages) -> None:
    packages.add("zulu", {"acme": "acme_module"})
    assert told(two) == {}
    assert frozen(list_extensions()) == two.read_text()


@pytest.mark.parametrize("kind", [AsyncClient, BayeuxClient])
def test_a_client_is_not_made_where_something_is_different(
    kind: type[AsyncClient] | type[BayeuxClient], two: Path, packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYBAYEUX_EXPECTED_EXTENSIONS", str(two))
    kind(URL)
    packages.add("charlie", {"charlie": "acme_module"})
    why = f"PYBAYEUX_EXPECTED_EXTENSIONS: {two}: extension 'charlie' of charlie==1.2 is not expected"
    with pytest.raises(ExtensionError, match=why):
        kind(URL)
    kind(URL, disabled=["charlie"])
    kind(URL, discover=["acme"])
    kind(URL, discover=False)


def test_a_wrong_file_is_told(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two.write_text("acme\n")
    with pytest.raises(UsageError, match=r"extensions.lock, line 1: expected 'name package==version'; got 'acme'"):
        read_expected(two)
    monkeypatch.setenv("PYBAYEUX_EXPECTED_EXTENSIONS", "/nowhere/at/all")
    with pytest.raises(UsageError, match="/nowhere/at/all cannot be read"):
        AsyncClient(URL)
