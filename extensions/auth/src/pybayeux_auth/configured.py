"""`Auth` made of options alone: from the environment, a file, or the command line.

It is what is behind the entry point. Its options are those of `FlowSettings` and those of `Auth`, taken from there, so
that neither knows of the other's.
"""

from __future__ import annotations

from dataclasses import fields
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .errors import LoginMisconfiguredError
from .extension import Auth
from .secret import Secret, is_reference
from .settings import FlowSettings

if TYPE_CHECKING:
    from .token import Token

__all__ = ("ConfiguredAuth",)

_FLOW: Final = tuple(each.name for each in fields(FlowSettings))
_CODE: Final = ("clock",)
"""Options of `Auth` that no configuration can give."""


def _parameters(kind: type) -> list[Parameter]:
    found = signature(kind, eval_str=True).parameters.values()
    return [each.replace(kind=Parameter.KEYWORD_ONLY) for each in found if each.name not in _CODE]


def _signature() -> Signature:
    token, *own = _parameters(Auth)
    return Signature(
        [token.replace(default=None, annotation=token.annotation | None), *_parameters(FlowSettings), *own]
    )


class ConfiguredAuth(Auth):
    """`Auth` with a token, or with a flow and its options.

    A token that is a reference, such as ``file:/run/secrets/token``, is read again when the server refuses it.

    Args:
        token: A token, a reference to one, or a function that gives one.
        options: Those of `FlowSettings` and of `Auth`.

    Raises:
        LoginMisconfiguredError: There is neither a token nor a flow, or both, or the flow lacks something.
        ValueError: An option makes no sense.
    """

    pybayeux_needs_one_of: ClassVar = (("token", "flow"),)
    """Without one of these nobody has configured it."""
    __signature__: ClassVar = _signature()

    def __init__(self, token: Token | None = None, **options: Any) -> None:
        flow = FlowSettings(**{name: options.pop(name) for name in _FLOW if name in options}).make()
        if (token is None) is (flow is None):
            raise LoginMisconfiguredError("give either a token or a flow")
        super().__init__(flow or _token(token), **options)


def _token(token: Token | None) -> Token:
    assert token is not None
    return Secret(token, "token").read if isinstance(token, str) and is_reference(token) else token
