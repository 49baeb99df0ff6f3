"""pybayeux: a Bayeux client (CometD, Faye, Salesforce Streaming API), made as an extension framework.

The public names. Each is imported from its module when it is first used: the command line, an extension's package and a
program that needs one client do not pay for the rest.
"""

from typing import TYPE_CHECKING

from ._util.lazy_names import lazy_names as _lazy_names
from ._version import __version__

if TYPE_CHECKING:
    from . import errors, requests
    from ._client.listeners import Listener
    from ._printable import printable
    from ._util.credentials import is_secret
    from ._util.lazy_names import lazy_names
    from .bayeux import BayeuxClient
    from .channel import Channel, ChannelType
    from .client import AsyncClient
    from .codec import decode, encode
    from .errors import BayeuxError
    from .event_batch import EventBatch
    from .event_stamp import EventStamp, read_stamp
    from .extensions.commands import installed_extension, installed_hook
    from .extensions.status import ExtensionStatus
    from .health import Health
    from .health_server import HasHealth, HealthServer
    from .hook_client import EventInsertion, HookCaller, HookClient, Registration
    from .hookspecs import DiagnosisFindings, Drop, Redelivery, hookimpl, hookspec
    from .json_log import JsonFormatter
    from .message import Advice, Message, MessageError
    from .session import Backoff
    from .state import ConnectionEvent, ConnectionState, ConnectionStateMachine, ConnectionType
    from .subscription import Subscription
    from .subscription import Subscription as AsyncSubscription
    from .sync import Client
    from .sync import Client as SyncClient
    from .sync_subscription import SyncSubscription
    from .transports.base import (
        DONE,
        Completion,
        Dial,
        Socket,
        SocketReceiver,
        Transport,
        TransportContext,
        TransportFactory,
        TransportRequest,
        TransportResponse,
        UpgradeAnswer,
        UpgradeCall,
    )
    from .transports.http_failures import seconds_to_wait
    from .transports.registry import TransportRegistry

__all__ = (
    "DONE",
    "Advice",
    "AsyncClient",
    "AsyncSubscription",
    "Backoff",
    "BayeuxClient",
    "BayeuxError",
    "Channel",
    "ChannelType",
    "Client",
    "Completion",
    "ConnectionEvent",
    "ConnectionState",
    "ConnectionStateMachine",
    "ConnectionType",
    "DiagnosisFindings",
    "Dial",
    "Drop",
    "EventBatch",
    "EventInsertion",
    "EventStamp",
    "ExtensionStatus",
    "HasHealth",
    "Health",
    "HealthServer",
    "HookCaller",
    "HookClient",
    "JsonFormatter",
    "Listener",
    "Message",
    "MessageError",
    "Redelivery",
    "Registration",
    "Socket",
    "SocketReceiver",
    "Subscription",
    "SyncClient",
    "SyncSubscription",
    "Transport",
    "TransportContext",
    "TransportFactory",
    "TransportRegistry",
    "TransportRequest",
    "TransportResponse",
    "UpgradeAnswer",
    "UpgradeCall",
    "__version__",
    "decode",
    "encode",
    "errors",
    "hookimpl",
    "hookspec",
    "installed_extension",
    "installed_hook",
    "is_secret",
    "lazy_names",
    "printable",
    "read_stamp",
    "requests",
    "seconds_to_wait",
)

# What exists twice is named Async or Sync; Client and Subscription are the short names.
_ALIASES = {"SyncClient": "Client", "AsyncSubscription": "Subscription"}

# The same as the imports above, which only type checkers read.
_MODULES = {
    "_client.listeners": "Listener",
    "_printable": "printable",
    "_util.credentials": "is_secret",
    "_util.lazy_names": "lazy_names",
    "bayeux": "BayeuxClient",
    "channel": "Channel ChannelType",
    "client": "AsyncClient",
    "codec": "decode encode",
    "errors": "errors BayeuxError",
    "event_stamp": "EventStamp read_stamp",
    "event_batch": "EventBatch",
    "extensions.commands": "installed_extension installed_hook",
    "extensions.status": "ExtensionStatus",
    "health": "Health",
    "health_server": "HasHealth HealthServer",
    "hook_client": "EventInsertion HookCaller HookClient Registration",
    "hookspecs": "DiagnosisFindings Drop Redelivery hookimpl hookspec",
    "json_log": "JsonFormatter",
    "message": "Advice Message MessageError",
    "requests": "requests",
    "session": "Backoff",
    "state": "ConnectionEvent ConnectionState ConnectionStateMachine ConnectionType",
    "subscription": "Subscription AsyncSubscription",
    "sync": "Client SyncClient",
    "sync_subscription": "SyncSubscription",
    "transports.base": "DONE Completion Dial Socket SocketReceiver Transport "
    "TransportContext TransportFactory TransportRequest TransportResponse UpgradeAnswer UpgradeCall",
    "transports.http_failures": "seconds_to_wait",
    "transports.registry": "TransportRegistry",
}

if not TYPE_CHECKING:  # a checker would take every name for one that exists
    __getattr__ = _lazy_names(__name__, _MODULES, _ALIASES)


def __dir__() -> list[str]:
    return list(__all__)
