"""The channels of a sub-command, and the place where it starts: the checks of both arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..channel import ChannelType
from ..errors import InvalidChannelError
from ..requests import check_channel

if TYPE_CHECKING:
    from ..channel import Channel

__all__ = ("check_channels", "check_since")


def check_channels(_context: click.Context, _argument: click.Parameter, names: tuple[str, ...]) -> list[Channel]:
    """The channels of an argument, each once.

    Raises:
        click.BadParameter: One of them is no channel, or a meta channel.
    """
    try:
        channels = [check_channel(name) for name in dict.fromkeys(names)]
    except InvalidChannelError as error:
        raise click.BadParameter(str(error)) from None
    for channel in channels:
        if channel.type is ChannelType.META:
            raise click.BadParameter(f"channel {str(channel)!r}: meta channels cannot be subscribed to")
    return channels


def check_since(_context: click.Context, _option: click.Parameter, since: str | None) -> str | int | None:
    """Where to start on channels without a position: ``latest``, ``earliest``, a replay id, or None where not given.

    Raises:
        click.BadParameter: It is nothing of these.
    """
    if since in (None, "latest", "earliest"):
        return since
    try:
        return int(str(since))
    except ValueError:
        raise click.BadParameter(f"{since!r} is neither 'latest' nor 'earliest' nor a replay id") from None
