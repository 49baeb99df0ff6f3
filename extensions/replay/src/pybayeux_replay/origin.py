"""Origins: who numbers the events, as text. What extensions return in the hook `replay_origin` is compared here.

The parts of an origin are separated by ``@``, the most lasting first: ``org@host@instance``. An origin without ``@``
has no org, and is compared as a whole. A part that is empty or missing is not known, and differs from no other.
"""

from __future__ import annotations

from itertools import zip_longest

__all__ = ("has_same_host", "is_certainly_same", "may_be_same", "merged", "org_of")


def org_of(origin: str | None) -> str:
    """Return the org of an origin, whose positions are kept apart from those of other orgs; "" if it has none."""
    org, separator, _ = (origin or "").partition("@")
    return org if separator else ""


def may_be_same(origin: str | None, other: str | None) -> bool:
    """Whether two origins differ in nothing that is known of both."""
    if not origin or not other:
        return True
    return all(part == its or not part or not its for part, its in _pairs(origin, other))


def is_certainly_same(origin: str | None, other: str | None) -> bool:
    """Whether two origins are the same, and nothing in them is unknown."""
    return origin is not None and origin == other and not origin.endswith("@")


def has_same_host(origin: str | None, other: str | None) -> bool:
    """Whether both origins have the same host, maybe with different orgs: a host belongs to one org at a time."""
    host, its = (f"{each or ''}@".split("@")[1] for each in (origin, other))
    return bool(host) and host == its


def merged(origin: str | None, other: str | None) -> str | None:
    """Return an origin, with the parts that are not known taken from another one."""
    if origin is None or other is None:
        return other if origin is None else origin
    return "@".join(part or its for part, its in _pairs(origin, other))


def _pairs(origin: str | None, other: str | None) -> zip_longest[tuple[str, str]]:
    return zip_longest((origin or "").split("@"), (other or "").split("@"), fillvalue="")
