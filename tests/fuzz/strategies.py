"""Hypothesis strategies for inputs: any bytes, and known ones with a few changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("changed",)

_PIECES: Final = (
    b"",
    b"\n",
    b"null",
    b"true",
    b"-1",
    b"1e400",
    b"NaN",
    b'"',
    b'"\\ud800"',
    b"[]",
    b"{}",
    b"[" * 50,
    b"\x00",
    b"\x1b[2J",
    b"\xff",
    b"9" * 400,
    b"!",
    b"~",
    b"+100",
    b'"successful":false',
    b'"reconnect":"none"',
    b'"reconnect":"handshake"',
    b"402::session_unknown",
)


@st.composite
def changed(draw: st.DrawFn, known: Sequence[bytes]) -> bytes:
    """Any bytes, or one of the known inputs with pieces cut out, put in and doubled."""
    if not draw(st.integers(0, 9)):
        return draw(st.binary(max_size=200))
    data = draw(st.sampled_from(known))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 2, 5, 20, 200])))
        again = draw(st.integers(1, 3)) if end - start < 50 else 1
        piece = draw(st.sampled_from(_PIECES) | st.binary(max_size=4) | st.just(data[start:end] * again))
        data = data[:start] + piece + data[end:]
    return data
