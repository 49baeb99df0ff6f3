"""The command `pybayeux salesforce backfill`: a backfill by hand, whose events are printed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pybayeux import installed_hook, printable
from pybayeux.errors import UsageError
from pybayeux_replay import Stores

from ..org_access import EXIT_CODES, in_org, split_address
from ..setup_output import print_json
from .events import change_event, filled_note
from .options import BackfillOptions
from .org_api import OrgApi
from .permission import PermissionDenied, make_plan
from .reading import Selection, stamp_of
from .source import RecordSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..rest import RestClient
    from .options import BackfillPlan

__all__ = ("backfill",)

_REASON: Final = "by hand"
_EPILOG: Final = f"""
\b
Examples:
  pybayeux salesforce backfill salesforce://my-org /data/AccountChangeEvent --changed-since 2026-11-28T10:00
      Print the accounts that changed since then, in the form of change events, one JSON object per line.
  pybayeux salesforce backfill salesforce://my-org /data/AccountChangeEvent --store positions.db
      Begin after the last event that a client with this store has handled.
  pybayeux salesforce backfill salesforce://my-org /data/ChangeEvents --object Account --object Case --all --dry-run
      Show how many records there are, and how many API requests it takes to read them.

{EXIT_CODES}"""


@click.command(epilog=_EPILOG)
@click.argument("operands", metavar="[URL] CHANNEL", nargs=-1, required=True)
@click.option(
    "--changed-since",
    "since",
    metavar="TIME",
    help="Read what changed since 2026-11-28T10:00, in UTC or with an offset.",
)
@click.option("--all", "everything", is_flag=True, help="Read all records.")
@click.option("--store", metavar="NAME", help="Begin after the position in this store, such as positions.db.")
@click.option("--consumer", default="default", show_default=True, metavar="NAME", help="The consumer of the position.")
@click.option(
    "--object",
    "objects",
    multiple=True,
    metavar="NAME",
    help="An object to read, for a channel of several. May be given several times.",
)
@click.option("--overlap", default=600.0, show_default=True, metavar="SECONDS", help="Begin so much earlier.")
@click.option(
    "--calls-per-minute", default=60.0, show_default=True, metavar="N", help="Make so many API requests at the most."
)
@click.option("--bulk-from", default=50_000, show_default=True, metavar="N", help="Use Bulk API 2.0 from then on.")
@click.option(
    "--reserve", default=0.5, show_default=True, metavar="SHARE", help="Ask before less of the daily requests is left."
)
@click.option("--dry-run", is_flag=True, help="Show what would be read, and read nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects with --dry-run too.")
@click.pass_context
def backfill(
    context: click.Context,
    operands: tuple[str, ...],
    since: str | None,
    everything: bool,
    store: str | None,
    consumer: str,
    objects: tuple[str, ...],
    overlap: float,
    calls_per_minute: float,
    bulk_from: int,
    reserve: float,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Print the records that changed, as the change events of a channel.

    URL is salesforce://my-org and the like; without it, the org is the one that the login returns. CHANNEL is
    /data/AccountChangeEvent and the like. Each record comes once, with its present state, in the order of its last
    change; a deleted one as a DELETE. What happened in between is not known. No position is changed.
    """
    address, channels = split_address(operands)
    if len(channels) != 1 or not channels[0].startswith("/data/"):
        raise UsageError("channel: expected one channel of change events, such as /data/AccountChangeEvent")
    begin = _begin(context, channels[0], since, everything, store, consumer)
    try:
        options = BackfillOptions(
            objects=objects,
            overlap=overlap,
            calls_per_minute=calls_per_minute,
            bulk_from=bulk_from,
            reserve=reserve,
            permit=lambda plan: yes or _ask(plan),
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    selection = Selection(None if begin is None else datetime.fromtimestamp(begin.timestamp() - overlap, UTC))

    async def use(rest: RestClient) -> None:
        source = RecordSource(OrgApi(lambda: rest, _no_login, calls_per_minute), options)
        entities = await source.entities(channels[0])
        if dry_run:
            _print_plans(
                [await make_plan(source.api, channels[0], each, selection, bulk_from) for each in entities], as_json
            )
            return
        for entity in entities:
            await _print_records(source, channels[0], entity, selection, begin)

    try:
        in_org(address, use)
    except PermissionDenied as error:
        click.echo(f"{error}; --yes allows it", err=True)
        context.exit(1)


def _print_plans(plans: Sequence[BackfillPlan], as_json: bool) -> None:
    if as_json:
        print_json(plans)
        return
    for plan in plans:
        click.echo(str(plan))


async def _print_records(
    source: RecordSource, channel: str, entity: str, selection: Selection, begin: datetime | None
) -> None:
    note, count = filled_note(_REASON, selection.since), 0
    async for page in source.since(channel, entity, selection.since, lambda: 0):
        fields = await source.fields(entity)
        for record in page.records:
            event = change_event(channel, fields, record, stamp_of(record), note, begin)
            click.echo(json.dumps(event.data))
        count += len(page.records)
        click.echo(f"{entity}: {count:,} records", err=True)


def _ask(plan: BackfillPlan) -> bool:
    return click.confirm(f"{plan}. Go on?", err=True)


def _no_login(reason: str) -> None:
    raise UsageError(f"the token is no longer valid: {reason}")


def _begin(
    context: click.Context, channel: str, since: str | None, everything: bool, store: str | None, consumer: str
) -> datetime | None:
    if (since is not None) + everything + (store is not None) != 1:
        raise UsageError("expected one of --changed-since, --all and --store")
    if everything:
        return None
    if since is not None:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            raise UsageError(
                f"--changed-since: expected a time such as 2026-11-28T10:00; got {printable(since)!r}"
            ) from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return _stored(context, channel, str(store), consumer)


def _stored(context: click.Context, channel: str, name: str, consumer: str) -> datetime:
    stores = Stores()
    if not stores.knows(name):
        cli: Any = context.find_root().obj
        installed_hook("register_stores", options=cli.options(), disabled=cli.disabled).call(stores)
    opened = stores.open(name)
    path = getattr(opened, "path", None)
    if isinstance(path, Path) and not path.exists():
        raise UsageError(f"store: {path} does not exist; expected the file in which your clients store positions")
    context.call_on_close(opened.close)
    found: Sequence[Any] = [each for key, each in opened.items(consumer).items() if key.endswith(channel)]
    if len(found) != 1 or found[0].event_time is None:
        raise UsageError(
            f"store: expected one position of {channel} with a time, for the consumer {consumer!r}; got {len(found)}"
        )
    moment: datetime = found[0].event_time
    return moment
