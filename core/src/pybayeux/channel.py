"""Channel names: their grammar, their wildcards and their kinds (Bayeux 1.0, sections 2.2 and 2.3).

Knows nothing of messages, sessions or receivers.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Channel", "ChannelType")

_SPEC: Final = re.compile(r"(?:/[A-Za-z0-9\-_!~()$@]+)+|(?:/[A-Za-z0-9\-_!~()$@]+)*/\*{1,2}")
# What servers take is wider, and differs: commas (Avanza), letters beyond ASCII (CometD 2), a filter after a question
# mark (Salesforce). So only that is refused which breaks the routing of events or cannot be sent as text.
_REFUSED: Final = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_SEGMENTS: Final = rf"(?:/[^/*?{_REFUSED}]+)"
_IN_USE: Final = re.compile(rf"{_SEGMENTS}+(?:\?[^{_REFUSED}]*)?|{_SEGMENTS}*/\*{{1,2}}")


class ChannelType(StrEnum):
    """The three kinds of channels (Bayeux 1.0, section 2.2)."""

    META = "meta"
    SERVICE = "service"
    BROADCAST = "broadcast"


class Channel(str):
    """A channel name, or a pattern of names ending in ``/*`` or ``/**``.

    It is a string and can be used wherever a string can.
    """

    __slots__ = ()

    META_HANDSHAKE: ClassVar[Channel]
    META_CONNECT: ClassVar[Channel]
    META_SUBSCRIBE: ClassVar[Channel]
    META_UNSUBSCRIBE: ClassVar[Channel]
    META_DISCONNECT: ClassVar[Channel]

    @property
    def type(self) -> ChannelType:
        """The kind of the channel, according to its first segment."""
        if self.startswith("/meta/"):
            return ChannelType.META
        if self.startswith("/service/"):
            return ChannelType.SERVICE
        return ChannelType.BROADCAST

    def is_valid(self) -> bool:
        """Whether the name follows the grammar of the specification exactly (Bayeux 1.0, section 2.2)."""
        return _SPEC.fullmatch(self) is not None

    def is_accepted(self) -> bool:
        """Whether the name can be sent and routed: the server judges the rest.

        Wider than `is_valid`: a name starts with a slash, has no empty segment, no control character, and a wildcard
        only as its last segment. Salesforce takes a filter after a question mark (``/topic/Cases?Priority=High``).
        """
        return _IN_USE.fullmatch(self) is not None

    def has_wildcard(self) -> bool:
        """Whether the name is a pattern: its last segment is ``*`` or ``**``."""
        return self.endswith(("/*", "/**"))

    def match(self, other: str) -> bool:
        """Whether this name, taken as a pattern, covers `other`.

        ``*`` stands for exactly one segment and ``**`` for one or more, both only at the end. Without a
        wildcard only the same name matches; a pattern matches another pattern only if they are identical.
        """
        if self == other:
            return True
        if not self.has_wildcard() or Channel(other).has_wildcard():
            return False
        parent, _, wildcard = self.rpartition("/")
        if not other.startswith(parent + "/"):
            return False
        rest = other[len(parent) + 1 :]
        return bool(rest) and not rest.startswith("/") and (wildcard == "**" or "/" not in rest)

    def covering_patterns(self) -> Iterator[str]:
        """Return every subscription that covers this concrete channel, the most specific first.

        For ``/a/b``: ``/a/b``, ``/a/*``, ``/a/**``, ``/**``. Wildcards cover broadcast channels only: a subscription to
        ``/**`` does not receive meta or service messages (Bayeux 1.0, section 2.3).
        """
        yield self
        if self.type is not ChannelType.BROADCAST:
            return
        parent = self.rpartition("/")[0]
        yield f"{parent}/*"
        while parent:
            yield f"{parent}/**"
            parent = parent.rpartition("/")[0]
        yield "/**"

    def normalized(self) -> Channel:
        """The same channel without surrounding blanks and without a trailing slash, as CometD does it."""
        name = self.strip()
        if len(name) > 1 and name.endswith("/"):
            name = name[:-1].rstrip()
        return self if len(name) == len(self) else Channel(name)


Channel.META_HANDSHAKE = Channel("/meta/handshake")
Channel.META_CONNECT = Channel("/meta/connect")
Channel.META_SUBSCRIBE = Channel("/meta/subscribe")
Channel.META_UNSUBSCRIBE = Channel("/meta/unsubscribe")
Channel.META_DISCONNECT = Channel("/meta/disconnect")
