"""Which of the installed extensions are wanted: those that nothing disables, and that a list of the only ones names.

Owns what becomes of a name in these lists that is not installed. Disabled: a warning, for nothing is missing then. In a
list of the only ones: an error, for a client without an extension that was listed may lose events. It does not know
what an extension is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .._util.arguments import check_names
from ..errors import UsageError
from .choices import DISABLE_VARIABLE, disabled_names, only_names
from .discovery import find, local_extensions, warn_once
from .names import ALL, canonical, did_you_mean, expected_names, not_installed_hint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ("WantedExtensions", "refuse_unknown_only", "warn_of_unknown_only")


class WantedExtensions:
    """Says of an installed extension whether it is wanted.

    Args:
        disabled: Names of extensions to leave out, or ``all``, beside those in PYBAYEUX_DISABLE_EXTENSIONS.
        discover: Names of the only extensions to use; True: those that `only_names` has, by default all.
        known: The names of all installed extensions.

    Raises:
        UsageError: `discover` names an extension that is not installed, or is a string.
    """

    def __init__(self, disabled: Iterable[str], discover: bool | Iterable[str], known: Collection[str]) -> None:
        self._against: dict[str, str] = {}
        for names, place in ((disabled_names(), DISABLE_VARIABLE), (disabled, "disabled")):
            for name in _unknown(names, {*known, ALL}):
                warn_once(f"{place}: extension {name!r} is not installed; {did_you_mean(name, {*known, ALL})}")
            self._against |= dict.fromkeys(map(canonical, names), place)
        is_named = not isinstance(discover, bool)
        only, place = only_names() if isinstance(discover, bool) else (check_names("discover", discover), "discover")
        if is_named and (why := _why_wrong(only, place, known)) is not None:
            raise UsageError(why)
        self._only: Final = {canonical(name) for name in only} if only or is_named else None
        self._not_chosen: Final = f"not among the extensions in {place}"

    def reason_against(self, name: str) -> str | None:
        """Why an extension is left out, or None."""
        name = canonical(name)
        place = self._against.get(name) or self._against.get(ALL)
        if place is not None:
            return "disabled" if place == "disabled" else f"disabled by {place}"
        return self._not_chosen if self._only is not None and name not in self._only else None


def refuse_unknown_only(passed: Iterable[str] = ()) -> None:
    """Check the names that `only_names` has, before anything acts with them.

    Args:
        passed: The names of the extensions that the program passed: such a list may have them as well.

    Raises:
        UsageError: One of them is not installed.
    """
    if (why := _why_unknown(passed)) is not None:
        raise UsageError(why)


def warn_of_unknown_only() -> None:
    """As `refuse_unknown_only`, but a warning, for what only looks: it is there to find such mistakes."""
    if (why := _why_unknown(())) is not None:
        warn_once(f"{why}; no client starts")


def _why_unknown(passed: Iterable[str]) -> str | None:
    only, place = only_names()
    return _why_wrong(_unknown(only, passed), place, {each.name for each in (*find(), *local_extensions())})


def _why_wrong(names: Iterable[str], place: str, known: Collection[str]) -> str | None:
    """What is wrong with the names of the only extensions to use, or None."""
    unknown = _unknown(names, known)
    if not unknown:
        return None
    expected = expected_names(known)
    told = []
    for name in unknown:
        hint = not_installed_hint(name, known)
        told.append(f"extension {name!r} is not installed" + ("" if hint == expected else f" ({hint})"))
    return f"{place}: {'; '.join(told)}; {expected}"


def _unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    spellings = set(map(canonical, known))
    return [name for name in names if canonical(name) not in spellings]
