"""The command-line options that sub-commands share."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from ..extensions.tracing import log_step, tracing_to
from .arguments import CliOptions
from .server import Server
from .stderr_log import set_verbosity

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("extension_options", "server_options")

F = TypeVar("F", bound="Callable[..., Any]")

_HEADER: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:[ \t]*([^\r\n\0]*)")


def _values(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> None:
    for text in texts:
        context.ensure_object(CliOptions).read_value(text)


def _blocks(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> None:
    for text in texts:
        context.ensure_object(CliOptions).read_disabled(text)


def _headers(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for text in texts:
        header = _HEADER.fullmatch(text)
        if header is None:
            raise click.BadParameter("expected 'Name: value'")
        headers[header[1]] = header[2]
        context.ensure_object(CliOptions).keep_secret(header[1], header[2])
    return headers


def _verbosity(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted:
        set_verbosity(str(option.name))


def _trace(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.with_resource(tracing_to(log_step))


# Eager, so that they apply when `--help` lists the sub-commands of extensions.
_EXTENSIONS: Final = (
    click.option(
        "-x",
        "values",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_values,
        metavar="EXTENSION.OPTION=VALUE",
        help="Set an option of an extension; with := the value is JSON. May be given several times.",
    ),
    click.option(
        "-p",
        "blocks",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_blocks,
        metavar="no:NAME",
        help="Leave an extension out; no:all leaves out every one. May be given several times.",
    ),
)

_SERVER: Final = (
    click.argument("url"),
    click.option(
        "-H",
        "headers",
        multiple=True,
        callback=_headers,
        metavar="'NAME: VALUE'",
        help="Send a header with every request. May be given several times.",
    ),
    click.option(
        "--transport",
        "transports",
        multiple=True,
        metavar="NAME",
        help="Use only this transport. If given several times, transports are tried in this order.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="Give up if there is no connection by then; 0 tries for ever.",
    ),
    click.option(
        "--max-network-delay",
        type=click.FloatRange(min=0, min_open=True),
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="How much later than it advised the server may answer.",
    ),
    click.option("-q", "quiet", is_flag=True, expose_value=False, callback=_verbosity, help="Log only errors."),
    click.option(
        "-v", "verbose", is_flag=True, expose_value=False, callback=_verbosity, help="Log every message and state."
    ),
    click.option(
        "--trace",
        is_flag=True,
        expose_value=False,
        callback=_trace,
        help="Log every call of a hook: how long it took and what it changed.",
    ),
)


def extension_options(command: F) -> F:
    """Add ``-x`` and ``-p``; their values are in the context's `CliOptions`."""
    for option in reversed(_EXTENSIONS):
        command = option(command)
    return command


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the address and the options of a client, and call the command with a `Server` made from them."""

    @wraps(command)
    @click.pass_context
    def with_server(
        context: click.Context,
        /,
        *,
        url: str,
        headers: dict[str, str],
        transports: tuple[str, ...],
        timeout: float,
        max_network_delay: float,
        **others: Any,
    ) -> Any:
        server = Server(
            url,
            context.ensure_object(CliOptions),
            headers=headers,
            transports=transports or None,
            timeout=timeout or None,
            max_network_delay=max_network_delay,
        )
        return command(server, **others)

    decorated: Callable[..., Any] = with_server
    for option in reversed((*_SERVER, *_EXTENSIONS)):
        decorated = option(decorated)
    return decorated
