"""The metadata of installed packages: what each brings to the groups of entry points of this project.

Each distribution is read by itself, and each line too: metadata that is malformed, foreign or left over by another
version harms nothing else. Imports no extension, and does not know what one is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .names import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

__all__ = ("UNKNOWN", "BroughtEntry", "Distribution", "brought_entries", "has_metadata")

UNKNOWN: Final = "unknown"
"""The name and the version of a distribution whose metadata does not say."""

_ENTRY_POINTS: Final = "entry_points.txt"
_HEADER: Final = re.compile(r"^\s*\[([^\]\n]+)\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed package; or the configuration file that names an extension without one, with no version.

    Attributes:
        name: Its name.
        version: Its version.
        file: The file that has its entry points.
        found: What importlib-metadata found.
    """

    name: str
    version: str
    file: str
    found: Any = field(compare=False)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the distribution requires, as its metadata says it; nothing where that is damaged."""
        try:
            return tuple(self.found.requires or ())
        except Exception:  # damaged metadata; the extension itself may work
            return ()


class BroughtEntry(NamedTuple):
    """One line of a group.

    Attributes:
        group: The group.
        name: What is brought.
        value: Where it is, as ``module:attribute``; the whole line where that is malformed.
        distribution: Who brings it.
    """

    group: str
    name: str
    value: str
    distribution: Distribution


def brought_entries(groups: Collection[str], warn: Callable[[str], None]) -> list[BroughtEntry]:
    """What the installed packages bring to these groups.

    Args:
        groups: The names of the groups.
        warn: Called with what is wrong with the metadata of a package.
    """
    found: dict[str, list[_Found]] = {}
    order = count()
    for each in _distributions(warn):
        if lines := _lines(each, groups, warn):
            read = _Found(_described(each), lines, next(order))
            # What has no name of its own is told apart by its file.
            found.setdefault(_normalized(read.distribution.name) or read.distribution.file, []).append(read)
    return [entry for same in found.values() for entry in _best_of(same, warn).entries()]


def has_metadata(name: str) -> bool:
    """Whether a package has metadata here: in a frozen program it may have been left behind."""
    import importlib_metadata

    try:
        importlib_metadata.distribution(name)
    except importlib_metadata.PackageNotFoundError:
        return False
    return True


class _Found(NamedTuple):
    distribution: Distribution
    lines: list[tuple[str, str, str]]
    order: int

    def entries(self) -> Iterator[BroughtEntry]:
        for group, name, value in self.lines:
            yield BroughtEntry(group, name, value, self.distribution)

    @property
    def has_modules(self) -> bool:
        """Whether what it names lies beside its metadata. It does not where the package is edited in place."""
        modules = {value.partition(":")[0].strip().partition(".")[0] for _, _, value in self.lines}
        try:
            places = [Path(self.distribution.found.locate_file(module)) for module in modules]
        except Exception:  # a finder of another kind, with no files
            return False
        return any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)

    @property
    def folder(self) -> str:
        """Where its metadata lies."""
        return str(Path(self.distribution.file).parent.parent)


def _distributions(warn: Callable[[str], None]) -> Iterator[Any]:
    # Half of the import time of the whole package, so it is imported when extensions are looked for.
    import importlib_metadata

    try:
        yield from importlib_metadata.distributions()
    except Exception as error:  # an import hook of another package
        warn(f"the installed packages cannot all be listed: {type(error).__name__}: {error}")


def _file_of(found: Any) -> str:
    """The path of the entry points; the best that is known of it, for messages."""
    folder = getattr(found, "_path", None)
    return _ENTRY_POINTS if folder is None else str(Path(str(folder)) / _ENTRY_POINTS)


def _lines(found: Any, groups: Collection[str], warn: Callable[[str], None]) -> list[tuple[str, str, str]]:
    """Group, name and value of each entry of these groups."""
    try:
        text = found.read_text(_ENTRY_POINTS) or ""
    except Exception as error:
        warn(f"{_file_of(found)} cannot be read, its package is left out: {type(error).__name__}: {error}")
        return []
    for group in map(str.strip, _HEADER.findall(text)):
        if group not in groups and (meant := _nearly(group, groups)):
            warn(f"{_file_of(found)}: entry points of the group [{group}] are not read; did you mean [{meant}]?")
    return list(_parse(text, groups)) if any(group in text for group in groups) else []


def _nearly(group: str, groups: Collection[str]) -> str | None:
    """The group that was meant by the name of another one, or None."""
    project, _, rest = canonical(group).partition("-")
    if rest:
        meant = {each.partition(".")[2]: each for each in groups}
        known = {**dict.fromkeys(("extension", "extensions", "plugin", "plugins"), meant[""]), **meant}
        close = get_close_matches(rest, known, n=1, cutoff=0.8)
        return known[close[0]] if close and project in groups else None
    return next(iter(get_close_matches(project, groups, n=1, cutoff=0.85)), None)


def _parse(text: str, groups: Collection[str]) -> Iterator[tuple[str, str, str]]:
    # By hand: importlib-metadata reads all of a file or nothing, and one bad line in a foreign group would cost ours.
    group = ""
    for line in map(str.strip, text.lstrip("\ufeff").splitlines()):
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            group = line.strip("[]").strip()
        elif group in groups:
            name, separator, value = (part.strip() for part in line.partition("="))
            yield group, name or line, value if separator else line


def _described(found: Any) -> Distribution:
    try:
        name, version = found.name or UNKNOWN, found.version or UNKNOWN
    except Exception:  # damaged metadata; what it brings may work
        name, version = UNKNOWN, UNKNOWN
    return Distribution(str(name), str(version), _file_of(found), found)


def _normalized(name: str) -> str:
    return "" if name == UNKNOWN else canonical(name)


def _best_of(same: list[_Found], warn: Callable[[str], None]) -> _Found:
    """The one of several distributions of one name to use: it has modules, and comes first on the path.

    An upgrade that was interrupted leaves two in one folder; then the newer one. Another version earlier on the path is
    what Python itself would take, and no cause to warn.
    """
    first = min(same, key=lambda each: each.order)
    best = min(same, key=lambda each: (not each.has_modules, each.order))
    beside = [each for each in same if each.folder == best.folder and each.has_modules == best.has_modules]
    best = max(beside, key=lambda each: _comparable(each.distribution.version))
    others = {each.distribution.file for each in (*beside, first)} - {best.distribution.file}
    if others:
        name, version = best.distribution.name, best.distribution.version
        warn(f"{name} is installed more than once: {version} is used, and left out is {', '.join(sorted(others))}")
    return best


def _comparable(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|[A-Za-z]+", version)]
