"""Refused tokens: which replies refuse the token, and how many fresh ones may be requested.

A server may lock out a user who logs in again and again, and it may refuse a token for other reasons than its age. So
at most `refreshes` fresh tokens are requested in a row, counted since the last successful connect. After a refused
subscribe or publish, which may mean a missing permission, one is requested until the same request succeeds. Beyond that
the refusal
stands: the caller gets it, or the session ends with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pybayeux import Channel, Message

if TYPE_CHECKING:
    from pybayeux import MessageError

__all__ = ("RefreshLimit", "is_token_refused")

_SESSION_CHANNELS: Final = frozenset({Channel.META_HANDSHAKE, Channel.META_CONNECT})


def is_token_refused(reply: Message) -> bool:
    """Whether a failed reply, of the server or made locally, says that the token is invalid.

    That is a status or code 401, with two exceptions. Faye's ``401:<client id>:Unknown client`` says that the session
    is gone, while the token is valid. And Salesforce has the cause in ``ext.sfdc.failureReason``, not always in
    `error`: ``401::Authentication invalid`` with the cause ``503::Server is too busy`` is no refused token, and
    ``403::Handshake denied`` with a cause 401 is one.
    """
    failure = reply.extra.get("failure")
    if isinstance(failure, dict):
        return failure.get("status") == 401
    cause = _cause(reply)
    return cause is not None and cause.code == 401 and not cause.is_unknown_client


def _cause(reply: Message) -> MessageError | None:
    vendor = (reply.ext or {}).get("sfdc")
    reason = vendor.get("failureReason") if isinstance(vendor, dict) else None
    if isinstance(reason, str):
        return Message(channel=reply.channel, error=reason).parse_error()
    return reply.parse_error()


class RefreshLimit:
    """Counts the fresh tokens of one client.

    Args:
        refreshes: How many fresh tokens may be requested in a row.

    Attributes:
        count: How many were requested since the last successful connect.
        is_reached: Whether a further one was denied.
    """

    def __init__(self, refreshes: int) -> None:
        self._refreshes: Final = refreshes
        self._refused: Final[set[str]] = set()
        self.count: int = 0
        self.is_reached: bool = False

    def accept(self, reply: Message) -> None:
        """Note a successful reply."""
        if reply.channel == Channel.META_CONNECT:
            self.count = 0
        elif self._refused:
            self._refused.discard(_request_key(reply))

    def refuse(self, reply: Message) -> bool:
        """Note a reply that refuses the token. Returns whether a fresh token may help.

        It always may for the session itself; for another request only the first time.
        """
        if reply.channel in _SESSION_CHANNELS:
            return True
        is_first = _request_key(reply) not in self._refused
        self._refused.add(_request_key(reply))
        return is_first

    def acquire(self) -> bool:
        """Count one more fresh token. Returns False if the limit is reached."""
        if self.count >= self._refreshes:
            self.is_reached = True
            return False
        self.count += 1
        return True

    def reset(self) -> None:
        """Start counting again."""
        self.count, self.is_reached = 0, False


def _request_key(reply: Message) -> str:
    return f"{reply.channel} {reply.subscription or ''}"
