from __future__ import annotations

from emulator_support.org_client import Org
from pybayeux_salesforce_emulator.org.credentials import key_pair


def test_key_pair_is_generated_once() -> None:
    assert key_pair() is key_pair()
    assert "PRIVATE KEY" in key_pair().private
    assert "PUBLIC KEY" in key_pair().public


def test_credentials_for_every_grant() -> None:
    credentials = Org(seed=3).credentials
    assert credentials.token_url == f"{credentials.instance_url}/services/oauth2/token"
    assert credentials.private_key == key_pair().private
    assert Org(seed=3).credentials == credentials
    assert Org(seed=4).credentials.client_secret != credentials.client_secret
