"""The effects of each installed extension, read from the trace of its hooks and the server's reply.

Knows no extension by name. An extension that adds a member to the handshake's `ext` is used if the reply's `ext` has a
member of the same name. One that does anything else is active: no reply shows whether the server uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._util.credentials import is_secret
from ..channel import Channel
from .report import ExtensionReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..errors import ExtensionError
    from ..extensions.listing import ExtensionInfo
    from ..extensions.tracing import Step

__all__ = ("ACTIVE", "FAULTY", "judge_extensions")

ACTIVE: Final = "active"
FAULTY: Final = frozenset({"broken", "failing", "incompatible"})
"""The states in which something is wrong with an extension."""


def judge_extensions(
    listed: Iterable[ExtensionInfo],
    steps: Sequence[Step],
    load_errors: Mapping[str, ExtensionError],
    announced: Mapping[str, Any] | None,
) -> list[ExtensionReport]:
    """The state of each extension, and why.

    Args:
        listed: The installed extensions.
        steps: Every call of a hook.
        load_errors: The errors of extensions that the client left out, by name.
        announced: The `ext` of the handshake's reply; None if there was no session.
    """
    reports = []
    for info in listed:
        own = [step for step in steps if step.extension == info.name]
        state, detail = _verdict(info, own, load_errors.get(info.name), announced)
        reports.append(ExtensionReport(info.name, info.dist, info.version, state, detail))
    return reports


def _verdict(
    info: ExtensionInfo, steps: Sequence[Step], load_error: ExtensionError | None, announced: Mapping[str, Any] | None
) -> tuple[str, str]:
    if info.state != ACTIVE:
        return str(info.state), info.reason
    if load_error is not None:
        return "broken", str(load_error)
    if failures := list(dict.fromkeys(f"{step.hook} raised {step.error}" for step in steps if step.error is not None)):
        return "failing", "; ".join(failures)
    offered = _offered(steps)
    if announced is not None and offered:
        answered = [name for name in offered if _is_on(announced.get(name))]
        if answered:
            return "used", f"the server's handshake reply has {_listed(answered)}"
        if not any(map(is_secret, offered)):
            return "without effect", f"the server's handshake reply does not mention {_listed(offered)}"
    return ACTIVE, _actions(steps) or "it changes nothing in a handshake and a connect"


def _offered(steps: Iterable[Step]) -> list[str]:
    """The members that were added to the handshake's `ext`."""
    changes = (
        change
        for step in steps
        if step.hook == "outgoing" and step.subject == Channel.META_HANDSHAKE
        for change in step.changes
    )
    return list(dict.fromkeys(change.path[1] for change in changes if change.path[0] == "ext" and len(change.path) > 1))


def _is_on(answer: Any) -> bool:
    return answer.get("enabled", True) is not False if isinstance(answer, dict) else answer not in (None, False)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"ext.{name}" for name in names)


def _actions(steps: Iterable[Step]) -> str:
    actions = {
        f"{_VERBS[step.hook]} {'.'.join(change.path[:2])}": None
        for step in steps
        if step.hook in _VERBS
        for change in step.changes
    }
    dropped = {f"drops {step.subject} ({step.dropped})": None for step in steps if step.dropped is not None}
    return ", ".join(actions | dropped)


_VERBS: Final = {"outgoing": "sends", "request": "sends", "incoming": "changes"}
