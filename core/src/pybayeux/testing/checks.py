"""What every extension is to keep, one function for each point.

A check is given the extension as a `Subject`, and raises an AssertionError that says what is wrong and, where there is
one, what helps. None depends on another.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_args

from ..errors import ExtensionError, ExtensionOptionError
from ..extensions.options import options_of, read_options
from ..extensions.validation import implemented_hooks
from .conversation import LAST, Transcript, endure, restart, talk, talk_at_low_level
from .differences import difference
from .neighbours import TROUBLE, FailsFirst, FailsLast, VetoesFirst, VetoesLast, Waits
from .server import Order
from .subject import name_of
from .virtual_time import run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .subject import Subject

__all__ = ("CHECKS", "Check")

Check: TypeAlias = "Callable[[Subject], None]"

_BOTH_ORDERS: Final[tuple[Order, ...]] = get_args(Order)
_PLAIN: Final = (str, int, float, bool, type(None))
_SECRET: Final = re.compile(r"token|passw|secret|credential|authorization|api_?key|(?:^|_)key$", re.IGNORECASE)
_MARKER: Final = "S3cret-0f-the-c0ntract"
_SHORTEST: Final = 6
"""Characters that a secret has at the least: shorter ones are in innocent texts as well."""
_NO_OPTION: Final = "no_such_option"


def signatures(subject: Subject) -> None:
    """Every hook has a known name, known arguments and its marker."""
    extension = subject.make()
    try:
        hooks = implemented_hooks(extension, name_of(extension))
    except ExtensionError as error:
        raise AssertionError(str(error)) from error
    _require(bool(hooks), "it implements no hook: mark its methods with @hookimpl")


def pairs(subject: Subject) -> None:
    """What `registered` begins, `unregistered` ends: for a removal, for a close, and for a second start."""
    transcript = run(restart(subject))
    _assert_no_faults(transcript, "while it is removed and added, and its client closed and started again")
    _assert_no_tasks(transcript)
    plain = run(talk(subject, "events-first"))
    wanted = 2 if LAST in plain.delivered else 0
    got = transcript.delivered.count(LAST)
    _require(got == wanted, f"a client started twice gets {got} of 2 events with it: begin anew in `registered`")


def call_paths(subject: Subject) -> None:
    """It does the same whether hooks are called in a row or awaited, as they are beside an asynchronous extension."""
    for order in _BOTH_ORDERS:
        plain = run(talk(subject, order))
        awaited = run(talk(subject, order, [Waits()]))
        again = run(talk(subject, order))
        _assert_no_faults(plain, "while all goes well")
        _assert_no_faults(awaited, "beside an asynchronous extension")
        _assert_no_tasks(plain)
        found = difference(_effects(plain), _effects(awaited), _effects(again))
        _require(found is None, f"beside an asynchronous extension it does something else ({order}): {found}")


def vetoes(subject: Subject) -> None:
    """A neighbour's veto, before it or after it, costs nothing but the message concerned."""
    _assert_lives_beside(subject, [VetoesFirst()], "a neighbour that vetoes first")
    _assert_lives_beside(subject, [VetoesLast()], "a neighbour that vetoes last")


def errors_of_neighbours(subject: Subject) -> None:
    """A neighbour that fails, before it or after it, costs nothing but the message concerned."""
    _assert_lives_beside(subject, [FailsFirst()], "a neighbour that fails first")
    _assert_lives_beside(subject, [FailsLast()], "a neighbour that fails last")


def faults(subject: Subject) -> None:
    """It lives through refusals, lost requests and replies, and lost sessions, and so does its client."""
    for order in _BOTH_ORDERS:
        transcript = run(endure(subject, order))
        _assert_no_faults(transcript, f"while refusals, failures and lost sessions come by ({order})")
        _assert_no_tasks(transcript)
        if LAST in run(talk(subject, order)).delivered:
            _require(LAST in transcript.delivered, f"after a time of faults events no longer come through ({order})")


def low_level(subject: Subject) -> None:
    """It works with a `BayeuxClient`, which lacks `rehandshake` and `resubscribe`, or keeps quiet there."""
    transcript = run(talk_at_low_level(subject))
    _assert_no_faults(transcript, "with a BayeuxClient, which lacks some of an AsyncClient's methods")
    _assert_no_tasks(transcript)


def options(subject: Subject) -> None:
    """Options are typed: each default is a value that may be given, and a misspelt name is refused."""
    kind = subject.kind
    if kind is None:
        return
    _assert_refuses_unknown(kind, subject.options)
    for name, default in _defaults(kind):
        try:
            read = _read(kind, {**subject.options, name: default})
        except ExtensionOptionError as error:
            raise AssertionError(f"the default of option {name!r} does not fit its annotation: {error}") from error
        _require(read[name] == default, f"option {name!r}: its default {default!r} arrives as {read[name]!r}")


def secrets(subject: Subject) -> None:
    """No option that looks like a secret shows in its `repr`, in a log line, or in an error."""
    marked, values = _with_marked_secrets(subject)
    for transcript in (run(talk(marked, "events-first")), run(endure(marked, "events-first"))):
        for text in transcript.texts:
            for value in values:
                _require(value not in text, f"a secret shows: {text.replace(value, '<the secret>')[:300]}")


CHECKS: Final[tuple[Check, ...]] = (
    signatures,
    pairs,
    call_paths,
    vetoes,
    errors_of_neighbours,
    faults,
    low_level,
    options,
    secrets,
)
"""All of them, in the order in which they are told."""


def _require(holds: bool, text: str) -> None:
    """Raise, where a rule does not hold. No `assert`: pytest would tell of everything that stands in it."""
    if not holds:
        raise AssertionError(text)


def _effects(transcript: Transcript) -> dict[str, Any]:
    return {"sent": transcript.sent, "delivered": transcript.delivered, "outcomes": transcript.outcomes}


def _assert_no_faults(transcript: Transcript, when: str) -> None:
    _require(not transcript.faults, f"it raises {when}: {'; '.join(transcript.faults)}")


def _assert_no_tasks(transcript: Transcript) -> None:
    _require(not transcript.tasks, f"tasks are left when its client has closed: {', '.join(transcript.tasks)}")


def _assert_lives_beside(subject: Subject, neighbours: list[object], who: str) -> None:
    plain, beside = run(talk(subject, "events-first")), run(talk(subject, "events-first", neighbours))
    _assert_no_faults(beside, f"beside {who}")
    got, wanted = _untroubled(beside), _untroubled(plain)
    _require(got == wanted, f"beside {who} other events are handled: {got!r} instead of {wanted!r}")
    lost = [channel for channel in plain.sent if channel != TROUBLE and channel not in beside.sent]
    _require(not lost, f"beside {who} nothing is sent on {', '.join(lost)}")


def _untroubled(transcript: Transcript) -> list[Any]:
    """The data of the events that no neighbour meddles with."""
    return [data for data in transcript.delivered if data not in ("trouble", {"number": 3})]


def _read(kind: type, given: Mapping[str, object]) -> Mapping[str, object]:
    name = name_of(kind)
    return read_options(kind, given, extension=name, origin=f"extension {name!r}").values


def _assert_refuses_unknown(kind: type, given: Mapping[str, object]) -> None:
    try:
        _read(kind, {**given, _NO_OPTION: 1})
    except ExtensionOptionError as error:
        if error.option == _NO_OPTION:
            return
        raise
    raise AssertionError("an unknown option is accepted: name the options instead of taking **options")


def _defaults(kind: type) -> list[tuple[str, object]]:
    """The options whose default could be written down."""
    parameters = inspect.signature(kind).parameters
    found = [(option.name, parameters[option.name].default) for option in options_of(kind)]
    return [(name, default) for name, default in found if isinstance(default, _PLAIN)]


def _with_marked_secrets(subject: Subject) -> tuple[Subject, set[str]]:
    """The same extension with a marker in the place of each option that looks like a secret; and what is to be hidden.

    An option that is not to be any text keeps what was given for it.
    """
    hidden = {_MARKER}
    for option in options_of(subject.kind):
        if not _SECRET.search(option.name):
            continue
        marked = subject.with_options({**subject.options, option.name: _MARKER})
        try:
            marked.make()
        except ExtensionError:
            given = subject.options.get(option.name)
            if isinstance(given, str) and len(given) >= _SHORTEST:
                hidden.add(given)
        else:
            subject = marked
    return subject, hidden
