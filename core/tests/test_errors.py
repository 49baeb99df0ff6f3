from __future__ import annotations

import inspect
import re

import pytest

from pybayeux import Message, errors
from pybayeux.errors import (
    BayeuxError,
    ExchangeTimeoutError,
    ExtensionError,
    InvalidChannelError,
    MessageDecodeError,
    MessageDropped,
    MissingFieldError,
    PublishError,
    ReceiverError,
    Remedy,
    ReplyError,
    SubscribeError,
    TransportError,
    UnknownAdviceError,
    UsageError,
)

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and value.__module__ == errors.__name__ and value is not Remedy
}


def drawn() -> dict[str, str | None]:
    """From each class in the tree that the module's docstring draws to its parent."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"((?:│   |    )*)(?:├── |└── )?([A-Z]\w*(?:Error|Dropped))\b", line):
            depth = len(found[1]) // 4 + ("── " in line)
            path[depth:] = [found[2]]
            parents[found[2]] = path[depth - 1] if depth else None
    return parents


def test_every_class_is_public() -> None:
    assert set(errors.__all__) == set(CLASSES) | {"Remedy"}
    assert list(errors.__all__) == sorted(errors.__all__)


def test_every_class_has_the_root() -> None:
    assert all(issubclass(kind, BayeuxError) for kind in CLASSES.values())


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    real: dict[str, str | None] = {name: kind.__mro__[1].__name__ for name, kind in CLASSES.items()}
    assert drawn() == real | {"BayeuxError": None}


def test_every_class_says_what_it_is() -> None:
    assert all(kind.__doc__ for kind in CLASSES.values())


def test_a_wrong_call_is_also_a_value_error() -> None:
    assert issubclass(UsageError, ValueError)
    assert InvalidChannelError("foo", "no slash").channel == "foo"
    assert MissingFieldError("clientId", "give it").field == "clientId"


def test_a_refusal_carries_the_servers_words() -> None:
    reply = Message(channel="/meta/subscribe", successful=False, error="403:/a:denied")
    error = SubscribeError("/a", reply=reply)
    assert isinstance(error, ReplyError)
    assert (error.channel, error.reply, error.code) == ("/a", reply, 403)
    assert error.error is not None
    assert error.error.args == ("/a",)
    assert str(error) == "subscribe /a failed: 403:/a:denied"


def test_a_refusal_without_words() -> None:
    error = PublishError("/a", reply=Message(channel="/a", successful=False))
    assert (error.error, error.code) == (None, None)
    assert str(error) == "publish /a failed: refused without a reason"


def test_a_local_failure_carries_its_cause() -> None:
    cause = TransportError("HTTP 503", status=503, body="busy", retry_after=2.0)
    error = PublishError("/a", cause=cause)
    assert (error.reply, error.__cause__) == (None, cause)
    assert str(error) == "publish /a failed: HTTP 503; received 'busy'"
    assert (cause.status, cause.body, cause.retry_after, cause.fatal) == (503, "busy", 2.0, False)


def test_a_timeout_is_a_transport_error() -> None:
    assert isinstance(ExchangeTimeoutError("late"), TransportError)


def test_a_veto_has_its_code_and_reason() -> None:
    error = MessageDropped("secret words", "censor")
    assert (error.code, error.reason, error.extension) == (404, "secret words", "censor")
    assert "404::message_deleted" in str(error)


def test_a_failed_receiver_names_its_channel() -> None:
    cause = KeyError("x")
    error = ReceiverError("/a", cause)
    assert (error.channel, error.__cause__) == ("/a", cause)
    assert str(error) == "the receiver of /a failed: KeyError: 'x'"


def test_what_is_quoted_is_bounded() -> None:
    assert len(str(UnknownAdviceError("x" * 1000))) < 150


def test_decode_errors_may_have_nothing_to_show() -> None:
    assert str(MessageDecodeError("not JSON")) == "not JSON"


@pytest.mark.parametrize("kind", [ExtensionError, errors.ExtensionLoadError, errors.ExtensionHookError])
def test_errors_of_extensions_name_them(kind: type[ExtensionError]) -> None:
    error = kind("broken", extension="replay", hook="outgoing")
    assert (error.extension, error.hook) == ("replay", "outgoing")
