from __future__ import annotations

from typing import Literal

import pytest

from pybayeux._util.arguments import check_choice, check_positive
from pybayeux.errors import UsageError


def test_a_choice_is_one_of_those_known() -> None:
    check_choice("policy", "b", Literal["a", "b"])
    with pytest.raises(UsageError, match="policy='c': known are 'a', 'b'"):
        check_choice("policy", "c", Literal["a", "b"])


def test_figures_are_greater_than_zero() -> None:
    check_positive(size=1, delay=0.1, limit=None)
    for figure in (0, -1, -0.5):
        with pytest.raises(UsageError, match=f"delay={figure}"):
            check_positive(size=1, delay=figure)
