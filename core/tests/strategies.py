"""Hypothesis strategies that several property tests share: channels, JSON values, messages."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from pybayeux import Advice, Message

__all__ = ("channels", "json_values", "messages", "names")

_texts: Final = st.text(max_size=8)
_numbers: Final = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)

json_values: Final = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_objects: Final = st.dictionaries(_texts, json_values, max_size=3)

names: Final = st.sampled_from(["a", "b", "foo", "foobar", "meta"])
"""Segments, few enough to meet again."""

channels: Final = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
"""Concrete channels."""

_advice: Final = st.builds(
    Advice,
    reconnect=st.none() | _texts,
    timeout=st.none() | _numbers,
    interval=st.none() | _numbers,
    multiple_clients=st.none() | st.booleans(),
    hosts=st.none() | st.lists(_texts, max_size=2),
    max_interval=st.none() | _numbers,
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Messages with any of the fields, and members that the protocol does not name."""
    message = Message(
        channel=draw(_texts),
        client_id=draw(st.none() | _texts),
        version=draw(st.none() | _texts),
        minimum_version=draw(st.none() | _texts),
        supported_connection_types=draw(st.none() | st.lists(_texts, max_size=2)),
        connection_type=draw(st.none() | _texts),
        subscription=draw(st.none() | _texts | st.lists(_texts, max_size=2)),
        id=draw(st.none() | _texts),
        ext=draw(st.none() | _objects),
        advice=draw(st.none() | _advice),
        successful=draw(st.none() | st.booleans()),
        error=draw(st.none() | _texts),
        timestamp=draw(st.none() | _texts),
        auth_successful=draw(st.none() | st.booleans()),
    )
    if draw(st.booleans()):
        message.data = draw(json_values)
    if draw(st.booleans()):
        message.extra["x-messages"] = draw(st.integers(0, 9))
    return message
