"""Every first-party extension keeps the contract of extensions. One that is new is found by its entry point."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux.extensions.validation import implemented_hooks
from pybayeux.testing.checks import CHECKS
from tests.packaging.workspace import EXTENSIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_COMMANDS_ALONE: Final = ("register_commands",)
"""What has this hook alone takes no part in a client."""


@dataclass(frozen=True)
class Given:
    """The options of an extension, and what servers announce to it. ``{folder}`` in a text is the test's own folder."""

    options: dict[str, object] = field(default_factory=dict)
    ext: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([*self.options, *self.ext]) or "plain"


GIVEN: Final = {
    "ack": [Given(), Given(ext={"ack": True})],
    "auth": [
        Given({"token": "abc"}),
        Given({"token": lambda: "abc"}),
        Given({"token": "abc", "ext": "com.example/token", "messages": ["handshake", "connect", "publish"]}),
    ],
    "reload": [Given({"file": "{folder}/session.json"})],
    "replay": [
        Given(),
        Given({"since": "earliest"}, ext={"replay": True}),
        Given({"store": "sqlite:///{folder}/positions.db"}, ext={"replay": True, "ack": True}),
    ],
    "timestamp": [Given(), Given({"format": "iso"})],
}
"""What the extensions are tried with; one that is not named here is tried as it comes."""


def _participants() -> dict[str, Any]:
    """The first-party extensions that take part in a client, by name."""
    own = {extension.module for extension in EXTENSIONS}
    installed = [each for each in entry_points(group="pybayeux") if each.module.partition(".")[0] in own]
    loaded = {each.name: each.load() for each in sorted(installed, key=lambda each: each.name)}
    return {name: target for name, target in loaded.items() if implemented_hooks(target, name) != _COMMANDS_ALONE}


PARTICIPANTS: Final = _participants()
CASES: Final = [(name, given) for name in PARTICIPANTS for given in GIVEN.get(name, [Given()])]


@pytest.mark.parametrize(("name", "given"), CASES, ids=str)
def test_extension_keeps_the_contract(
    name: str, given: Given, tmp_path: Path, bayeux_contract: Callable[..., None]
) -> None:
    options = {
        option: value.format(folder=tmp_path) if isinstance(value, str) else value
        for option, value in given.options.items()
    }
    extension = PARTICIPANTS[name]
    bayeux_contract(extension if callable(extension) else lambda: extension, options, ext=given.ext)


def test_extensions_were_found() -> None:
    assert {"ack", "auth", "binary", "reload", "replay", "timestamp", "timesync"} <= PARTICIPANTS.keys()
    assert GIVEN.keys() <= PARTICIPANTS.keys()


def test_every_check_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "testing-extensions.md").read_text(encoding="utf-8")
    table = page[page.index("| check |") :]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [check.__name__ for check in CHECKS]
