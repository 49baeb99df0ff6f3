from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, cause, error


@pytest.mark.parametrize("channel", ["/chat/demo", ORDERS, "/meta/unknown", None, 7])
def test_clients_cannot_publish(channel: Any) -> None:
    client = OrgClient().join()
    [reply] = client.send({"channel": channel, "clientId": client.client_id, "data": {}, "id": "1"})
    assert error(reply) == "404::Unknown channel"
    assert reply["id"] == "1"


@pytest.mark.parametrize("number", [7, "7", 7.5])
def test_ids_are_returned_unchanged(number: Any) -> None:
    assert OrgClient().handshake(id=number)["id"] == number


@pytest.mark.parametrize(("order", "offset"), [("reply-first", 0), ("events-first", 3)])
def test_batch_order(order: str, offset: int) -> None:
    org = Org(batch_order=order)
    client = OrgClient(org).join(ORDERS)
    for number in range(3):
        org.order(number)
    assert [message["channel"] for message in client.connect()].index("/meta/connect") == offset


def test_shuffled_batch_order() -> None:
    org = Org(batch_order="shuffled")
    client = OrgClient(org).join(ORDERS)
    offsets = set()
    for _ in range(30):
        org.order()
        org.order()
        offsets.add([message["channel"] for message in client.connect()].index("/meta/connect"))
    assert offsets == {0, 1, 2}


def test_a_wrong_version_fails_every_message() -> None:
    client = OrgClient().join()
    client.version_error = "400::API version in the URI is mandatory."
    assert error(client.connect()[0]) == client.version_error
    assert cause(client.handshake()) == client.version_error


@pytest.mark.parametrize(("status", "denied"), [(200, 200), (403, 403)])
def test_status_of_a_denied_handshake_is_an_option(status: int, denied: int) -> None:
    client = OrgClient(denial_status=status)
    client.token = None
    assert client.org.engine.finish(client.begin({"channel": "/meta/handshake"})).status == denied
    client.token = client.org.issue_token()
    assert client.org.engine.finish(client.begin({"channel": "/meta/handshake"})).status == 200


def test_two_spaces_between_the_sentences_of_errors() -> None:
    org = Org(two_spaces=True)
    org.busy()
    assert cause(OrgClient(org).handshake()) == "503::Server is too busy.  Please try your request again later."


def test_abandoning_a_request_without_a_connect() -> None:
    client = OrgClient().join()
    client.org.engine.abandon(client.begin(client.message("/meta/subscribe", subscription=ORDERS)))
    assert client.connect()[0]["successful"]
