"""What an org is made of, and what it is told: channels, users, apps, events.

Owns the words. What each means is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .apps import App
from .channels import ChannelDefinition, Era
from .views import PASSWORD, USERNAME, OrgViews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..recorder import Recorder
    from .changes import Transaction
    from .channels import Filter
    from .hosts import Hosts
    from .publishing import Publisher
    from .state import OrgState

__all__ = ("OrgMaking",)


class OrgMaking(OrgViews):
    """An org that can be set up and told of events.

    Args:
        state: The org.
        publisher: What publishes.
        hosts: Its names.
        recorder: What remembers.
    """

    def __init__(self, state: OrgState, publisher: Publisher, hosts: Hosts, recorder: Recorder) -> None:
        super().__init__(state, hosts, recorder)
        self._publisher: Final = publisher

    def define(
        self,
        channel: str,
        *,
        members: Mapping[str, Filter] | Sequence[str] = (),
        fields: Sequence[str] | None = None,
        standard_volume: bool = False,
        refusal: str | None = None,
        era: Era | str = Era.BY_VERSION,
    ) -> None:
        """Define a channel, or define it anew; see `ChannelDefinition`.

        Args:
            channel: Its name.
            members: For a custom channel the events that it takes, by name, with the fields that they must have.
            fields: The fields of a PushTopic that subscriptions may filter by.
            standard_volume: A platform event that is kept for 24 hours.
            refusal: The error of every subscribe; `texts` has the documented ones.
            era: How its platform events look: ``by-version``, ``2019`` or ``2017``.

        Raises:
            ValueError: The name is none of a channel, or the members do not fit.
        """
        self._state.bus.define(
            ChannelDefinition(
                name=channel,
                members=dict(members) if isinstance(members, Mapping) else {name: {} for name in members},
                fields=None if fields is None else tuple(fields),
                standard_volume=standard_volume,
                refusal=refusal,
                era=Era(era),
            )
        )

    async def publish(self, channel: str, payload: Any, *, action: str = "created", uuid: str | None = None) -> int:
        """Publish on a channel, in the form that its product has.

        Args:
            channel: The channel.
            payload: The record of a PushTopic, the fields of a platform event, anything for a generic channel.
            action: What became of a PushTopic's record: ``created``, ``updated``, ``deleted`` or ``undeleted``.
            uuid: The ``EventUuid``, instead of one that is made up.

        Returns:
            The event's replay id on that channel.

        Raises:
            LookupError: Nobody has defined the channel.
            TypeError: The payload is nothing that JSON can say, or no object where one is needed.
            ValueError: The channel takes what other channels have.
        """
        return self._publisher.publish(channel, payload, action=action, uuid=uuid)

    async def publish_change(
        self,
        entity: str,
        kind: str,
        record_ids: Sequence[str],
        fields: Mapping[str, Any] | None = None,
        transaction: Transaction | None = None,
        **more: Any,
    ) -> dict[str, int]:
        """Publish a change, on its object's channel, on ``/data/ChangeEvents`` and on custom ones that take it.

        Args:
            entity: The object, such as ``Account`` or ``Emp__c``.
            kind: ``CREATE``, ``UPDATE``, ``DELETE``, ``UNDELETE``, ``GAP_`` and one of these, or ``GAP_OVERFLOW``.
            record_ids: The records; ``001*`` stands for all of a kind.
            fields: The new values.
            transaction: What it was committed with, from `transaction`; None commits it alone.
            more: The ``origin``.

        Returns:
            Its replay id on each channel.

        Raises:
            ValueError: There is no such kind of change.
        """
        return self._publisher.publish_change(entity, kind, record_ids, fields, transaction, **more)

    def transaction(self) -> Transaction:
        """What changes belong to that are committed together; its `skip` leaves holes in the sequence."""
        return self._publisher.transaction()

    def add_user(self, username: str, password: str, security_token: str = "") -> None:
        """Add a user, or give one another password."""
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
    ) -> str:
        """Add a connected app.

        Args:
            client_id: Its consumer key.
            client_secret: Its consumer secret; None makes it a public app, which needs PKCE.
            public_key: What its assertions are verified with, as PEM.
            username: Whom it acts for; the user is added if need be.
            password: That user's password.
            rotate: Each refresh gives a new refresh token and ends the old one.
            token_lifetime: How long its tokens live without being used.

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
        )
        if password is not None or username not in self._state.users.known:
            self._state.users.add(username, password or PASSWORD)
        self._state.apps.add(app)
        return self._state.apps.issue_refresh_token(app, username)

    def issue_token(self, username: str = USERNAME, lifetime: float | None = None) -> str:
        """A session id, as the ``sf`` command line would give; no login is counted."""
        return self._state.tokens.issue(username, lifetime=lifetime).value
