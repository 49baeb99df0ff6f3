"""The protocol as a pure state machine: no socket, no clock, no task.

A session is given messages and the present time, and answers what to do next. Its client

1. calls `step(now)`: it gives the exchanges to start, those to abandon, and when to ask again;
2. carries each exchange to the server and hands what comes back to `admit`, and the batch to `receive`, which gives
   the events; then `over`, or `failed` where the exchange broke;
3. takes the `notices` after every call: state changes, settled requests, failures, the end.

There are two lanes, as the protocol allows two requests at once: `control` (handshake, connect) and `sending`
(everything else). Times are seconds of any clock that the client likes.
"""

from .admission import Batch as Batch
from .backoff import Backoff as Backoff
from .exchange import Exchange as Exchange
from .exchange import Kind as Kind
from .exchange import Request as Request
from .machine import Session as Session
from .machine import Step as Step
from .notices import Ended as Ended
from .notices import Failed as Failed
from .notices import Notice as Notice
from .notices import Overdue as Overdue
from .notices import Refused as Refused
from .notices import Settled as Settled
from .notices import StateChanged as StateChanged
from .notices import Subscribed as Subscribed
from .shared import SessionConfig as SessionConfig

__all__ = (
    "Backoff",
    "Batch",
    "Ended",
    "Exchange",
    "Failed",
    "Kind",
    "Notice",
    "Overdue",
    "Refused",
    "Request",
    "Session",
    "SessionConfig",
    "Settled",
    "StateChanged",
    "Step",
    "Subscribed",
)
