"""pybayeux: a Bayeux client (CometD, Faye, Salesforce Streaming API), made as an extension framework."""

from . import errors as errors
from . import requests as requests
from .bayeux import BayeuxClient as BayeuxClient
from .channel import Channel as Channel
from .channel import ChannelType as ChannelType
from .client import AsyncClient as AsyncClient
from .codec import decode as decode
from .codec import encode as encode
from .errors import BayeuxError as BayeuxError
from .extensions import installed_hook as installed_hook
from .hookspecs import Drop as Drop
from .hookspecs import hookimpl as hookimpl
from .hookspecs import hookspec as hookspec
from .message import Advice as Advice
from .message import Message as Message
from .message import MessageError as MessageError
from .session import Backoff as Backoff
from .state import ConnectionEvent as ConnectionEvent
from .state import ConnectionState as ConnectionState
from .state import ConnectionStateMachine as ConnectionStateMachine
from .state import ConnectionType as ConnectionType
from .subscription import Subscription as Subscription
from .sync import Client as Client
from .sync import SyncSubscription as SyncSubscription
from .transports.base import TransportRequest as TransportRequest
from .transports.base import TransportResponse as TransportResponse
