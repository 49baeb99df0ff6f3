"""The extensions of one client, named and made: the installed ones that fit, then those that the program passed.

Registers nothing.
"""

from __future__ import annotations

import inspect
import itertools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ..errors import ExtensionError, ExtensionLoadError, ExtensionOptionError, UsageError
from .candidates import Candidate, GivenOptions, State, resolve_installed, unknown_extension
from .catalogue import bring_hooks
from .discovery import is_strict, warn_once
from .environment import owners_of_variables, warn_of_unmatched
from .expected import check_expected
from .names import canonical
from .options import read_options
from .order import UserOrder
from .result_policy import format_exception
from .wanted import refuse_unknown_only

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from .discovery import Installed

__all__ = ("Chosen", "Selection", "instantiate", "label", "own_name", "warn_of_lost_configuration", "warn_or_raise")

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An extension to register.

    Attributes:
        name: Its name.
        extension: The instance or module.
        installed: Where it was discovered, or None where the program passed it.
        replaces: The name of the installed extension of its class, or None.
    """

    name: str
    extension: object
    installed: Installed | None = None
    replaces: str | None = field(default=None, compare=False)


def warn_or_raise(error: ExtensionError, installed: Installed | None = None) -> None:
    """Warn of an installed extension that is left out, once per process, with the file that brings it.

    Raises:
        ExtensionError: The same, where PYBAYEUX_STRICT asks for it, or where the options that were given are wrong.
    """
    if is_strict() or isinstance(error, ExtensionOptionError):
        raise error
    warn_once(error, "" if installed is None else installed.distribution.file)


def instantiate(target: object, values: Mapping[str, object], *, extension: str, origin: str) -> object:
    """A new instance of a class; a module or an instance as it is.

    Raises:
        ExtensionOptionError: The constructor refused the options: it raised a UsageError, or a ValueError where options
            were given.
        ExtensionLoadError: The constructor failed.
    """
    if not inspect.isclass(target):
        return target
    try:
        return target(**values)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, UsageError) or (isinstance(error, ValueError) and values):
            raise ExtensionOptionError(f"{origin}: {error}", extension=extension, option="") from error
        raise ExtensionLoadError(f"{origin} cannot be made: {format_exception(error)}", extension=extension) from error


class Selection:
    """Chooses the extensions of one client.

    Args:
        options: Options by the names of extensions and options.
        discover: Names of the only installed extensions to use; True: all. False: they are not looked for.
        disabled: Names of installed extensions to leave out.
        order: Names of extensions that come first, as named.

    Raises:
        ExtensionError: The installed extensions are not those that the environment expects.

    Attributes:
        left_out: The installed extensions that the client does not get, with the reason.
    """

    def __init__(
        self,
        options: GivenOptions,
        *,
        discover: bool | Collection[str],
        disabled: Collection[str],
        order: Collection[str] = (),
    ) -> None:
        self._options: Final = options
        self._discovers: Final = discover is not False
        self._chooses: Final = discover is True  # the environment and the command line choose, not the program
        self._order: Final = order
        self._candidates: Final = resolve_installed(options, disabled, discover=discover)
        if self._discovers:
            check_expected(self._candidates)
        self.left_out: Final = {each.name: each for each in self._candidates if each.state is not State.ACTIVE}

    def initial(self, extensions: Sequence[object]) -> list[Chosen]:
        """The installed ones in the order of their names, then those passed, as given; in the order of the user first.

        Raises:
            UsageError: The environment or the command line names the only extensions to use, and one is not there.
            ExtensionError: As `warn_or_raise`; or options were given for an extension that is not there.
        """
        for extension in extensions:  # all of them first: one may implement what a later one brings
            bring_hooks(extension)
        names = [own_name(extension, self._candidates) for extension in extensions]
        passed = {name or label(extension): extension for name, extension in zip(names, extensions, strict=True)}
        if self._chooses:
            refuse_unknown_only(passed)
        self._refuse_lost_options(passed)
        if self._discovers:
            warn_of_lost_configuration({}, self._candidates, passed)
        chosen = list(self._in_usual_order(extensions, passed))
        order = UserOrder(self._order)
        order.warn_of_unknown([*(each.name for each in chosen), *(each.name for each in self._candidates)])
        return order.sort(chosen)

    def _in_usual_order(self, extensions: Sequence[object], passed: Mapping[str, object]) -> Iterator[Chosen]:
        taken = set()
        for candidate in self._candidates:
            if _is_replaced(candidate, passed):
                reason = "an object that was passed takes its place"
                self.left_out[candidate.name] = replace(candidate, state=State.DISABLED, reason=reason)
            elif (chosen := self._installed(candidate)) is not None:
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
            raise ExtensionError(f"{extension!r} is not an extension: pass an object", extension=str(extension))
        bring_hooks(extension)
        own = own_name(extension, self._candidates)
        name = name or own or _free(label(extension), taken)
        if not inspect.isclass(extension):
            return Chosen(name, extension, replaces=own)
        origin = f"extension {name!r}"
        given = self._options.get(name, {})
        foreign = owners_of_variables({each.name: each.target for each in self._candidates if each.name != own})
        settings = read_options(extension, given, extension=name, origin=origin, foreign=foreign)
        made = instantiate(extension, settings.values, extension=name, origin=origin)
        return Chosen(name, made, replaces=own)

    def _installed(self, candidate: Candidate) -> Chosen | None:
        try:
            if candidate.error is not None:
                raise candidate.error
            if candidate.state is not State.ACTIVE:
                return None
            origin = str(candidate.installed)
            made = instantiate(candidate.target, candidate.values, extension=candidate.name, origin=origin)
        except ExtensionError as error:
            self.not_used(candidate.name, error)
            warn_or_raise(error, candidate.installed)
            return None
        return Chosen(candidate.name, made, candidate.installed)

    def not_used(self, name: str, error: ExtensionError) -> None:
        """An installed extension turned out to be broken."""
        for candidate in self._candidates:
            if candidate.name == name and candidate.state not in (State.INCOMPATIBLE, State.DISABLED):
                self.left_out[name] = replace(candidate, state=State.BROKEN, reason=str(error), error=error)

    def _refuse_lost_options(self, passed: dict[str, object]) -> None:
        """Refuse options that would be ignored in silence."""
        known = {candidate.name for candidate in self._candidates} | passed.keys()
        made = {name for name, extension in passed.items() if not inspect.isclass(extension)}
        lost = {name: given for name, given in self._options.items() if given and (name in made or name not in known)}
        for name, given in lost.items():
            why = "it was passed ready made" if name in made else unknown_extension(name, known - made)
            option = next(iter(given))
            text = f"option {option!r} was given for extension {name!r}, but {why}"
            raise ExtensionOptionError(text, extension=name, option=option)


def warn_of_lost_configuration(
    options: GivenOptions, candidates: Sequence[Candidate], passed: Mapping[str, object] | None = None
) -> None:
    """Warn of options for extensions that are not there, and of environment variables that set nothing.

    Args:
        options: Options by the names of extensions and options.
        candidates: The installed extensions.
        passed: The classes and instances that the program passed, by name.
    """
    names = [each.name for each in candidates]
    for name, given in options.items():
        if given and name not in names:
            warn_once(f"options were given for extension {name!r}, but {unknown_extension(name, names)}")
    classes = {
        name: each if inspect.isclass(each) else type(each)
        for name, each in (passed or {}).items()
        if not inspect.ismodule(each)
    }
    targets = {each.name: each.target for each in candidates if each.target is not None}
    warn_of_unmatched(targets | classes, [each.name for each in candidates if each.target is None])


def _is_replaced(candidate: Candidate, passed: Mapping[str, object]) -> bool:
    """Whether an object that was passed has the name of an installed extension, or its class under another name."""
    if canonical(candidate.name) in set(map(canonical, passed)):
        return True
    return any(_is_of(extension, candidate) for extension in passed.values())


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain((name,), numbered) if each not in taken)


# -- names


def own_name(extension: object, candidates: Iterable[Candidate]) -> str | None:
    """The name that belongs to an object, or None.

    It is that of the installed extension that the object is, or is an instance of, else its attribute ``name``.
    """
    found = next((each.name for each in candidates if _is_of(extension, each)), None)
    if found is not None:
        return found
    name = getattr(extension, "name", None)
    return name if isinstance(name, str) and name else None


def _is_of(extension: object, candidate: Candidate) -> bool:
    """Whether an object is what an entry point names, or of its class."""
    target = candidate.target
    if target is None:
        return False
    kind = target if inspect.isclass(target) or inspect.ismodule(target) else type(target)
    kinds = extension.__mro__ if inspect.isclass(extension) else (extension, *type(extension).__mro__)
    return any(each is kind or each is target for each in kinds)


def label(extension: object) -> str:
    """A name made up from that of the class or module: ``BearerToken`` becomes ``bearer-token``."""
    kind = extension if inspect.isclass(extension) or inspect.ismodule(extension) else type(extension)
    return "-".join(filter(None, _WORD.split(kind.__name__.rpartition(".")[2]))).lower()
