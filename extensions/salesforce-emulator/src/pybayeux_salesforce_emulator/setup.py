"""The setup of an org: channels, users, connected apps and tokens.

Owns the default user and the default app. It publishes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .events.channels import ChannelDefinition, EventFormat, Member, entity_of
from .org.apps import App
from .org.credentials import Credentials, key_pair
from .schema.fields import field_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .events.channels import Filter
    from .state import OrgState

__all__ = ("PASSWORD", "USERNAME", "Setup")

USERNAME: Final = "integration@example.com"
PASSWORD: Final = "correct-horse-1"  # noqa: S105


class Setup:
    """Defines what an org has.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state
        state.users.add(USERNAME, PASSWORD)
        self._default: Final = App(
            client_id=f"3MVG9{state.ids.secret(80)}",
            client_secret=state.ids.secret(64),
            username=USERNAME,
            public_key=lambda: key_pair().public,
        )
        state.apps.add(self._default)
        self._refresh_token: Final = state.apps.issue_refresh_token(self._default, USERNAME)

    def credentials(self, *, login_url: str, instance_url: str) -> Credentials:
        """The credentials of the default app and its user, for an org at these URLs."""
        return Credentials(
            client_id=self._default.client_id,
            client_secret=self._default.client_secret or "",
            username=USERNAME,
            password=PASSWORD,
            security_token="",
            refresh_token=self._refresh_token,
            login_url=login_url,
            instance_url=instance_url,
        )

    def define(
        self,
        channel: str,
        *,
        members: Mapping[str, Filter | str] | Sequence[str] = (),
        fields: Sequence[str] | None = None,
        standard_volume: bool = False,
        refusal: str | None = None,
        event_format: EventFormat | str = EventFormat.BY_VERSION,
    ) -> None:
        """Define a channel, or replace its definition; see `ChannelDefinition`.

        Args:
            channel: The name of the channel.
            members: The events of a custom channel: their names, or a mapping of names to the fields that an event
                must have, or to a filter expression.
            fields: The fields that subscriptions to a PushTopic may filter by. None means any.
            standard_volume: The channel is a standard-volume platform event, which is kept for 24 hours.
            refusal: The error of every subscribe. `texts` has the documented ones.
            event_format: The format of platform events: ``by-version``, ``2019`` or ``2017``.

        Raises:
            ValueError: The name is not one of a channel, or the members do not fit the channel.
        """
        if (entity := entity_of(channel)) is not None:
            self._state.records.define(entity)
        self._state.bus.define(
            ChannelDefinition(
                name=channel,
                members=_members(members),
                fields=None if fields is None else tuple(fields),
                standard_volume=standard_volume,
                refusal=refusal,
                event_format=EventFormat(event_format),
            )
        )

    def define_object(self, name: str, fields: Sequence[Mapping[str, Any]] = (), *, label: str | None = None) -> None:
        """Define a custom object or a platform event, or add custom fields to a standard object.

        A platform event gets its channel, if it has none.

        Args:
            name: Its API name: ``Emp__c``, ``Order__e`` or the name of a standard object.
            fields: Its fields, each with the members of `schema.fields.Field`, such as ``{"name": "Amount__c", "type":
                "double", "label": "Amount"}``.
            label: Its label. None makes one from the name.

        Raises:
            TypeError: A member of a field is unknown, or its name is missing.
            ValueError: The name is not one of an object, or the type of a field is unknown.
        """
        self._state.objects.define(name, [field_of(each) for each in fields], label)
        channel = f"/event/{name}"
        if name.endswith("__e") and channel not in self._state.bus.definitions:
            self._state.bus.define(ChannelDefinition(name=channel))

    def add_user(self, username: str, password: str, security_token: str = "") -> None:
        """Add a user, or change the password of an existing one."""
        self._state.users.add(username, password, security_token)

    def add_app(
        self,
        client_id: str,
        client_secret: str | None = None,
        public_key: str | None = None,
        *,
        username: str = USERNAME,
        password: str | None = None,
        rotate: bool = False,
        token_lifetime: float | None = None,
        callback_urls: Collection[str] | None = None,
        device_flow: bool = True,
    ) -> str:
        """Add a connected app.

        Args:
            client_id: The consumer key.
            client_secret: The consumer secret. None makes it a public app, which needs PKCE.
            public_key: The key that verifies its signed assertions, as PEM.
            username: The user that the app acts for. A user who does not exist is added.
            password: The user's password.
            rotate: Each refresh returns a new refresh token and revokes the old one.
            token_lifetime: Seconds that an access token of this app lives without being used.
            callback_urls: Where the browser may be sent back to after a login. None: anywhere, which no real app
                allows.
            device_flow: Whether *Enable for Device Flow* is set.

        Returns:
            A refresh token.
        """
        app = App(
            client_id=client_id,
            client_secret=client_secret,
            username=username,
            public_key=None if public_key is None else lambda: public_key,
            rotate=rotate,
            token_lifetime=token_lifetime,
            callback_urls=None if callback_urls is None else frozenset(callback_urls),
            device_flow=device_flow,
        )
        if password is not None or username not in self._state.users.known:
            self._state.users.add(username, password or PASSWORD)
        self._state.apps.add(app)
        return self._state.apps.issue_refresh_token(app, username)

    def issue_token(self, username: str = USERNAME, lifetime: float | None = None) -> str:
        """A session id, as ``sf org display`` shows one. It does not count as a login."""
        return self._state.tokens.issue(username, lifetime=lifetime).value


def _members(given: Mapping[str, Filter | str] | Sequence[str]) -> dict[str, Member]:
    if not isinstance(given, Mapping):
        return {name: Member() for name in given}
    return {name: _member(each) for name, each in given.items()}


def _member(given: Filter | str) -> Member:
    return Member(expression=given) if isinstance(given, str) else Member(required=given)
