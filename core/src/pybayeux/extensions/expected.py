"""The extensions that a deployment expects: a file of their names and versions, and what is different now.

Owns the format of the file, a line for each extension, as ``pybayeux extensions --freeze`` writes it. It compares what
is installed, and does not know which client asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ..errors import ExtensionError, UsageError
from .candidates import State
from .choices import expected_file
from .names import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .candidates import Candidate

__all__ = ("Difference", "InstalledExtension", "check_expected", "differences", "frozen", "read_expected")

_HEADER: Final = "# The expected extensions, as `pybayeux extensions --freeze` wrote them: name, package and version."
_LOCAL: Final = "local"
_UNUSABLE: Final = (State.BROKEN, State.INCOMPATIBLE)


class InstalledExtension(Protocol):
    """What is compared."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def dist(self) -> str:
        """The distribution that brings it."""

    @property
    def version(self) -> str:
        """The version of that distribution."""

    @property
    def state(self) -> State:
        """What a client does with it."""

    @property
    def reason(self) -> str:
        """Why it is not active."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the expected extensions and those that are installed.

    Attributes:
        name: The name of the extension.
        kind: ``appeared``, ``vanished``, ``changed`` or ``unusable``.
        text: What is different, in a sentence.
    """

    name: str
    kind: str
    text: str


def frozen(installed: Iterable[InstalledExtension]) -> str:
    """The text of a file that expects these extensions. Those that are disabled are left out."""
    lines: dict[str, str] = {}
    for each in installed:
        if each.state is not State.DISABLED:
            lines.setdefault(canonical(each.name), f"{each.name} {_origin(each)}")
    return "\n".join([_HEADER, *lines.values(), ""])


def read_expected(path: Path) -> dict[str, str]:
    """The package and version of each expected extension, by the name of the extension.

    Raises:
        UsageError: The file cannot be read, or a line is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    expected = {}
    for number, line in enumerate(lines, 1):
        if (content := line.partition("#")[0].strip()) == "":
            continue
        name, _, origin = content.partition(" ")
        if not origin.strip():
            raise UsageError(f"{path}, line {number}: expected 'name package==version'; got {content!r}")
        expected[name] = origin.strip()
    return expected


def differences(expected: Mapping[str, str], installed: Iterable[InstalledExtension]) -> list[Difference]:
    """What is different from what is expected, in the order of the names.

    An extension that is installed and disabled has not appeared: it cannot act.
    """
    by_name = {canonical(name): (name, origin) for name, origin in expected.items()}
    found: list[Difference] = []
    present: set[str] = set()
    for each in installed:
        if canonical(each.name) in present:  # a second one of a name cannot act
            continue
        present.add(canonical(each.name))
        name, origin = by_name.get(canonical(each.name), (each.name, ""))
        if not origin:
            if each.state is not State.DISABLED:
                found.append(Difference(name, "appeared", f"extension {name!r} of {_origin(each)} is not expected"))
        elif origin != _origin(each):
            text = f"extension {name!r} is of {_origin(each)}, and {origin} is expected"
            found.append(Difference(name, "changed", text))
        elif each.state in _UNUSABLE:
            text = f"extension {name!r} is expected, and is {each.state}: {each.reason}"
            found.append(Difference(name, "unusable", text))
    for key, (name, origin) in by_name.items():
        if key not in present:
            text = f"extension {name!r} of {origin} is expected, and is not installed"
            found.append(Difference(name, "vanished", text))
    return sorted(found, key=lambda each: each.name)


def check_expected(candidates: Iterable[Candidate]) -> None:
    """Compare the installed extensions with the file that the environment or the configuration names, if one does.

    Raises:
        ExtensionError: They are different. The text has every difference.
        UsageError: The file cannot be read, or is wrong.
    """
    if (named := expected_file()) is None:
        return
    path, place = named
    found = differences(read_expected(path), candidates)
    if found:
        texts = "; ".join(each.text for each in found)
        raise ExtensionError(f"{place}: {path}: {texts}", extension=found[0].name)


def _origin(each: InstalledExtension) -> str:
    """The package and its version; an extension that a configuration file names has none."""
    return f"{each.dist}=={each.version}" if each.version else _LOCAL
