"""The command `pybayeux replay rewind`: subscriptions go on at an earlier time.

Owns what cannot be rewound. Replay ids say nothing of time, so no id is looked for: the stored position becomes "the
earliest, from this time on", and the client drops the events that happened before.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from pybayeux import printable
from pybayeux.errors import UsageError

from .command_positions import with_positions
from .moments import parse_moment, show_moment
from .position import EARLIEST, LATEST, Position, begins_at
from .position_json import position_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .command_positions import ConsumerPositions

__all__ = ("rewind",)

_KEPT: Final = timedelta(hours=72)
"""How long Salesforce keeps events at the most."""

_EPILOG: Final = """
\b
Examples:
  pybayeux replay rewind --to 2026-11-28T10:00Z --dry-run --store positions.db
      Show which subscriptions would go on where.
  pybayeux replay rewind /event/Order__e --to 2026-11-28T10:00Z --yes --store positions.db
      Handle the orders since then once more.
  pybayeux replay rewind --to 2026-11-28T10:00Z --dry-run --json | jq -r '.[].subscription'
      List the subscriptions that can go back so far.
"""


def _past(_context: click.Context, _option: click.Parameter, text: str) -> datetime:
    moment = parse_moment(text)
    if moment is None:
        raise click.BadParameter(f"expected a time such as 2026-11-28T10:00Z; got {text!r}")
    if moment > datetime.now(UTC):
        raise click.BadParameter(f"{show_moment(moment)} is in the future")
    return moment


@click.command("rewind", epilog=_EPILOG, short_help="Let subscriptions go on at an earlier time.")
@click.argument("subscriptions", metavar="[SUBSCRIPTION]...", nargs=-1)
@click.option(
    "--to",
    "moment",
    required=True,
    metavar="TIME",
    callback=_past,
    help="The time, such as 2026-11-28T10:00Z; in UTC by default.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON list of objects, at the end.")
@with_positions
def rewind(
    positions: ConsumerPositions,
    subscriptions: Sequence[str],
    moment: datetime,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Let these subscriptions, or all of the consumer, go on with the events from TIME on: they are handled once more.

    The client then reads everything that the server still keeps, and drops the events that happened before. What the
    server does not keep any more does not come. On Salesforce the events that are dropped count as delivered.

    It is all or nothing, and only back: a subscription whose last handled event happened before TIME, or has no time,
    is refused. "set" can do more.
    """
    chosen = _chosen(positions, subscriptions)
    refusals = [why for each, position in chosen.items() if (why := _refusal(each, position, moment))]
    if not dry_run and (active := positions.active()):
        refusals.append(f"stop {', '.join(active)} first: active replicas of {positions.consumer!r} keep its positions")
    if refusals:
        raise UsageError("; ".join(refusals))
    if not as_json or not (dry_run or yes):  # a person who is asked has to see what for
        for subscription, position in chosen.items():
            text = printable(f"{subscription}: {_place(position)} -> the events from {show_moment(moment)} on")
            click.echo(text, err=as_json)
    now = datetime.now(UTC)
    rewound = {each: Position(EARLIEST, now, event_time=moment, org=old.org) for each, old in chosen.items()}
    if moment < now - _KEPT:
        click.echo("Salesforce keeps events for 72 hours: earlier ones do not come.", err=True)
    if dry_run:
        click.echo("Nothing is changed (--dry-run).", err=True)
    elif not yes:
        click.confirm(f"Rewind {len(chosen)} of the consumer {positions.consumer!r}?", abort=True, err=True)
    if not dry_run:
        positions.set(rewound)
    if as_json:
        _write_json(chosen, rewound, made=not dry_run)


def _write_json(before: Mapping[str, Position], after: Mapping[str, Position], *, made: bool) -> None:
    """Write each position as `show` does, with the one that it replaces."""
    found = []
    for key, position in after.items():
        replaced = position_fields(key, before[key])
        del replaced["subscription"]
        found.append({**position_fields(key, position), "before": replaced, "made": made})
    click.echo(printable(json.dumps(found, ensure_ascii=False, indent=2), json=True))


def _chosen(positions: ConsumerPositions, subscriptions: Sequence[str]) -> dict[str, Position]:
    stored = positions.items()
    keys = {each: positions.key(each) for each in subscriptions} if subscriptions else {each: each for each in stored}
    if unknown := [each for each, key in keys.items() if key is None]:
        raise UsageError(f"no position is stored for {', '.join(unknown)}")
    if not keys:
        raise UsageError(f"no positions are stored for the consumer {positions.consumer!r}")
    return {key: stored[key] for key in keys.values() if key is not None}


def _refusal(subscription: str, position: Position, moment: datetime) -> str | None:
    """Return why a subscription cannot be rewound to this time, or None if it can."""
    at = begins_at(position) or position.event_time
    if position.replay_id == LATEST:
        return f"{subscription} begins with new events, so no event was handled that it could go back from"
    if at is None and position.replay_id == EARLIEST:
        return f"{subscription} begins with the earliest event already"
    if at is None:
        return (
            f"the last handled event of {subscription} has no time, so no event can be told from earlier ones: "
            f'"set {subscription} earliest" has all of them handled once more'
        )
    if at <= moment:
        return f"{subscription} is at {show_moment(at)}, which is not after {show_moment(moment)}"
    return None


def _place(position: Position) -> str:
    happened = position.event_time or position.stored_at
    if begins_at(position) is not None:
        return f"the events from {show_moment(happened)} on"
    return f"after {position.replay_id} of {show_moment(happened)}"
