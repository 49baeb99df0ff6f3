"""Tells every publish to those who keep records, through a hook of its own."""

from pybayeux import HookClient, Message, hookimpl, hookspec


class AuditHooks:
    """The hook that other packages implement."""

    @hookspec
    def audited(self, channel: str, data: bytes) -> None:
        """A message is being published. Keep a record of it.

        Args:
            channel: Where it is published.
            data: What, as JSON.
        """


class Audit:
    """Calls the hook `audited` for each publish."""

    pybayeux_hookspecs = AuditHooks

    @hookimpl
    def outgoing(self, message: Message, client: HookClient) -> None:
        if not message.is_meta:
            client.hook("audited").call(message.channel, message.raw_data)
