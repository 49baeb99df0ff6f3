"""The parts of the development server that another emulated server may use.

Public for authors of emulators, such as `pybayeux-salesforce-emulator`: sockets, the record of requests, held connects,
planned faults, responses that fail, and the rules for pages of other origins. Nothing is defined here, and nothing here
knows an emulator.
"""

from __future__ import annotations

from .commands.publishing import publish_until_stopped as publish_until_stopped
from .faults.plans import Plan as Plan
from .faults.plans import take_fault as take_fault
from .faults.responses import DelayedResponse as DelayedResponse
from .faults.responses import HangingResponse as HangingResponse
from .faults.responses import NoResponse as NoResponse
from .faults.responses import TruncatedResponse as TruncatedResponse
from .listener import Listener as Listener
from .listener import Sockets as Sockets
from .options import Json as Json
from .origins import ControlGuard as ControlGuard
from .origins import open_to_all_origins as open_to_all_origins
from .protocol.errors import MalformedRequestError as MalformedRequestError
from .protocol.errors import Refused as Refused
from .protocol.replies import milliseconds as milliseconds
from .protocol.sessions import Hold as Hold
from .recorder import RecordedRequest as RecordedRequest
from .recorder import Recorder as Recorder
from .server_thread import ServerThread as ServerThread
from .server_thread import call_with_timeout as call_with_timeout
from .transports.long_polling import parse_body as parse_body
from .transports.waiting import client_left_before as client_left_before
from .transports.waiting import wait_for_hold as wait_for_hold

__all__ = (
    "ControlGuard",
    "DelayedResponse",
    "HangingResponse",
    "Hold",
    "Json",
    "Listener",
    "MalformedRequestError",
    "NoResponse",
    "Plan",
    "RecordedRequest",
    "Recorder",
    "Refused",
    "ServerThread",
    "Sockets",
    "TruncatedResponse",
    "call_with_timeout",
    "client_left_before",
    "milliseconds",
    "open_to_all_origins",
    "parse_body",
    "publish_until_stopped",
    "take_fault",
    "wait_for_hold",
)
