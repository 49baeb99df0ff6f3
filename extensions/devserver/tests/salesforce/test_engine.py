from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.salesforce.conversation import ORDERS, Guest, Org, cause, error


@pytest.mark.parametrize("channel", ["/chat/demo", ORDERS, "/meta/unknown", None, 7])
def test_clients_cannot_publish(channel: Any) -> None:
    guest = Guest().join()
    [reply] = guest.send({"channel": channel, "clientId": guest.client_id, "data": {}, "id": "1"})
    assert error(reply) == "404::Unknown channel"
    assert reply["id"] == "1"


@pytest.mark.parametrize("number", [7, "7", 7.5])
def test_ids_come_back_as_they_were_sent(number: Any) -> None:
    assert Guest().handshake(id=number)["id"] == number


@pytest.mark.parametrize(("order", "place"), [("reply-first", 0), ("events-first", 3)])
def test_where_the_reply_stands(order: str, place: int) -> None:
    org = Org(batch_order=order)
    guest = Guest(org).join(ORDERS)
    for number in range(3):
        org.order(number)
    assert [message["channel"] for message in guest.connect()].index("/meta/connect") == place


def test_the_reply_may_stand_anywhere() -> None:
    org = Org(batch_order="shuffled")
    guest = Guest(org).join(ORDERS)
    places = set()
    for _ in range(30):
        org.order()
        org.order()
        places.add([message["channel"] for message in guest.connect()].index("/meta/connect"))
    assert places == {0, 1, 2}


def test_a_wrong_version_fails_every_message() -> None:
    guest = Guest().join()
    guest.version_error = "400::API version in the URI is mandatory."
    assert error(guest.connect()[0]) == guest.version_error
    assert cause(guest.handshake()) == guest.version_error


@pytest.mark.parametrize(("status", "denied"), [(200, 200), (403, 403)])
def test_the_status_of_a_denied_handshake_can_be_chosen(status: int, denied: int) -> None:
    guest = Guest(denial_status=status)
    guest.token = None
    assert guest.org.engine.finish(guest.begin({"channel": "/meta/handshake"})).status == denied
    guest.token = guest.org.issue_token()
    assert guest.org.engine.finish(guest.begin({"channel": "/meta/handshake"})).status == 200


def test_two_spaces_between_the_sentences_of_errors() -> None:
    org = Org(two_spaces=True)
    org.busy()
    assert cause(Guest(org).handshake()) == "503::Server is too busy.  Please try your request again later."


def test_abandoning_what_has_no_connect() -> None:
    guest = Guest().join()
    guest.org.engine.abandon(guest.begin(guest.message("/meta/subscribe", subscription=ORDERS)))
    assert guest.connect()[0]["successful"]
