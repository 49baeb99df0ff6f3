"""Whose events a client gets: which org, and which instance of it numbers them.

Replay ids mean something in one place alone: after a move of the org to another instance or a refresh of a sandbox, an
old id is refused, or is another event's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pybayeux_auth import Grant

__all__ = ("org_id_of", "origin_of")

_ORG_ID: Final = re.compile(r"00D\w{12}")


def org_id_of(grant: Grant) -> str | None:
    """The org that a login was for, in 15 characters; None where neither the login nor the token says it.

    Salesforce's tokens and session ids begin with it. The longer form has three more, which say no more.
    """
    for text in (grant.org_id, grant.access_token.partition("!")[0] if "!" in grant.access_token else None):
        if text is not None and (found := _ORG_ID.match(text)) is not None:
            return found[0]
    return None


def origin_of(org_id: str | None, url: str) -> str | None:
    """The org and the host, as replay keeps them with each position; None where the org is not known."""
    return None if org_id is None else f"{org_id}@{urlsplit(url).netloc.rpartition('@')[2].lower()}"
