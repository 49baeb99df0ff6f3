from __future__ import annotations

from emulator_support.org_client import ORDERS, Org
from extensions.devserver.tests.engine_client import in_loop


@in_loop
async def test_publish_and_publish_change() -> None:
    org = Org()
    assert await org.publish(ORDERS, {"Number__c": 1}, uuid="u") == org.published[ORDERS][0].replay_id
    assert org.published[ORDERS][0].uuid == "u"
    transaction = org.transaction()
    ids = await org.publish_change("Account", "DELETE", ["001"], None, transaction, origin="com/me")
    assert set(ids) == {"/data/ChangeEvents", "/data/AccountChangeEvent"}


def test_add_user_and_add_app() -> None:
    org = Org()
    refresh_token = org.add_app("mine", "secret", "PEM", username="you@example.com", password="word")
    app = org.state.apps.known["mine"]
    assert app.public_key is not None
    assert app.public_key() == "PEM"
    assert org.state.apps.refreshed_by(app, refresh_token) == "you@example.com"
    assert org.state.users.with_password("you@example.com", "word") is not None
    org.add_user("you@example.com", "other", "TOKEN")
    assert org.state.users.with_password("you@example.com", "otherTOKEN") is not None


def test_issued_token_does_not_count_as_a_login() -> None:
    org = Org()
    assert org.state.tokens.find(org.issue_token(lifetime=5)) is not None
    assert org.logins == 0
