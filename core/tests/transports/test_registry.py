from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux.errors import UsageError
from pybayeux.transports.callback_polling import CallbackPolling
from pybayeux.transports.long_polling import LongPolling
from pybayeux.transports.memory import MemoryTransport
from pybayeux.transports.registry import TransportRegistry

if TYPE_CHECKING:
    from pybayeux.transports.base import Transport, TransportContext


def factory(context: TransportContext, *, size: int = 0) -> Transport:
    return LongPolling(context)


def test_polling_is_there_from_the_start() -> None:
    known = TransportRegistry().select(None)
    assert (known["long-polling"], known["callback-polling"]) == (LongPolling, CallbackPolling)
    assert list(known)[-2:] == ["long-polling", "callback-polling"]


def test_what_is_registered_comes_after_it() -> None:
    registry = TransportRegistry()
    registry.register("pigeon", factory)
    assert list(registry.select(None))[-2:] == ["callback-polling", "pigeon"]


def test_names_are_taken_in_the_order_of_preference() -> None:
    registry = TransportRegistry()
    registry.register("pigeon", factory)
    assert registry.select(["pigeon", "long-polling"]) == {"pigeon": factory, "long-polling": LongPolling}
    assert list(registry.select(["pigeon", "long-polling"])) == ["pigeon", "long-polling"]
    assert list(registry.select(["pigeon"])) == ["pigeon"]


def test_the_latest_registration_of_a_name_counts() -> None:
    registry = TransportRegistry()
    registry.register("long-polling", factory)
    assert registry.select(None)["long-polling"] is factory


@pytest.mark.parametrize("names", [["pigeon"], ["long-polling", "carrier-pigeon"], []])
def test_unknown_names_are_refused_with_the_known_ones(names: list[str]) -> None:
    with pytest.raises(UsageError, match="expected some of callback-polling, long-polling"):
        TransportRegistry().select(names)


# -- by default


def test_memory_is_used_only_where_it_is_named() -> None:
    async def server(messages: list[object]) -> list[object]:
        return messages

    registry = TransportRegistry()
    assert "memory" not in registry.select(None)
    made = registry.select(["memory"], {"memory": {"server": server}})["memory"]
    assert made.func is MemoryTransport  # type: ignore[attr-defined]


def test_an_extension_may_keep_its_transport_for_those_who_name_it() -> None:
    registry = TransportRegistry()
    registry.register("pigeon", factory, by_default=False)
    assert "pigeon" not in registry.select(None)
    assert list(registry.select(["pigeon"])) == ["pigeon"]
    registry.register("pigeon", factory)
    assert "pigeon" in registry.select(None)


def test_with_a_http_client_a_websocket_is_used_only_where_it_is_named() -> None:
    registry = TransportRegistry()
    registry.register("websocket", factory)
    assert "websocket" in registry.select(None)
    assert "websocket" not in registry.select(None, by_polling=True)
    assert list(registry.select(["websocket"], by_polling=True)) == ["websocket"]


def needs_path(context: TransportContext, path: str) -> Transport:
    return LongPolling(context)


def test_one_that_needs_an_option_is_left_out_of_the_defaults(caplog: pytest.LogCaptureFixture) -> None:
    registry = TransportRegistry()
    registry.attribute_to("acme-socket")
    registry.register("unix", needs_path)
    assert "unix" not in registry.select(None)
    [warning] = caplog.messages
    assert "extension 'acme-socket': its transport 'unix' is left out, for it needs the option 'path'" in warning
    assert registry.select(None, {"unix": {"path": "/x"}})["unix"].keywords == {"path": "/x"}  # type: ignore[attr-defined]


def test_one_that_needs_an_option_and_is_asked_for_is_an_error() -> None:
    registry = TransportRegistry()
    registry.register("unix", needs_path)
    with pytest.raises(UsageError, match="'unix' needs the option 'path'"):
        registry.select(["unix"])
    with pytest.raises(UsageError, match="'unix' needs the option 'path'"):
        registry.select(None, {"unix": {"url": "http://x/"}})


def test_one_that_is_for_those_who_name_it_does_not_take_away_the_one_before() -> None:
    registry = TransportRegistry()
    registry.register("long-polling", factory, by_default=False)
    assert registry.select(None)["long-polling"] is LongPolling
    assert registry.select(["long-polling"])["long-polling"] is factory


@pytest.mark.parametrize("names", [None, ["long-polling"]])
def test_one_that_needs_an_option_does_not_take_away_the_one_before(
    names: list[str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    registry = TransportRegistry()
    registry.register("long-polling", needs_path)
    assert registry.select(names)["long-polling"] is LongPolling
    assert "'long-polling' is left out" in caplog.text
    of_the_other: dict[str, dict[str, object]] = {"long-polling": {"max_response_size": 5, "url": "http://x/"}}
    made: Any = registry.select(names, of_the_other)["long-polling"]
    assert (made.func, made.keywords) == (LongPolling, {"max_response_size": 5})
    made = registry.select(names, {"long-polling": {"path": "/x"}})["long-polling"]
    assert (made.func, made.keywords) == (needs_path, {"path": "/x"})


@pytest.mark.parametrize("wrong", [5, None, "pigeon"])
def test_what_cannot_be_called_is_left_out_of_the_defaults(wrong: Any, caplog: pytest.LogCaptureFixture) -> None:
    registry = TransportRegistry()
    registry.attribute_to("acme")
    registry.register("long-polling", wrong)
    assert registry.select(None)["long-polling"] is LongPolling
    assert "extension 'acme': its transport 'long-polling' is left out, for it cannot be made" in caplog.text


@pytest.mark.parametrize(
    ("wrapper", "why"), [(lambda factory: 1 / 0, "ZeroDivisionError"), (lambda factory: None, "it returned NoneType")]
)
def test_a_wrapper_that_fails_is_left_out(wrapper: Any, why: str, caplog: pytest.LogCaptureFixture) -> None:
    registry = TransportRegistry()
    registry.attribute_to("acme")
    registry.wrap(wrapper, "long-polling")
    assert registry.select(None)["long-polling"] is LongPolling
    assert f"extension 'acme': its wrapper of the transport 'long-polling' is left out: {why}" in caplog.text


# -- options


def test_options_go_to_the_transport_that_they_are_for() -> None:
    registry = TransportRegistry()
    registry.register("pigeon", factory)
    made = registry.select(None, {"pigeon": {"size": "7"}, "long-polling": {"form": True}})
    assert made["pigeon"].keywords == {"size": 7}  # type: ignore[attr-defined]
    assert made["long-polling"].keywords == {"form": True}  # type: ignore[attr-defined]
    assert made["callback-polling"] is CallbackPolling


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("long-polling", "append_message_type", True),
        ("long-polling", "form", True),
        ("long-polling", "max_response_size", 1_000_000),
        ("long-polling", "max_request_size", "32768"),
        ("callback-polling", "max_uri_length", 4000),
        ("callback-polling", "max_response_size", None),
        ("long-polling", "url", "https://other/"),
    ],
)
def test_the_options_of_polling(name: str, option: str, value: object) -> None:
    assert name in TransportRegistry().select(None, {name: {option: value}})


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"pigeon": {}}, "expected some of"),
        (
            {"long-polling": {"speed": 1}},
            "'long-polling' has no option 'speed'; expected one of append_message_type, form",
        ),
        ({"long-polling": {"max_request_size": "large"}}, "'max_request_size' is wrong"),
        ({"callback-polling": {"form": True}}, "'callback-polling' has no option 'form'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, dict[str, object]], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        TransportRegistry().select(None, options)


def test_wrappers_stand_before_every_transport_the_last_one_nearest_to_the_client() -> None:
    registry = TransportRegistry()
    registry.wrap(lambda factory: lambda context: ["first", factory(context)])  # type: ignore[arg-type, return-value]
    registry.wrap(lambda factory: lambda context: ["second", factory(context)])  # type: ignore[arg-type, return-value]
    registry.register("mine", lambda context: "mine")  # type: ignore[arg-type, return-value]
    made: object = registry.select(["mine"])["mine"](None)  # type: ignore[arg-type]
    assert made == ["second", ["first", "mine"]]


def test_a_wrapper_may_stand_before_one_transport_alone() -> None:
    registry = TransportRegistry()
    registry.wrap(lambda factory: lambda context: "wrapped", "long-polling")  # type: ignore[arg-type, return-value]
    chosen = registry.select(["long-polling", "callback-polling"])
    assert chosen["long-polling"](None) == "wrapped"  # type: ignore[arg-type, comparison-overlap]
    assert chosen["callback-polling"] is CallbackPolling
