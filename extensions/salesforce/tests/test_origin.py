from __future__ import annotations

import pytest

from pybayeux_auth import Grant
from pybayeux_salesforce.origin import org_id_of, origin_of


@pytest.mark.parametrize(
    ("grant", "org_id"),
    [
        (Grant(access_token="00Dxx0000000001!AQ0AQ.x", org_id="00Dxx0000000001EAA"), "00Dxx0000000001"),
        (Grant(access_token="opaque", org_id="00Dxx0000000001"), "00Dxx0000000001"),
        (Grant(access_token="00Dxx0000000001!AQ0AQ.x"), "00Dxx0000000001"),
        (Grant(access_token="opaque"), None),
        (Grant(access_token="00Dxx0000000001"), None),
        (Grant(access_token="opaque!x", org_id="another"), None),
    ],
)
def test_the_org_is_that_of_the_login_or_its_token(grant: Grant, org_id: str | None) -> None:
    assert org_id_of(grant) == org_id


def test_the_origin_is_the_org_on_its_instance() -> None:
    assert (
        origin_of("00Dxx0000000001", "https://EU7.salesforce.com/cometd/67.0") == "00Dxx0000000001@eu7.salesforce.com"
    )
    assert origin_of("00Dxx0000000001", "http://127.0.0.1:8080/cometd/67.0") == "00Dxx0000000001@127.0.0.1:8080"


def test_an_org_that_is_not_known_is_no_origin() -> None:
    assert origin_of(None, "https://eu7.salesforce.com/cometd/67.0") is None
