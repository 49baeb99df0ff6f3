from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux_timesync.estimate import Estimate, Sample, sample_of

_epochs = st.floats(0, 4e12)
_delays = st.floats(0, 60_000)
_offsets = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ((1000, 1000, 0, 1000), Sample(0, 0)),
        ((1000, 1010, 0, 1020), Sample(10, 0)),
        ((1000, 6010, 0, 1020), Sample(10, 5000)),
        ((1000, 510, 0, 1020), Sample(10, -500)),
        ((1000, 1010, 30_000, 31_020), Sample(10, 0)),  # a held connect
        ((1000, 1000, 2, 1001), Sample(0, 0)),  # rounded on the way
        ((1000, 1000, 30_000, 1020), None),  # held for longer than it took to come
        ((1000, 1000, 0, 990), None),  # the client's clock was set back
    ],
)
def test_the_sample_of_one_exchange(moments: tuple[float, float, float, float], expected: Sample | None) -> None:
    assert sample_of(*moments) == expected


@given(sent=_epochs, there=_delays, back=_delays, held=st.floats(0, 1e6), offset=_offsets)
def test_the_error_is_half_the_difference_of_the_ways_however_long_the_server_holds(
    sent: float, there: float, back: float, held: float, offset: float
) -> None:
    """In whole milliseconds, as on the wire: rounding costs at most two of them."""
    server, now = sent + there + offset, sent + there + held + back
    sample = sample_of(round(sent), round(server), round(held), round(now))
    assert sample is not None
    assert sample.lag == pytest.approx((there + back) / 2, abs=2)
    assert sample.offset == pytest.approx(offset + (there - back) / 2, abs=2)


@given(samples=st.lists(st.builds(Sample, _delays, _offsets), min_size=1, max_size=30), size=st.integers(1, 12))
def test_an_estimate_is_the_mean_of_the_last_samples(samples: list[Sample], size: int) -> None:
    estimate = Estimate(size)
    for sample in samples:
        estimate.add(sample)
    last = samples[-size:]
    assert len(estimate) == len(last)
    assert estimate.lag == pytest.approx(sum(each.lag for each in last) / len(last))
    assert estimate.offset == pytest.approx(sum(each.offset for each in last) / len(last), abs=1e-3)


def test_without_a_sample_the_estimate_is_zero() -> None:
    estimate = Estimate(1)
    assert (len(estimate), estimate.lag, estimate.offset) == (0, 0, 0)


@pytest.mark.parametrize("size", [0, -1])
def test_an_estimate_needs_room_for_a_sample(size: int) -> None:
    with pytest.raises(ValueError, match="max_samples: expected 1 or more"):
        Estimate(size)
