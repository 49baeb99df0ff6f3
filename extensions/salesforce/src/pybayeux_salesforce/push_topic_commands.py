"""The command `pybayeux salesforce pushtopic` and its sub-commands: arguments, help and output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux.errors import UsageError

from .org_access import EXIT_CODES, in_org, split_address
from .push_topics import (
    NOTIFY_FOR_FIELDS,
    OPERATIONS,
    PushTopic,
    TopicOptions,
    delete_push_topic,
    find_push_topic,
    read_push_topics,
)
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

    from .rest import RestClient
    from .setup_changes import SetupChange

__all__ = ("pushtopic",)

_EPILOG: Final = f"""
\b
Examples:
  pybayeux salesforce pushtopic create HotCases --query "SELECT Id, Subject FROM Case WHERE Priority = 'High'"
      Have changes of urgent cases sent as events.
  pybayeux salesforce pushtopic list
      Show which PushTopics the org has.
  pybayeux salesforce pushtopic update HotCases --operation create --dry-run
      Show the request that would limit them to new cases.
  pybayeux salesforce pushtopic delete HotCases
{EXIT_CODES}"""  # noqa: S608 - an example


@click.group(epilog=_EPILOG)
def pushtopic() -> None:
    """List, create, change and delete PushTopics: queries whose changes are events."""


_query = click.option("--query", metavar="SOQL", help="The query, at most 1,300 characters.")
_description = click.option("--description", metavar="TEXT", help="What it is for.")
_fields = click.option(
    "--notify-for-fields",
    type=click.Choice(NOTIFY_FOR_FIELDS, case_sensitive=False),
    help="Which changed fields cause an event. Salesforce's default is Referenced.",
)
_operations = click.option(
    "--operation",
    "operations",
    type=click.Choice(OPERATIONS),
    multiple=True,
    help="What causes an event. May be given several times. Salesforce's default is all.",
)


@pushtopic.command("list", epilog=_EPILOG)
@address_argument
@json_option
def _list(address: str | None, as_json: bool) -> None:
    """List the PushTopics of the org."""
    topics = in_org(address, read_push_topics)
    if as_json:
        print_json(topics)
    else:
        print_table([(f"/topic/{topic.name}", _about_topic(topic)) for topic in topics])


@pushtopic.command(epilog=_EPILOG)
@words_argument
@_query
@_description
@_fields
@_operations
@dry_run_option
@json_option
def create(words: tuple[str, ...], dry_run: bool, as_json: bool, **options: Any) -> None:
    """Create a PushTopic. Its channel is /topic/NAME."""
    address, name = _one_name(words)
    given = _topic_options(**options)

    async def plan(rest: RestClient) -> list[SetupChange]:
        return [given.create(name, rest.version)]

    make_changes(address, plan, dry_run=dry_run, as_json=as_json)


@pushtopic.command(epilog=_EPILOG)
@words_argument
@_query
@_description
@_fields
@_operations
@click.option("--rename", metavar="NAME", help="Another name; clients have to subscribe to its channel.")
@dry_run_option
@json_option
def update(words: tuple[str, ...], dry_run: bool, as_json: bool, **options: Any) -> None:
    """Change a PushTopic. What is not given stays."""
    address, name = _one_name(words)
    given = _topic_options(**options)

    async def plan(rest: RestClient) -> list[SetupChange]:
        return [given.update(await find_push_topic(rest, name))]

    make_changes(address, plan, dry_run=dry_run, as_json=as_json)


@pushtopic.command(epilog=_EPILOG)
@words_argument
@dry_run_option
@json_option
def delete(words: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Delete a PushTopic. Its subscribers receive nothing more."""
    address, name = _one_name(words)

    async def plan(rest: RestClient) -> list[SetupChange]:
        return [delete_push_topic(await find_push_topic(rest, name))]

    make_changes(address, plan, dry_run=dry_run, as_json=as_json)


def _topic_options(operations: Sequence[str], **options: Any) -> TopicOptions:
    return TopicOptions(operations=operations or None, **options)


def _one_name(words: Sequence[str]) -> tuple[str | None, str]:
    address, names = split_address(words)
    if len(names) != 1:
        raise UsageError(f"expected one name of a PushTopic; got {len(names)}")
    return address, names[0].removeprefix("/topic/")


def _about_topic(topic: PushTopic) -> str:
    notes = [", ".join(topic.operations) or "no operations", topic.notify_for_fields]
    return f"{topic.query} ({'; '.join([*notes, *([] if topic.active else ['inactive'])])})"
