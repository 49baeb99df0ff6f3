"""Environment variables that set options: to which extension each belongs, and those that belong to none.

The name of a variable is the extension's name, then the option's, so that two extensions may fit one variable. Then
it belongs to the one with the longer name. Reads names alone; values are read in `options`.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from .choices import DISABLE_VARIABLE, EXPECTED_VARIABLE, ONLY_VARIABLE, ORDER_VARIABLE
from .discovery import warn_once
from .options import environment_name, options_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

__all__ = ("owners_of_variables", "warn_of_unmatched")

_PREFIX: Final = "PYBAYEUX_"
_OTHER: Final = frozenset(
    {
        DISABLE_VARIABLE,
        EXPECTED_VARIABLE,
        ONLY_VARIABLE,
        ORDER_VARIABLE,
        "PYBAYEUX_LOG_FORMAT",
        "PYBAYEUX_STRICT",
        "PYBAYEUX_TRACE",
        # Of the tests of this project, which start programs.
        "PYBAYEUX_REQUIRE_SERVERS",
        "PYBAYEUX_TESTS_WITH",
    }
)


def owners_of_variables(targets: Mapping[str, object]) -> Mapping[str, str]:
    """The extension of each variable that is set and fits an option; a warning where it fits several.

    Args:
        targets: Classes, modules and instances by the name of the extension.
    """
    owners: dict[str, tuple[str, str]] = {}
    for name in sorted(targets, key=lambda each: (-len(each), each)):
        for option in options_of(targets[name]):
            variable = environment_name(name, option.name)
            if variable not in os.environ:
                continue
            owner, its_option = owners.setdefault(variable, (name, option.name))
            if owner != name:
                warn_once(
                    f"{variable} fits option {its_option!r} of extension {owner!r} and option {option.name!r} of "
                    f"extension {name!r}: it sets the former alone; set the other with options="
                )
    return {variable: owner for variable, (owner, _) in owners.items()}


def warn_of_unmatched(targets: Mapping[str, object], others: Iterable[str] = ()) -> None:
    """Warn of each variable that is set and sets nothing.

    Args:
        targets: Classes, modules and instances by the name of the extension.
        others: Extensions whose options are not known, for they were not loaded.
    """
    known = {environment_name(name, option.name) for name in targets for option in options_of(targets[name])}
    unread = tuple(environment_name(name, "") for name in others)
    for variable in sorted(os.environ):
        if variable.startswith(_PREFIX) and variable not in known | _OTHER and not variable.startswith(unread):
            warn_once(f"{variable} is set in the environment, but is not used: {_hint(variable, known)}")


def _hint(variable: str, known: AbstractSet[str]) -> str:
    names = sorted(each.removeprefix(_PREFIX) for each in known | _OTHER)  # the common beginning would make all alike
    close = get_close_matches(variable.removeprefix(_PREFIX), names, n=1)
    return f"did you mean {_PREFIX}{close[0]}?" if close else "no extension in use has such an option"
