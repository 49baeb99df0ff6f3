"""The class behind the entry point: `Auth`, configured by options from the environment, a file or the command line.

Its options are those of `FlowSettings` and of `Auth`, read from their signatures.
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

_FLOW_OPTIONS: Final = tuple(each.name for each in fields(FlowSettings))
_CODE_ONLY: Final = ("clock",)
"""Options of `Auth` that only code can set."""


def _parameters(kind: type) -> list[Parameter]:
    found = signature(kind, eval_str=True).parameters.values()
    return [each.replace(kind=Parameter.KEYWORD_ONLY) for each in found if each.name not in _CODE_ONLY]


def _signature() -> Signature:
    token, *own = _parameters(Auth)
    return Signature(
        [token.replace(default=None, annotation=token.annotation | None), *_parameters(FlowSettings), *own]
    )


class ConfiguredAuth(Auth):
    """`Auth` with a token, or with a flow and its options.

    A token that is a reference, such as ``file:/run/secrets/token``, is read again when the server refuses it.

    Args:
        token: A token, a reference to one, or a function that returns one.
        options: The options of `FlowSettings` and of `Auth`.

    Raises:
        LoginMisconfiguredError: There is neither a token nor a flow, or both, or an option of the flow is missing.
        ValueError: An option is not valid.
    """

    pybayeux_needs_one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("token", "flow"),)
    """Without one of these it is not configured, and not registered."""
    __signature__: ClassVar[Signature] = _signature()

    def __init__(self, token: Token | None = None, **options: Any) -> None:
        flow = FlowSettings(**{name: options.pop(name) for name in _FLOW_OPTIONS if name in options}).make()
        if (token is None) is (flow is None):
            raise LoginMisconfiguredError(
                "expected either token or flow; got both" if flow else "expected either token or flow"
            )
        super().__init__(flow or _token(token), **options)


def _token(token: Token | None) -> Token:
    assert token is not None
    return Secret(token, "token").read if isinstance(token, str) and is_reference(token) else token
