from __future__ import annotations

import pytest

from pybayeux.errors import UsageError
from pybayeux_relay import Targets


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sqlite:///events.db/orders", "pip install pybayeux-sql"),
        ("kafka://host/orders", "pip install pybayeux-kafka"),
        ("shelf://host/books", "install the package that has it"),
    ],
)
def test_a_target_that_is_not_installed_names_its_package(name: str, hint: str) -> None:
    scheme = name.partition(":")[0]
    with pytest.raises(UsageError) as caught:
        Targets().open(name)
    assert str(caught.value) == f"no target for {scheme}://: expected one of -; {hint}"
