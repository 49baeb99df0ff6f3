"""Who is to be registered with a client: the installed extensions that fit, then those that the program passed.

Decides names, makes instances and refuses what cannot be meant. Registers nothing.
"""

from __future__ import annotations

import inspect
import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import ExtensionError, ExtensionOptionError
from .candidates import Candidate, GivenOptions, State, survey
from .discovery import is_strict
from .making import make
from .naming import label, own_name
from .options import read_options

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ("Chosen", "Selection", "complain")

_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An extension to register.

    Attributes:
        name: Its name.
        extension: The instance or module.
        is_installed: True where it was discovered, False where the program passed it.
    """

    name: str
    extension: object
    is_installed: bool


def complain(error: ExtensionError) -> None:
    """Warn of an installed extension that is left out.

    Raises:
        ExtensionError: The same, where PYBAYEUX_STRICT asks for it, or where the options that were given are wrong.
    """
    if is_strict() or isinstance(error, ExtensionOptionError):
        raise error
    _logger.warning("%s", error)


class Selection:
    """Chooses the extensions of one client.

    Args:
        options: Options by the names of extensions and options.
        discover: False: the installed extensions are not looked for.
        blocked: Names of installed extensions to leave out.
    """

    def __init__(self, options: GivenOptions, *, discover: bool, blocked: Collection[str]) -> None:
        self._options: Final = options
        self._candidates: Final = survey(options, blocked) if discover else []

    def initial(self, extensions: Sequence[object]) -> Iterator[Chosen]:
        """The installed ones in the order of their names, then those passed, as given.

        Raises:
            ExtensionError: As `complain`; or options were given that nobody takes.
        """
        names = [own_name(extension, self._candidates) for extension in extensions]
        passed = {name or label(extension): extension for name, extension in zip(names, extensions, strict=True)}
        self._refuse_lost_options(passed)
        taken = set()
        for candidate in self._candidates:
            if candidate.name not in passed and (chosen := self._installed(candidate)) is not None:
                taken.add(chosen.name)
                yield chosen
        for extension in extensions:
            chosen = self.passed(extension, None, taken)
            taken.add(chosen.name)
            yield chosen

    def passed(self, extension: object, name: str | None, taken: Collection[str]) -> Chosen:
        """An extension that the program passed.

        Args:
            extension: An instance, a module or a class.
            name: Its name, or None for its own, else one made up.
            taken: The names that a made-up one must differ from.

        Raises:
            ExtensionError: It cannot be an extension, or its class cannot be made.
        """
        if extension is None or isinstance(extension, str):
            raise ExtensionError(f"{extension!r} is no extension: pass an object", extension=str(extension))
        name = name or own_name(extension, self._candidates) or _free(label(extension), taken)
        if not inspect.isclass(extension):
            return Chosen(name, extension, is_installed=False)
        origin = f"extension {name!r}"
        given = self._options.get(name, {})
        settings = read_options(extension, given, extension=name, origin=origin)
        made = make(extension, settings.values, extension=name, origin=origin)
        return Chosen(name, made, is_installed=False)

    def _installed(self, candidate: Candidate) -> Chosen | None:
        try:
            if candidate.error is not None:
                raise candidate.error
            if candidate.state is not State.ACTIVE:
                return None
            origin = str(candidate.installed)
            made = make(candidate.target, candidate.values, extension=candidate.name, origin=origin)
        except ExtensionError as error:
            complain(error)
            return None
        return Chosen(candidate.name, made, is_installed=True)

    def _refuse_lost_options(self, passed: dict[str, object]) -> None:
        """Options that nobody takes would leave an extension out, or as it was, in silence."""
        known = {candidate.name for candidate in self._candidates} | passed.keys()
        made = {name for name, extension in passed.items() if not inspect.isclass(extension)}
        lost = {name: given for name, given in self._options.items() if given and (name in made or name not in known)}
        for name, given in lost.items():
            why = "it was passed ready made" if name in made else "there is no such extension"
            option = next(iter(given))
            text = f"option {option!r} was given for extension {name!r}, but {why}"
            raise ExtensionOptionError(text, extension=name, option=option)


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain((name,), numbered) if each not in taken)
