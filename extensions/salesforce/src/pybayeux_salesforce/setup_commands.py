"""The commands `channels`, `enable` and `disable` of `pybayeux salesforce`: arguments, help and output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from pybayeux import printable
from pybayeux.errors import UsageError

from .channels import (
    STANDARD_CHANNEL,
    OrgChannel,
    add_channel,
    deselect_event,
    event_of_entity,
    read_channels,
    read_members,
    select_event,
)
from .org_access import EXIT_CODES, in_org, split_address
from .setup_output import (
    address_argument,
    dry_run_option,
    json_option,
    make_changes,
    print_json,
    print_table,
    words_argument,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .channels import ChannelMember
    from .errors import RestError
    from .rest import RestClient
    from .setup_changes import SetupChange

__all__ = ("channels", "disable", "enable")

_CHANNELS_EPILOG: Final = f"""
\b
Examples:
  pybayeux salesforce channels salesforce://my-org
  pybayeux salesforce channels --json | jq -r '.[].channel'
      List the channels of the org that the login returns.
{EXIT_CODES}"""
_ENABLE_EPILOG: Final = f"""
\b
Examples:
  pybayeux salesforce enable Account Emp__c --dry-run
      Show the requests that would let clients receive changes of two objects.
  pybayeux salesforce enable Account --channel Sales__chn --create-channel \\
      --filter "Industry = 'Energy'" --enrich Name
      Put changes of some accounts on a channel of their own, each with the name.
{EXIT_CODES}"""
_DISABLE_EPILOG: Final = f"""
\b
Examples:
  pybayeux salesforce disable Account --dry-run
      Show the requests that would end the changes of an object.
{EXIT_CODES}"""
_channel = click.option(
    "--channel", default=STANDARD_CHANNEL, show_default=True, metavar="NAME", help="A custom channel: Sales__chn."
)


@click.command(epilog=_CHANNELS_EPILOG)
@address_argument
@json_option
def channels(address: str | None, as_json: bool) -> None:
    """List the channels that clients can subscribe to.

    URL is salesforce://my-org and the like; without it, the org is the one that the login returns. It takes four
    API requests, and one more for each event on a channel with members.
    """
    found = in_org(address, lambda rest: read_channels(rest, _not_read))
    if as_json:
        print_json(found)
    else:
        print_table([(each.channel, _about(each)) for each in found])


@click.command(epilog=_ENABLE_EPILOG)
@words_argument
@_channel
@click.option("--create-channel", is_flag=True, help="Create the custom channel if there is none.")
@click.option("--filter", "expression", metavar="EXPRESSION", help="Which events; an empty text removes the filter.")
@click.option(
    "--enrich", metavar="FIELD", multiple=True, help="A field that events always have. May be given several times."
)
@dry_run_option
@json_option
def enable(
    words: tuple[str, ...],
    channel: str,
    create_channel: bool,
    expression: str | None,
    enrich: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Let clients receive changes of objects, or put events on a custom channel.

    NAME is an object (Account, Emp__c), or the event itself (AccountChangeEvent, Order__e). A platform event needs no
    enabling on its own channel; give a custom one. What is enabled already is changed where a filter or fields are
    given. The user needs the permission Customize Application.
    """
    address, entities = _names(words)
    events = [event_of_entity(each) for each in entities]
    if channel == STANDARD_CHANNEL and (wrong := [each for each in events if not each.endswith("ChangeEvent")]):
        raise UsageError(f"{wrong[0]} is no change event: give a custom channel, as in --channel Orders__chn")

    async def plan(rest: RestClient) -> list[SetupChange]:
        members = await _members(rest)
        creation = await add_channel(rest, channel, events[0]) if channel != STANDARD_CHANNEL else None
        if creation is not None and not create_channel:
            raise UsageError(f"there is no channel {channel}: --create-channel creates it")
        changes = [
            select_event(members, each, channel, expression=expression, enriched=enrich or None) for each in events
        ]
        return changes if creation is None else [creation, *changes]

    make_changes(address, plan, dry_run=dry_run, as_json=as_json)


@click.command(epilog=_DISABLE_EPILOG)
@words_argument
@_channel
@dry_run_option
@json_option
def disable(words: tuple[str, ...], channel: str, dry_run: bool, as_json: bool) -> None:
    """Stop the changes of objects for all clients, or take events from a custom channel.

    NAME is that of enable. Events that were published before stay until they expire. The user needs the permission
    Customize Application.
    """
    address, entities = _names(words)
    events = [event_of_entity(each) for each in entities]

    async def plan(rest: RestClient) -> list[SetupChange]:
        members = await _members(rest)
        return [deselect_event(members, each, channel) for each in events]

    make_changes(address, plan, dry_run=dry_run, as_json=as_json)


def _names(words: Sequence[str]) -> tuple[str | None, list[str]]:
    address, names = split_address(words)
    if not names:
        raise UsageError("expected the name of an object or event after the address, such as Account")
    return address, names


async def _members(rest: RestClient) -> list[ChannelMember]:
    return [member async for member in read_members(rest)]


def _not_read(what: str, error: RestError) -> None:
    click.echo(f"{what} could not be read: {printable(str(error))}", err=True)


def _about(channel: OrgChannel) -> str:
    if channel.kind == "custom channel":
        return "; ".join(_member_text(member) for member in channel.members) or "no members"
    if channel.kind == "PushTopic":
        return f"{channel.query}{'' if channel.active else ' (inactive)'}"
    if channel.kind == "changes":
        return f"changes of {channel.label}"
    if channel.kind == "all changes":
        texts = [_member_text(each) for each in channel.members if each.filter or each.enriched]
        return "; ".join([f"changes of every enabled object ({len(channel.members)})", *texts])
    return channel.label


def _member_text(member: ChannelMember) -> str:
    parts = [member.event, f"where {member.filter}" if member.filter else ""]
    return " ".join(filter(None, [*parts, f"with {', '.join(member.enriched)}" if member.enriched else ""]))
