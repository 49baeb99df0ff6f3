"""The rules for every extension, one function for each.

A check takes an `ExtensionFactory`, and raises an AssertionError that says what is wrong and, if possible, what to do.
No check depends on another.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_args

from ..errors import ExtensionError, ExtensionOptionError
from ..extensions.options import options_of, read_options
from ..extensions.validation import implemented_hooks
from .differences import combined, difference
from .factory import name_of
from .interference import DISTURBED_CHANNEL, FailsFirst, FailsLast, VetoesFirst, VetoesLast, Waits
from .scenarios import LAST_EVENT, Transcript, low_level_session, ordinary_session, session_with_faults, two_starts
from .server import Order
from .virtual_time import run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .factory import ExtensionFactory

__all__ = ("CHECKS", "Check")

Check: TypeAlias = "Callable[[ExtensionFactory], None]"

_BOTH_ORDERS: Final[tuple[Order, ...]] = get_args(Order)
_PLAIN: Final = (str, int, float, bool, type(None))
_SECRET: Final = re.compile(r"token|passw|secret|credential|authorization|api_?key|(?:^|_)key$", re.IGNORECASE)
_MARKER: Final = "C0nf1dent1al-1n-the-c0ntract"
_SHORTEST: Final = 6
"""The least number of characters of a secret: shorter ones also occur in other texts."""
_NO_OPTION: Final = "no_such_option"
_CONNECT: Final = "/meta/connect"


def signatures(factory: ExtensionFactory) -> None:
    """Every hook has a known name, known arguments and its marker."""
    extension = factory.new()
    try:
        hooks = implemented_hooks(extension, name_of(extension))
    except ExtensionError as error:
        raise AssertionError(str(error)) from error
    _require(bool(hooks), "it implements no hook: mark its methods with @hookimpl")


def pairs(factory: ExtensionFactory) -> None:
    """`unregistered` ends what `registered` starts: at a removal, at a close, and before a second start."""
    transcript = run(two_starts(factory))
    _assert_no_faults(transcript, "while it is removed and added, and while its client is closed and started again")
    _assert_no_tasks(transcript)
    plain = run(ordinary_session(factory, "events-first"))
    wanted = 2 if LAST_EVENT in plain.delivered else 0
    got = transcript.delivered.count(LAST_EVENT)
    _require(got == wanted, f"a client started twice gets {got} of 2 events with it: reset its state in `registered`")


def call_paths(factory: ExtensionFactory) -> None:
    """It does the same whether hooks are called or awaited, as they are together with an asynchronous extension."""
    for order in _BOTH_ORDERS:
        plain = run(ordinary_session(factory, order))
        awaited = run(ordinary_session(factory, order, [Waits()]))
        again = run(ordinary_session(factory, order))
        _assert_no_faults(plain, "in a session without faults")
        _assert_no_faults(awaited, "together with an asynchronous extension")
        _assert_no_tasks(plain)
        found = difference(_effects(plain), _effects(awaited), _effects(again))
        _require(found is None, f"together with an asynchronous extension it behaves differently ({order}): {found}")


def vetoes(factory: ExtensionFactory) -> None:
    """The veto of another extension, before it or after it, affects that message alone."""
    _assert_lives_beside(factory, [VetoesFirst()], "an extension that vetoes first")
    _assert_lives_beside(factory, [VetoesLast()], "an extension that vetoes last")


def errors_of_others(factory: ExtensionFactory) -> None:
    """Another extension that fails, before it or after it, affects that message alone."""
    _assert_lives_beside(factory, [FailsFirst()], "an extension that fails first")
    _assert_lives_beside(factory, [FailsLast()], "an extension that fails last")


def faults(factory: ExtensionFactory) -> None:
    """It survives refusals, lost requests and replies, and lost sessions, and so does its client."""
    for order in _BOTH_ORDERS:
        transcript = run(session_with_faults(factory, order))
        _assert_no_faults(transcript, f"during refusals, failures and lost sessions ({order})")
        _assert_no_tasks(transcript)
        if LAST_EVENT in run(ordinary_session(factory, order)).delivered:
            arrived = LAST_EVENT in transcript.delivered
            _require(arrived, f"events no longer arrive after faults ({order})")


def low_level(factory: ExtensionFactory) -> None:
    """It works with a `BayeuxClient`, which refuses `rehandshake` and `resubscribe`, or does nothing with it."""
    transcript = run(low_level_session(factory))
    _assert_no_faults(transcript, "with a BayeuxClient, which does not recover by itself (see `HookClient.recovers`)")
    _assert_no_tasks(transcript)


def options(factory: ExtensionFactory) -> None:
    """Options are typed: each default is a valid value, and an unknown name is refused."""
    kind = factory.kind
    if kind is None:
        return
    _assert_refuses_unknown(kind, factory.options)
    for name, default in _defaults(kind):
        try:
            read = _read(kind, {**factory.options, name: default})
        except ExtensionOptionError as error:
            raise AssertionError(f"the default of option {name!r} does not fit its annotation: {error}") from error
        _require(read[name] == default, f"option {name!r}: its default {default!r} arrives as {read[name]!r}")


def secrets(factory: ExtensionFactory) -> None:
    """No option that looks like a secret shows in its `repr`, in a log line, or in an error."""
    marked, values = _with_marked_secrets(factory)
    for transcript in (run(ordinary_session(marked, "events-first")), run(session_with_faults(marked, "events-first"))):
        for text in transcript.texts:
            for value in values:
                _require(value not in text, f"a text contains a secret: {text.replace(value, '<the secret>')[:300]}")


CHECKS: Final[tuple[Check, ...]] = (
    signatures,
    pairs,
    call_paths,
    vetoes,
    errors_of_others,
    faults,
    low_level,
    options,
    secrets,
)
"""All checks, in the order of the report."""


def _require(holds: bool, text: str) -> None:
    """Raise if a rule does not hold. Not an `assert`: pytest would print every value in it, secrets too."""
    if not holds:
        raise AssertionError(text)


def _effects(transcript: Transcript) -> dict[str, Any]:
    """What the extension has an influence on. How often the client polls depends on how long hooks take."""
    sent = {channel: combined(each) if channel == _CONNECT else each for channel, each in transcript.sent.items()}
    return {"sent": sent, "delivered": transcript.delivered_on, "outcomes": transcript.outcomes}


def _assert_no_faults(transcript: Transcript, when: str) -> None:
    _require(not transcript.faults, f"it raises {when}: {'; '.join(transcript.faults)}")


def _assert_no_tasks(transcript: Transcript) -> None:
    _require(not transcript.tasks, f"tasks still run after its client has closed: {', '.join(transcript.tasks)}")


def _assert_lives_beside(factory: ExtensionFactory, others: list[object], who: str) -> None:
    plain = run(ordinary_session(factory, "events-first"))
    beside = run(ordinary_session(factory, "events-first", others))
    _assert_no_faults(beside, f"together with {who}")
    found = difference(_untroubled(plain), _untroubled(beside), _untroubled(plain))
    _require(found is None, f"together with {who}, other events are handled: {found} (the first run: alone)")
    lost = [channel for channel in plain.sent if channel != DISTURBED_CHANNEL and channel not in beside.sent]
    _require(not lost, f"together with {who}, nothing is sent on {', '.join(lost)}")


def _untroubled(transcript: Transcript) -> dict[str, list[Any]]:
    """The data of the events that the other extensions leave alone, by channel."""
    return {channel: data for channel, data in transcript.delivered_on.items() if channel != DISTURBED_CHANNEL}


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
    """The options whose default is a plain value, and these defaults."""
    parameters = inspect.signature(kind).parameters
    found = [(option.name, parameters[option.name].default) for option in options_of(kind)]
    return [(name, default) for name, default in found if isinstance(default, _PLAIN)]


def _with_marked_secrets(factory: ExtensionFactory) -> tuple[ExtensionFactory, set[str]]:
    """The extension with a marker as the value of each option that looks like a secret, and the values to look for.

    An option that does not accept the marker keeps its value.
    """
    hidden = {_MARKER}
    for option in options_of(factory.kind):
        if not _SECRET.search(option.name):
            continue
        marked = factory.with_options({**factory.options, option.name: _MARKER})
        try:
            marked.new()
        except ExtensionError:
            given = factory.options.get(option.name)
            if isinstance(given, str) and len(given) >= _SHORTEST:
                hidden.add(given)
        else:
            factory = marked
    return factory, hidden
