from __future__ import annotations

import pytest

from pybayeux_salesforce_emulator.org.versions import OLDEST, Version


def test_versions_are_in_order() -> None:
    assert Version.parse("9.0") < OLDEST < Version.parse("67.0")
    assert str(Version.parse("67.0")) == "67.0"


@pytest.mark.parametrize("text", ["67", "v67.0", "sixty.0", "", "67.00"])
def test_invalid_versions(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as '67\.0'"):
        Version.parse(text)
