"""pybayeux: a Bayeux client (CometD, Faye, Salesforce Streaming API), made as an extension framework."""

from . import errors, requests
from ._client.listeners import Listener
from ._printable import printable
from ._version import __version__
from .bayeux import BayeuxClient
from .channel import Channel, ChannelType
from .client import AsyncClient
from .codec import decode, encode
from .errors import BayeuxError
from .extensions import ExtensionStatus, installed_hook
from .health import Health
from .hook_client import HookCaller, HookClient, Registration
from .hookspecs import Drop, Redelivery, hookimpl, hookspec
from .message import Advice, Message, MessageError
from .session import Backoff
from .state import ConnectionEvent, ConnectionState, ConnectionStateMachine, ConnectionType
from .subscription import Subscription
from .sync import Client
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

# What exists twice is named Async or Sync; Client and Subscription are the short names.
SyncClient = Client
"""Another name of `Client`, with the prefix that `SyncSubscription` has."""

AsyncSubscription = Subscription
"""Another name of `Subscription`, with the prefix that `AsyncClient` has."""

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
    "Dial",
    "Drop",
    "ExtensionStatus",
    "Health",
    "HookCaller",
    "HookClient",
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
    "installed_hook",
    "printable",
    "requests",
    "seconds_to_wait",
)


def __dir__() -> list[str]:
    return list(__all__)
