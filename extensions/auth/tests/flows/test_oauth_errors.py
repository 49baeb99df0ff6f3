from __future__ import annotations

import pytest

from pybayeux_auth.flows.oauth_errors import REQUEST_ERRORS, TEMPORARY_ERRORS, advice_on

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.mark.parametrize(
    ("grant_type", "error", "description", "advice"),
    [
        (JWT, "invalid_grant", "user hasn't approved this consumer", "permission set"),
        (JWT, "invalid_grant", "Audience validation failed", "https://test.salesforce.com"),
        (JWT, "invalid_grant", "invalid assertion", "private key"),
        (JWT, "invalid_grant", "user is locked", "unlock"),
        ("client_credentials", "invalid_grant", "request not supported on this domain", "MyDomainName"),
        ("client_credentials", "invalid_grant", "no client credentials user enabled", "Run As"),
        ("client_credentials", "invalid_client", "invalid client credentials", "client_secret does not belong"),
        ("client_credentials", "invalid_client_id", "client identifier invalid", "no app with this client_id"),
        ("client_credentials", "invalid_client", "", "token_endpoint_auth_method"),
        ("password", "invalid_grant", "authentication failure", "security token"),
        ("refresh_token", "invalid_grant", "expired access/refresh token", "authorise the app again"),
        ("refresh_token", "invalid_grant", "inactive user", "not active"),
        ("client_credentials", "invalid_grant", "an unknown description", ""),
        ("", "", "", ""),
    ],
)
def test_advice_on_a_refusal(grant_type: str, error: str, description: str, advice: str) -> None:
    found = advice_on(grant_type, error, description)
    assert advice in found
    assert bool(found) is bool(advice)


def test_the_sets_of_errors_are_disjoint() -> None:
    assert not TEMPORARY_ERRORS & REQUEST_ERRORS
