"""The protocol as a pure state machine: no socket, no clock, no task.

A session takes messages and the present time, and answers what to do next. Its caller, which has the socket, the clock
and the tasks,

1. calls `step(now)`, which returns the exchanges to start, those to give up, and when to ask again;
2. carries each exchange to the server, hands what comes back to `admit`, then the batch to `receive`, which returns the
   events; at the end of the exchange calls `finished`, or `failed` where it broke;
3. after each call takes the notices: state changes, completed requests, failures, the end.

A batch without `special` messages changes nothing but the count of announced events, and need not be followed by a
step. Times are seconds of a clock that the caller chooses.

Where to read: begin with `transitions`, which has the states, the events and the reasons for them. Two lanes decide
what to send, since the protocol allows two requests at once: `connect_lane` (handshakes and connects, with its
`connect_throttle` and `linger`) and `send_lane` (everything else, with `subscriptions`); `disconnect` ends both.
`replies` says which message answers which request. `session` puts them together, and `view` is what can be read of it.
"""

from .backoff import Backoff as Backoff
from .events import Ended as Ended
from .events import Failed as Failed
from .events import Notice as Notice
from .events import PollOverdue as PollOverdue
from .events import RequestCompleted as RequestCompleted
from .events import StateChanged as StateChanged
from .events import Subscribed as Subscribed
from .events import SubscriptionDeferred as SubscriptionDeferred
from .events import SubscriptionRejected as SubscriptionRejected
from .exchange import Exchange as Exchange
from .exchange import Kind as Kind
from .exchange import Request as Request
from .exchange import Step as Step
from .replies import Batch as Batch
from .session import Session as Session
from .state import SessionConfig as SessionConfig
from .view import SessionView as SessionView

__all__ = (
    "Backoff",
    "Batch",
    "Ended",
    "Exchange",
    "Failed",
    "Kind",
    "Notice",
    "PollOverdue",
    "Request",
    "RequestCompleted",
    "Session",
    "SessionConfig",
    "SessionView",
    "StateChanged",
    "Step",
    "Subscribed",
    "SubscriptionDeferred",
    "SubscriptionRejected",
)
