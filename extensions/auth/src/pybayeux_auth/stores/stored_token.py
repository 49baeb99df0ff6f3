"""What a token store contains: a refresh token, where it comes from, and what is known of a person's login.

Owns the form of the text. A token is replaced by its successors; what is known of the login stays.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from ..errors import LoginMisconfiguredError

__all__ = ("LoginFacts", "StoredToken", "read_stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFacts:
    """What is known of a login by a person. It contains no secrets.

    Attributes:
        at: When it was, in seconds since the epoch.
        login_url: The login server, which alone gets the token; None if that is not known.
        user_id: The id of the user (Salesforce), or None.
        org_id: The id of the org (Salesforce), or None.
        instance_url: The URL of the org (Salesforce), or None.
        scope: The scopes that were granted, separated by spaces.
        revocation_endpoint: Where the token is revoked; None if the server has no such endpoint.
    """

    at: float
    login_url: str | None = None
    user_id: str | None = None
    org_id: str | None = None
    instance_url: str | None = None
    scope: str = ""
    revocation_endpoint: str | None = None


class StoredToken:
    """A refresh token as stored.

    Attributes:
        token: The token.
        origin: The digest of the first token that was configured, from which this one descends; None if it was written
            by hand, or comes from a login by a person.
        login: What is known of that login; None for other tokens.
    """

    __slots__ = ("login", "origin", "token")

    def __init__(self, token: str, origin: str | None = None, login: LoginFacts | None = None) -> None:
        self.token: Final = token
        self.origin: Final = origin
        self.login: Final = login

    def dump(self) -> str:
        """Return the text for the store."""
        login = {} if self.login is None else {"login": asdict(self.login)}
        return json.dumps({"refresh_token": self.token, "origin": self.origin} | login)


def read_stored(text: str, store: str) -> StoredToken:
    """Return what a store contains. A text that is no JSON object is a token, written by hand.

    Args:
        text: The text of the store.
        store: What an error calls the store.

    Raises:
        LoginMisconfiguredError: The text is something else.
    """
    if not text.startswith("{"):
        return StoredToken(text)
    try:
        stored = json.loads(text)
        token, origin = stored["refresh_token"], stored.get("origin")
    except (ValueError, KeyError, TypeError):
        token = origin = None
    if not isinstance(token, str) or not token or not isinstance(origin, str | None):
        raise LoginMisconfiguredError(
            f"token_store: expected a refresh token in {store}; its content is something else"
        ) from None
    return StoredToken(token, origin, _facts(stored.get("login")))


def _facts(members: Any) -> LoginFacts | None:
    """What is known of a login; None if that is not readable. The token works without it."""
    if not isinstance(members, dict) or not isinstance(members.get("at"), int | float):
        return None
    known = {each.name for each in fields(LoginFacts)} - {"at"}
    texts = {name: value for name, value in members.items() if name in known and isinstance(value, str)}
    return LoginFacts(at=members["at"], **texts)
