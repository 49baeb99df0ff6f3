from __future__ import annotations

from typing import Any

import pytest

from pybayeux_salesforce_emulator.options import BatchOrder, OldVersions, OrgOptions, Strictness


def test_plain_strings_become_enums() -> None:
    options = OrgOptions(unknown_ids="range", old_versions="latest", batch_order="shuffled")  # type: ignore[arg-type]
    assert options.unknown_ids is Strictness.RANGE
    assert options.old_versions is OldVersions.LATEST
    assert options.batch_order is BatchOrder.SHUFFLED


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"version": "x"}, "expected an API version"),
        ({"time_scale": 0}, "time_scale"),
        ({"batch_events": 0}, "expected at least 1"),
        ({"id_gap": 0}, "expected at least 1"),
        ({"cookie_error": "418"}, "400, 402, 403"),
        ({"timeout": -1}, "timeout: expected 0 or more"),
        ({"unknown_ids": "loose"}, "loose"),
    ],
)
def test_invalid_values_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        OrgOptions(**options)
