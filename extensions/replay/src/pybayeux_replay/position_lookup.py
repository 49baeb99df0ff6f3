"""The keys under which positions are stored, and the lookup of a subscription's position.

A key is the org and the subscription: ``00D000000000001/event/Order__e``. Where the org is not known it is the
subscription alone. Earlier versions had keys of that kind only: such a position is carried over to the key of its org
when a client of that org first looks for it. Nothing is written here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from .origin import has_same_host, org_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .position import Position
    from .store import Store

__all__ = ("Found", "PositionLookup", "keys_of", "position_key", "shard_name", "split_key")

_logger: Final = logging.getLogger("pybayeux.replay")


def position_key(subscription: str, origin: str | None) -> str:
    """Return the key of a subscription's position."""
    return org_of(origin) + subscription


def split_key(key: str) -> tuple[str, str]:
    """Return the org of a key, or "", and the subscription."""
    org, slash, rest = key.partition("/")
    return org, slash + rest


def shard_name(key: str) -> str:
    """Return the channel or pattern of a position's key, which is the name of its shard."""
    return split_key(key)[1]


def keys_of(subscription: str, keys: Iterable[str]) -> list[str]:
    """Return those of the keys that are of this subscription, of any org, or that are this very key."""
    # To look at the end first takes a third of the time: most keys are of other subscriptions.
    return [key for key in keys if key.endswith(subscription) and subscription in (key, split_key(key)[1])]


class Found(NamedTuple):
    """What was found.

    Attributes:
        key: The key under which the position is to be stored.
        position: The position, or None.
        carried_from: The key of an earlier version under which it is stored now, to be deleted; None without one.
    """

    key: str
    position: Position | None = None
    carried_from: str | None = None


class PositionLookup:
    """Finds the positions of one consumer.

    Args:
        store: The store.
        consumer: The consumer.
        is_copy: Whether the store is a copy that does not change, so that its keys are read only once.

    Attributes:
        store: The store.
    """

    def __init__(self, store: Store, consumer: str, *, is_copy: bool = False) -> None:
        self.store: Final = store
        self._consumer: Final = consumer
        self._is_copy: Final = is_copy
        self._keys: dict[str, list[str]] | None = None

    def find(self, subscription: str, origin: str | None) -> Found:
        """Return the position of a subscription.

        A position of another org at the same host is returned too. That is the host of an org that was replaced, such
        as a refreshed sandbox, and the caller finds that the position cannot be used.

        Args:
            subscription: The channel or pattern.
            origin: Who numbers the events, if known.
        """
        key = position_key(subscription, origin)
        position = self.store.get(self._consumer, key)
        if position is not None:
            return Found(key, position)
        return self._of_earlier_version(subscription, origin) if key != subscription else self._of_any_org(subscription)

    def _get(self, key: str) -> Position | None:
        return self.store.get(self._consumer, key)

    def _of_earlier_version(self, subscription: str, origin: str | None) -> Found:
        key, old = position_key(subscription, origin), self._get(subscription)
        if old is not None and org_of(old.org) in ("", org_of(origin)):
            return Found(key, old, carried_from=subscription)
        others = [self._get(each) for each in self._known(subscription)]
        replaced = [each for each in others if each is not None and has_same_host(each.org, origin)]
        return Found(key, max(replaced, key=lambda each: each.stored_at, default=None))

    def _of_any_org(self, subscription: str) -> Found:
        known = self._known(subscription)
        if len(known) == 1:
            return Found(known[0], self._get(known[0]))
        if known:
            _logger.warning(
                "%s: the store has positions of %d orgs, and the org is not known: none of them is used",
                subscription,
                len(known),
            )
        return Found(subscription)

    def _known(self, subscription: str) -> list[str]:
        """Return the keys of a subscription that are in the store."""
        if not self._is_copy:
            return keys_of(subscription, self.store.items(self._consumer))
        if self._keys is None:
            self._keys = {}
            for key in self.store.items(self._consumer):
                self._keys.setdefault(split_key(key)[1], []).append(key)
        return self._keys.get(subscription, [])
