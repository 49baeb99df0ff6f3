"""Helpers: an org that does not listen, and a client that calls its engine directly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator import SalesforceEmulator
from pybayeux_salesforce_emulator.org.versions import Version
from pybayeux_salesforce_emulator.streaming.request_context import RequestContext

if TYPE_CHECKING:
    from typing import Self

    from pybayeux_devserver.toolkit import Json

__all__ = ("ORDERS", "Org", "OrgClient", "cause", "error", "ids_of")

ORDERS = "/event/Order__e"


class Org(SalesforceEmulator):
    """An org that does not listen, on a clock that stands still. It has an event, a PushTopic and a generic channel."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        super().__init__(port=1, clock=self.clock, **options)
        self.state, self.engine = self._state, self._engine
        for channel in (ORDERS, "/topic/Opps", "/u/News"):
            self.define(channel)

    def order(self, number: int = 1, channel: str = ORDERS) -> int:
        """Publishes an order."""
        return self._publisher.publish(channel, {"Number__c": number})

    def change(self, entity: str = "Account", **fields: Any) -> dict[str, int]:
        """Publishes a change."""
        return self._publisher.publish_change(entity, "UPDATE", ["001xx0000000001AAA"], fields)


class OrgClient:
    """A client with a cookie jar and a token. `join` creates its session."""

    def __init__(self, org: Org | None = None, *, version: str = "67.0", **options: Any) -> None:
        self.org = org or Org(**options)
        self.version = Version.parse(version)
        self.version_error: str | None = None
        self.token: str | None = self.org.issue_token()
        self.jar: dict[str, str] = {}
        self.client_id = ""

    def begin(self, *messages: Json) -> RequestContext:
        """Sends messages without taking the reply."""
        route = self.org.state.balancer.route(self.jar)
        context = RequestContext(self.token, route, self.version, self.version_error, cookies=dict(route.new_cookies))
        self.org.engine.receive(messages, context)
        return context

    def end(self, context: RequestContext) -> list[Json]:
        """Takes the reply, even of a connect that would be held."""
        reply = self.org.engine.finish(context)
        self.org.engine.delivered(context)
        self.jar |= {name: value.partition(";")[0] for name, value in context.cookies.items()}
        return reply.messages

    def send(self, *messages: Json) -> list[Json]:
        return self.end(self.begin(*messages))

    def message(self, channel: str, **members: Any) -> Json:
        return {"channel": channel, "clientId": self.client_id, **members}

    def ask(self, channel: str, **members: Any) -> Json:
        """Sends one message of the session and returns the reply to it."""
        replies = self.send(self.message(channel, **members))
        return next(reply for reply in replies if reply.get("channel") == channel)

    def handshake(self, **members: Any) -> Json:
        asked = {"version": "1.0", "supportedConnectionTypes": ["long-polling"], **members}
        reply = self.send({"channel": "/meta/handshake", **asked})[0]
        self.client_id = reply.get("clientId", self.client_id)
        return reply

    def join(self, *channels: str, since: int | None = None) -> Self:
        """Handshakes, connects once and subscribes."""
        self.handshake()
        self.connect()
        for channel in channels:
            assert self.subscribe(channel, since)["successful"]
        return self

    def connect_message(self, **members: Any) -> Json:
        return self.message("/meta/connect", connectionType="long-polling", **members)

    def connect(self, **members: Any) -> list[Json]:
        return self.send(self.connect_message(**members))

    def hold(self, **members: Any) -> RequestContext:
        """Sends a connect that is held."""
        context = self.begin(self.connect_message(**members))
        assert context.hold is not None
        assert context.hold.timeout
        return context

    def subscribe(self, channel: str, since: Any = None, **members: Any) -> Json:
        if since is not None:
            members["ext"] = {"replay": {channel.partition("?")[0]: since}}
        return self.ask("/meta/subscribe", subscription=channel, **members)

    def events(self) -> list[Json]:
        """The events in the reply to a connect."""
        return [message for message in self.connect() if "data" in message]

    def ids(self) -> list[int]:
        """The replay ids of the events in the reply to a connect."""
        return ids_of(self.events())


def ids_of(events: list[Json]) -> list[int]:
    return [event["data"]["event"]["replayId"] for event in events]


def error(reply: Json) -> Any:
    return reply.get("error")


def cause(reply: Json) -> Any:
    """The cause in ``ext.sfdc.failureReason``, which many clients do not read."""
    return reply.get("ext", {}).get("sfdc", {}).get("failureReason")
