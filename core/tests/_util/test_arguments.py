from __future__ import annotations

from typing import Literal

import pytest

from pybayeux._util.arguments import check_choice, check_positive
from pybayeux.errors import UsageError


def test_check_choice_names_the_choices() -> None:
    check_choice("policy", "b", Literal["a", "b"])
    with pytest.raises(UsageError, match="policy: expected one of 'a', 'b'; got 'c'"):
        check_choice("policy", "c", Literal["a", "b"])


def test_check_positive_refuses_zero_and_less() -> None:
    check_positive(size=1, delay=0.1, limit=None)
    for figure in (0, -1, -0.5):
        with pytest.raises(UsageError, match=f"delay: expected a number greater than zero; got {figure}"):
            check_positive(size=1, delay=figure)
