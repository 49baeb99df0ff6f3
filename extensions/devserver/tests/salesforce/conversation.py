"""Helpers: an org without HTTP in a time of its own, and a client that speaks with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extensions.devserver.tests.conversation import Clock
from pybayeux_devserver.listener import Sockets
from pybayeux_devserver.recorder import Recorder
from pybayeux_devserver.salesforce.engine import OrgEngine
from pybayeux_devserver.salesforce.faults import OrgFaults
from pybayeux_devserver.salesforce.hosts import Hosts
from pybayeux_devserver.salesforce.options import OrgOptions
from pybayeux_devserver.salesforce.publishing import Publisher
from pybayeux_devserver.salesforce.state import OrgState
from pybayeux_devserver.salesforce.verbs import OrgVerbs
from pybayeux_devserver.salesforce.versions import Version
from pybayeux_devserver.salesforce.visit import Visit

if TYPE_CHECKING:
    from typing import Self

    from pybayeux_devserver.options import Json

__all__ = ("ORDERS", "Guest", "Org", "cause", "error", "ids_of")

ORDERS = "/event/Order__e"


class Org(OrgVerbs):
    """An org without sockets. It has a platform event, a PushTopic and a generic channel."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.state = OrgState(OrgOptions(**options), self.clock)
        self.engine = OrgEngine(self.state)
        self.state.bus.listeners.append(self.engine.wake_due)
        publisher, recorder = Publisher(self.state), Recorder(self.state.clock.now)
        super().__init__(self.state, publisher, OrgFaults(Sockets()), Hosts("127.0.0.1", lambda: 1), recorder)
        for channel in (ORDERS, "/topic/Opps", "/u/News"):
            self.define(channel)

    def order(self, number: int = 1, channel: str = ORDERS) -> int:
        """Publishes an order."""
        return self._publisher.publish(channel, {"Number__c": number})

    def change(self, entity: str = "Account", **fields: Any) -> dict[str, int]:
        """Publishes a change."""
        return self._publisher.publish_change(entity, "UPDATE", ["001xx0000000001AAA"], fields)


class Guest:
    """A client with a cookie jar and a token. Its session begins with `join`."""

    def __init__(self, org: Org | None = None, *, version: str = "67.0", **options: Any) -> None:
        self.org = org or Org(**options)
        self.version = Version.parse(version)
        self.version_error: str | None = None
        self.token: str | None = self.org.issue_token()
        self.jar: dict[str, str] = {}
        self.client_id = ""

    def begin(self, *messages: Json) -> Visit:
        """Sends messages and leaves the reply open."""
        route = self.org.state.balancer.route(self.jar)
        visit = Visit(self.token, route, self.version, self.version_error, cookies=dict(route.fresh))
        self.org.engine.receive(messages, visit)
        return visit

    def end(self, visit: Visit) -> list[Json]:
        """Takes the reply, also of a connect that would be held."""
        reply = self.org.engine.finish(visit)
        self.org.engine.delivered(visit)
        self.jar |= {name: value.partition(";")[0] for name, value in visit.cookies.items()}
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
        """Shakes hands, connects once and subscribes."""
        self.handshake()
        self.connect()
        for channel in channels:
            assert self.subscribe(channel, since)["successful"]
        return self

    def connect_message(self, **members: Any) -> Json:
        return self.message("/meta/connect", connectionType="long-polling", **members)

    def connect(self, **members: Any) -> list[Json]:
        return self.send(self.connect_message(**members))

    def hold(self, **members: Any) -> Visit:
        """Sends a connect that is held."""
        visit = self.begin(self.connect_message(**members))
        assert visit.hold is not None
        assert visit.hold.timeout
        return visit

    def subscribe(self, channel: str, since: Any = None, **members: Any) -> Json:
        if since is not None:
            members["ext"] = {"replay": {channel.partition("?")[0]: since}}
        return self.ask("/meta/subscribe", subscription=channel, **members)

    def events(self) -> list[Json]:
        """The events that a connect brings."""
        return [message for message in self.connect() if "data" in message]

    def ids(self) -> list[int]:
        """Their replay ids."""
        return ids_of(self.events())


def ids_of(events: list[Json]) -> list[int]:
    return [event["data"]["event"]["replayId"] for event in events]


def error(reply: Json) -> Any:
    return reply.get("error")


def cause(reply: Json) -> Any:
    """What is said in the place that many clients do not read."""
    return reply.get("ext", {}).get("sfdc", {}).get("failureReason")
