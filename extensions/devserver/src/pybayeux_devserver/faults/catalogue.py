"""The faults by name, with their arguments: what the control interface offers, and a page makes buttons of.

Owns the list. What is said about a fault is read from its method.
"""

from __future__ import annotations

import inspect
from typing import Any, Final

from .faults import Faults

__all__ = ("FAULTS", "describe_faults")

FAULTS: Final = (
    "answer_instead",
    "clear",
    "close_websockets",
    "delay_replies",
    "disconnect_sessions",
    "drop_sessions",
    "expire_token",
    "hang_websocket",
    "hold_replies",
    "lose_replies",
    "lose_requests",
    "refuse_websocket",
    "release_replies",
    "truncate_replies",
    "unavailable",
)
"""The methods of `Faults` that can be called over HTTP."""

_KINDS: Final = {"int": "integer", "float": "number", "str": "text", "bool": "flag", "dict[str, str]": "object"}


def describe_faults() -> list[dict[str, Any]]:
    """Each fault with its `name`, a sentence `about` it, and its `arguments`.

    An argument has a `name`, a `kind` (``integer``, ``number``, ``text``, ``flag`` or ``object``), whether it may be
    null (`nullable`), and a `default` unless it is required.
    """
    return [_described(name) for name in FAULTS]


def _described(name: str) -> dict[str, Any]:
    method = getattr(Faults, name)
    about = (inspect.getdoc(method) or "").partition("\n")[0]
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return {"name": name, "about": about, "arguments": [_argument(each) for each in parameters]}


def _argument(parameter: inspect.Parameter) -> dict[str, Any]:
    kinds = str(parameter.annotation).split(" | ")
    default = {} if parameter.default is parameter.empty else {"default": parameter.default}
    return {"name": parameter.name, "kind": _KINDS[kinds[0]], "nullable": "None" in kinds, **default}
