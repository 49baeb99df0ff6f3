from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux._util.redact import Redactor
from pybayeux.errors import UsageError
from pybayeux.transports.base import DONE, TransportContext, TransportRequest, TransportResponse
from pybayeux.transports.options import bind_options

if TYPE_CHECKING:
    from decimal import Decimal

    from pybayeux import Message
    from pybayeux.transports.base import Transport


async def _nothing(_: TransportRequest | TransportResponse) -> None:
    """As every function of a context."""


CONTEXT = TransportContext("http://h/", lambda messages: DONE, _nothing, _nothing, Redactor())


class Recorder:
    """A transport that keeps what it was given."""

    def __init__(  # type: ignore[no-untyped-def]
        self,
        context: TransportContext,
        size: int | None = None,
        *,
        fast: bool = False,
        names: tuple[str, ...] = (),
        price: Decimal | None = None,
        anything: Any = None,
        bare=None,  # noqa: ANN001
    ) -> None:
        self.context = context
        self.values = {"size": size, "fast": fast, "names": names, "price": price, "anything": anything, "bare": bare}

    async def exchange(self, messages: list[Message]) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def again(self, context: TransportContext, *, size: int = 0) -> Recorder:
        return Recorder(context, size)

    def __call__(self, context: TransportContext, *, size: int = 0) -> Recorder:
        return Recorder(context, size)


def function(context: TransportContext, *, size: int = 0) -> Transport:
    return Recorder(context, size)


def open_function(context: TransportContext, *, size: int = 0, **others: Any) -> Transport:
    return Recorder(context, size, anything=others)


def demanding(context: TransportContext, size: int) -> Transport:
    return Recorder(context, size)


def made(factory: Any, **options: Any) -> dict[str, Any]:
    """What the transport was given."""
    transport = bind_options("pigeon", factory, options)(CONTEXT)
    assert isinstance(transport, Recorder)
    assert transport.context is CONTEXT
    return {name: value for name, value in transport.values.items() if value}


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({}, {}),
        ({"size": 7}, {"size": 7}),
        ({"size": "7"}, {"size": 7}),
        ({"size": None}, {}),
        ({"fast": True, "names": ["a", "b"]}, {"fast": True, "names": ("a", "b")}),
        ({"fast": "true"}, {"fast": True}),
        ({"url": "http://other/"}, {}),
        ({"anything": [1]}, {"anything": [1]}),
        ({"bare": [1]}, {"bare": [1]}),
        ({"price": "not told at run time"}, {"price": "not told at run time"}),
    ],
)
def test_options_are_converted_to_what_the_parameters_say(options: dict[str, Any], values: dict[str, Any]) -> None:
    assert made(Recorder, **options) == values


@pytest.mark.parametrize(
    "factory",
    [function, partial(function), partial(Recorder), Recorder(CONTEXT).again, Recorder(CONTEXT)],
)
def test_whatever_makes_transports_may_have_options(factory: Any) -> None:
    assert made(factory, size="7") == {"size": 7}
    with pytest.raises(UsageError, match="'size' is wrong"):
        made(factory, size="large")


@pytest.mark.parametrize(("option", "value"), [("size", "large"), ("size", 1.5), ("fast", "perhaps"), ("names", 7)])
def test_a_wrong_value_is_refused_with_the_name_of_the_option(option: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"transport 'pigeon': option '{option}' is wrong: "):
        made(Recorder, **{option: value})


def test_an_unknown_option_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="transport 'pigeon' has no option 'speed'; expected one of size, url"):
        made(function, speed=7)


def test_a_factory_may_take_options_that_it_does_not_name() -> None:
    assert made(open_function, size="7", speed="8") == {"size": 7, "anything": {"speed": "8"}}


def test_an_option_without_a_default_is_needed() -> None:
    assert made(demanding, size=7) == {"size": 7}
    assert made(partial(demanding, size=8)) == {"size": 8}
    for options in ({}, {"url": "http://other/"}):
        with pytest.raises(UsageError, match="transport 'pigeon' needs the option 'size'"):
            made(demanding, **options)


def test_without_options_the_factory_stays_what_it_is() -> None:
    assert bind_options("pigeon", function, {}) is function


def test_a_function_that_wraps_another_has_its_options() -> None:
    @wraps(function)
    def outer(context: TransportContext, **options: Any) -> Transport:
        return function(context, **options)

    made = bind_options("test", partial(outer), {"size": 7})(CONTEXT)
    assert isinstance(made, Recorder)
    assert made.values["size"] == 7
    with pytest.raises(UsageError, match="option 'size' is wrong"):
        bind_options("test", outer, {"size": "many"})
