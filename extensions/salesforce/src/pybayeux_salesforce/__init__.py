"""Salesforce's Streaming API for pybayeux: ``salesforce://my-org``, its errors, its limits and its events."""

from .backfill.events import is_filled as is_filled
from .backfill.options import BackfillOptions as BackfillOptions
from .backfill.options import BackfillPlan as BackfillPlan
from .backfill.options import BackfillReport as BackfillReport
from .changes import ChangeEventHeader as ChangeEventHeader
from .changes import ChangeType as ChangeType
from .changes import Replication as Replication
from .client import client as client
from .client import sync_client as sync_client
from .errors import AccessError as AccessError
from .errors import ChannelError as ChannelError
from .errors import CookieError as CookieError
from .errors import InvalidTokenError as InvalidTokenError
from .errors import PositionRefusedError as PositionRefusedError
from .errors import QuotaError as QuotaError
from .errors import RequestTooLargeError as RequestTooLargeError
from .errors import RestError as RestError
from .errors import SalesforceError as SalesforceError
from .errors import ServerBusyError as ServerBusyError
from .errors import SetupError as SetupError
from .errors import UnknownSessionError as UnknownSessionError
from .events import AnyEvent as AnyEvent
from .events import ChangeEvent as ChangeEvent
from .events import ChangePayload as ChangePayload
from .events import EventMetadata as EventMetadata
from .events import FilledNote as FilledNote
from .events import GenericEvent as GenericEvent
from .events import PlatformEvent as PlatformEvent
from .events import PushTopicEvent as PushTopicEvent
from .events import UnknownEventError as UnknownEventError
from .events import event_of as event_of
from .extension import Salesforce as Salesforce
from .hookspecs import SalesforceHooks as SalesforceHooks
from .limits import Limit as Limit
from .transactions import Transaction as Transaction
from .transactions import transactions as transactions

__all__ = (
    "AccessError",
    "AnyEvent",
    "BackfillOptions",
    "BackfillPlan",
    "BackfillReport",
    "ChangeEvent",
    "ChangeEventHeader",
    "ChangePayload",
    "ChangeType",
    "ChannelError",
    "CookieError",
    "EventMetadata",
    "FilledNote",
    "GenericEvent",
    "InvalidTokenError",
    "Limit",
    "PlatformEvent",
    "PositionRefusedError",
    "PushTopicEvent",
    "QuotaError",
    "Replication",
    "RequestTooLargeError",
    "RestError",
    "Salesforce",
    "SalesforceError",
    "SalesforceHooks",
    "ServerBusyError",
    "SetupError",
    "Transaction",
    "UnknownEventError",
    "UnknownSessionError",
    "client",
    "event_of",
    "is_filled",
    "sync_client",
    "transactions",
)
