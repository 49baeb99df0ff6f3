from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.diagnosis.stand_in import StandIn, examined
from pybayeux import DiagnosisFindings, HookClient, hookimpl
from pybayeux.errors import ExtensionOptionError, TransportError, UsageError
from pybayeux.session.linger import LONGEST_LINGER

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages
    from pybayeux.diagnosis import Report


def _examined(server: StandIn, **settings: Any) -> Report:
    return asyncio.run(examined(server, **settings))


def _states(report: Report) -> dict[str, tuple[str, str]]:
    return {each.name: (each.state, each.detail) for each in report.extensions}


def test_a_good_server_has_no_problem(server: StandIn) -> None:
    server.headers = [("Server", "Stand-In"), ("Set-Cookie", "A=1; Path=/"), ("Set-Cookie", "B=2")]
    report = _examined(server)
    assert (report.problems, report.notes) == ([], [])
    assert (report.url, report.status, report.server, report.version) == ("http://host/cometd", 200, "Stand-In", "1.0")
    assert report.cookies == ["A", "B"]
    assert report.advice == {"reconnect": "retry", "timeout": 30_000, "interval": 0}
    assert [(each.name, each.offered, each.works) for each in report.transports] == [
        ("long-polling", True, True),
        ("callback-polling", False, None),
        ("websocket", True, True),
    ]


def test_a_session_is_a_handshake_some_connects_that_are_not_held_and_a_disconnect(server: StandIn) -> None:
    _examined(server, transports=["long-polling"])
    channels = [message.channel for _, message in server.asked]
    assert channels == ["/meta/handshake", *["/meta/connect"] * 5, "/meta/disconnect"]
    advised = [message.advice.timeout for _, message in server.asked if message.advice is not None]
    assert advised == [0] * 5


def test_a_server_that_wants_pauses_is_asked_once(server: StandIn) -> None:
    server.advice["interval"] = 60_000
    report = _examined(server, transports=["long-polling"])
    assert report.transports[0].connects is not None
    assert report.transports[0].connects.count == 1
    assert report.transports[0].connects.processor_time > 0
    assert 0 < report.transports[0].connects.linger <= LONGEST_LINGER * 1000
    assert "60000 ms between connects" in report.notes[0].what


class Inspector:
    """An extension that knows the server."""

    @hookimpl
    async def diagnose(self, findings: DiagnosisFindings, client: HookClient) -> None:
        assert client.client_id is not None
        findings.add_note("nearly full", "make room")
        findings.add_problem("full")


def test_extensions_say_what_they_know_of_the_server_once(server: StandIn) -> None:
    report = _examined(server, extensions=[Inspector()])
    assert [each.works for each in report.transports] == [True, None, True]
    assert [(each.what, each.remedy) for each in report.notes] == [("nearly full", "make room")]
    assert [each.what for each in report.problems] == ["full"]


def test_extensions_say_nothing_of_a_server_that_does_not_work(server: StandIn) -> None:
    server.changed["/meta/handshake"] = {"successful": False, "error": "500::broken"}
    assert _examined(server, extensions=[Inspector()]).notes == []


def test_a_session_that_failed_is_ended(server: StandIn) -> None:
    server.changed["/meta/connect"] = {"successful": False, "error": "500::broken"}
    report = _examined(server, transports=["long-polling"])
    assert [message.channel for _, message in server.asked][-1] == "/meta/disconnect"
    assert (report.transports[0].works, report.transports[0].failed_at) == (False, "/meta/connect")
    assert "refuses the connect by long-polling: 500::broken" in report.problems[0].what


def test_an_unreachable_server_is_not_tried_again(server: StandIn) -> None:
    server.unreachable["long-polling"] = TransportError("ConnectError: no", unsent=True)
    report = _examined(server)
    assert not report.answers
    assert [(each.works, each.error) for each in report.transports] == [
        (False, "ConnectError: no"),
        (None, "not tried: the server does not respond"),
        (None, "not tried: the server does not respond"),
    ]
    assert report.problems[0].what == "the server cannot be reached: ConnectError: no"


def test_extensions_are_judged_by_what_they_do_and_what_is_answered(packages: Packages, server: StandIn) -> None:
    asks = """
        @hookimpl
        def outgoing(message):
            message.get_ext(create=True)[NAME] = VALUE
    """
    for name in ("used", "enabled", "disabled", "ignored"):
        source = asks.replace("NAME", repr(name)).replace("VALUE", "True")
        packages.add(name, {name: f"{name}_module"}, hookspecs=None, commands=None, **{f"{name}_module": source})
    token = asks.replace("NAME", "'com.example.token'").replace("VALUE", "'hunter2'")
    packages.add("token", {"token": "token_module"}, token_module=token)
    packages.add(
        "headers",
        {"headers": "headers_module"},
        headers_module="""
            @hookimpl
            def outgoing(message):
                message.timestamp = "now"
            @hookimpl
            def incoming(message):
                message.extra["seen"] = True
        """,
    )
    packages.add("quiet", {"quiet": "quiet_module"}, quiet_module="@hookimpl\ndef delivered(message): ...")
    server.ext = {"used": True, "enabled": {"enabled": True}, "disabled": False, "more": "text", "n": {"x": ["y", 1]}}
    report = _examined(server)
    not_mentioned = "the server's handshake reply does not mention "
    assert _states(report) == {
        "disabled": ("without effect", f"{not_mentioned}ext.disabled"),
        "enabled": ("used", "the server's handshake reply has ext.enabled"),
        "headers": ("active", "sends timestamp, changes seen"),
        "ignored": ("without effect", f"{not_mentioned}ext.ignored"),
        "quiet": ("active", "it changes nothing in a handshake and a connect"),
        "token": ("active", "sends ext.com.example.token"),
        "used": ("used", "the server's handshake reply has ext.used"),
    }
    assert report.announced == server.ext | {"more": "***", "n": {"x": ["***", 1]}}
    assert report.problems == []


def test_extensions_that_do_not_work_are_problems(packages: Packages, server: StandIn) -> None:
    packages.add("a", {"broken": "broken_module"}, broken_module="1 / 0")
    packages.add("b", {"unmade": "unmade_module:Bad"}, unmade_module="class Bad:\n def __init__(self): 1 / 0")
    packages.add("c", {"failing": "failing_module"}, failing_module="@hookimpl\ndef incoming(message): 1 / 0")
    packages.add("d", {"new": "new_module"}, requires=["pybayeux>=99"], new_module="")
    packages.add("e", {"shy": "shy_module"}, shy_module="@hookimpl\ndef registered(name): 1 / 0")
    packages.signature(rounds="int = 1")
    report = _examined(server, options={"signature": {"rounds": "many"}})
    states = {name: state for name, (state, _) in _states(report).items()}
    assert states == {
        "broken": "broken",
        "unmade": "broken",
        "failing": "failing",
        "new": "incompatible",
        "shy": "broken",
        "signature": "broken",
    }
    assert len(report.problems) == len(states)
    assert _states(report)["failing"][1] == "incoming raised ZeroDivisionError: division by zero"
    assert all(each.remedy.startswith("fix it, or leave it out with -p no:") for each in report.problems)
    assert all(each.works is not False for each in report.transports)


def test_an_extension_that_stops_the_handshake_is_found(packages: Packages, server: StandIn) -> None:
    source = "@hookimpl\ndef outgoing(message): 1 / 0"
    packages.add("a", {"stopping": "stopping_module"}, stopping_module=source)
    report = _examined(server)
    assert _states(report)["stopping"][0] == "failing"
    assert [each.works for each in report.transports] == [False, False, False]
    assert [each.what for each in report.problems] == [
        "extension 'stopping' is failing: outgoing raised ZeroDivisionError: division by zero"
    ]


def test_a_server_that_does_not_answer_in_time(server: StandIn) -> None:
    class Slow:
        async def exchange(self, messages: object) -> None:
            await asyncio.Event().wait()

        async def close(self) -> None: ...

    server._factory = lambda name: lambda context: Slow()  # type: ignore[assignment, return-value, method-assign]
    report = _examined(server, transports=["long-polling"], max_network_delay=0.05)
    assert report.transports[0].error is not None
    assert report.problems[0].what == "the server did not answer the handshake by long-polling in time"


def test_wrong_use_is_an_error(packages: Packages, server: StandIn) -> None:
    with pytest.raises(UsageError):
        _examined(server, transports=["pigeon"])
    with pytest.raises(ExtensionOptionError):
        _examined(server, options={"nothing": {"size": 1}})


def test_an_address_in_the_scheme_of_an_extension_is_resolved(packages: Packages, server: StandIn) -> None:
    source = """
        @hookimpl
        def resolve_url(url):
            return "http://host/cometd" if url == "acme://host" else None
    """
    packages.add("acme", {"acme": "acme_module"}, acme_module=source)
    report = _examined(server, url="acme://host")
    assert (report.url, report.problems) == ("http://host/cometd", [])
