from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import UsageError
from pybayeux.transports.long_polling import LongPolling
from pybayeux.transports.registry import TransportRegistry

if TYPE_CHECKING:
    from pybayeux.transports.base import Transport, TransportContext


def factory(context: TransportContext) -> Transport:
    return LongPolling(context)


def test_long_polling_is_there_from_the_start() -> None:
    assert TransportRegistry().select(None) == {"long-polling": LongPolling}


def test_what_is_registered_comes_after_it() -> None:
    registry = TransportRegistry()
    registry.register("websocket", factory)
    assert list(registry.select(None)) == ["long-polling", "websocket"]


def test_names_are_taken_in_the_order_of_preference() -> None:
    registry = TransportRegistry()
    registry.register("websocket", factory)
    assert registry.select(["websocket", "long-polling"]) == {"websocket": factory, "long-polling": LongPolling}
    assert list(registry.select(["websocket"])) == ["websocket"]


def test_the_latest_registration_of_a_name_counts() -> None:
    registry = TransportRegistry()
    registry.register("long-polling", factory)
    assert registry.select(None) == {"long-polling": factory}


@pytest.mark.parametrize("names", [["websocket"], ["long-polling", "carrier-pigeon"], []])
def test_unknown_names_are_refused_and_the_known_ones_told(names: list[str]) -> None:
    with pytest.raises(UsageError, match="known are long-polling"):
        TransportRegistry().select(names)
