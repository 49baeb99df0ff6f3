from __future__ import annotations

from pybayeux_salesforce_emulator.streaming import replies


def test_members_of_a_reply() -> None:
    request = {"channel": "/meta/connect", "id": "7", "clientId": "abc"}
    assert replies.reply(request, clientId="abc", advice=None) == {
        "clientId": "abc",
        "channel": "/meta/connect",
        "id": "7",
        "successful": True,
    }
    failed = replies.failure({"channel": "/meta/subscribe", "subscription": "/u/X"}, "403::No")
    assert failed == {"channel": "/meta/subscribe", "subscription": "/u/X", "error": "403::No", "successful": False}


def test_cause_in_ext() -> None:
    denied = replies.denied("401::Authentication invalid")
    assert denied.error == "403::Handshake denied"
    assert denied.members["ext"]["sfdc"] == {"failureReason": "401::Authentication invalid"}
    busy = replies.overloaded("503::Server is too busy.")
    assert (busy.error, busy.members) == (
        "401::Authentication invalid",
        {"ext": {"sfdc": {"failureReason": "503::Server is too busy."}}},
    )
