"""The command-line options that sub-commands share."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from .arguments import CliOptions
from .extension_names import complete_choice, complete_value
from .stderr_log import set_format, set_verbosity

if TYPE_CHECKING:
    from collections.abc import Callable

    from .server import Server

__all__ = ("extension_options", "server_options", "service_options")

F = TypeVar("F", bound="Callable[..., Any]")

_HEADER: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:[ \t]*([^\r\n\0]*)")


def _values(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> None:
    for text in texts:
        context.ensure_object(CliOptions).read_value(text)


def _choices(context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> None:
    for text in texts:
        context.ensure_object(CliOptions).read_choice(text)


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


def _format(_context: click.Context, _option: click.Parameter, name: str) -> None:
    set_format(name)


def _trace(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from ..extensions.tracing import StepTotals, log_step, tracing_to
    from .watcher import Watcher, trace_logger

    totals = StepTotals()
    context.with_resource(tracing_to(log_step))
    context.with_resource(tracing_to(totals))

    @context.call_on_close
    def sum_up() -> None:
        for line in totals.lines(without=Watcher.name):
            trace_logger.info("%s", line)


def _transports(_context: click.Context, _option: click.Parameter, begun: str) -> list[str]:
    """The names of the usual transports, for the completion of the shell; extensions may have others."""
    return [name for name in ("websocket", "long-polling", "callback-polling") if name.startswith(begun)]


# Eager, so that they apply when `--help` lists the sub-commands of extensions.
_EXTENSIONS: Final = (
    click.option(
        "-x",
        "values",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_values,
        shell_complete=complete_value,
        metavar="EXTENSION.OPTION=VALUE",
        help="Set an option of an extension; with := the value is JSON. May be given several times.",
    ),
    click.option(
        "-p",
        "choices",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_choices,
        shell_complete=complete_choice,
        metavar="no:NAME|only:NAME",
        help="Leave an extension out, or use only those named so; no:all leaves out every one. May be given several "
        "times.",
    ),
)

_ADDRESS: Final[Callable[[Callable[..., Any]], Callable[..., Any]]] = click.argument("url")
_SERVER: Final = (
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
        shell_complete=_transports,
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
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        envvar="PYBAYEUX_LOG_FORMAT",
        show_envvar=True,
        is_eager=True,
        expose_value=False,
        callback=_format,
        help="Log lines of text, or of JSON.",
    ),
    click.option(
        "--trace",
        is_flag=True,
        expose_value=False,
        callback=_trace,
        help="Log every call of a hook: how long it took and what it changed; at the end, what each took in all.",
    ),
)


_SERVICE: Final = (
    click.option(
        "--health-port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        help="Answer GET /live and GET /ready on this port, for a supervisor; 0 chooses a free one.",
    ),
    click.option(
        "--health-host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="The address of that port.",
    ),
    click.option(
        "--grace",
        type=click.FloatRange(min=0, min_open=True),
        default=8.0,
        show_default=True,
        metavar="SECONDS",
        help="After Ctrl-C or SIGTERM, exit with 1 if the end takes longer than this.",
    ),
)


def extension_options(command: F) -> F:
    """Add ``-x`` and ``-p``; their values are in the context's `CliOptions`."""
    for option in reversed(_EXTENSIONS):
        command = option(command)
    return command


def server_options(
    command: Callable[..., Any], *, address: Callable[[Callable[..., Any]], Callable[..., Any]] = _ADDRESS
) -> Callable[..., Any]:
    """Add the address and the options of a client, and call the command with a `Server` made from them.

    Args:
        command: The command. Its first argument is the server; None if there is no address, where `address` allows it.
        address: The parameter of click named ``url``, such as ``click.option("--to", "url")``.
    """

    @wraps(command)
    @click.pass_context
    def with_server(
        context: click.Context,
        /,
        *,
        url: str | None,
        headers: dict[str, str],
        transports: tuple[str, ...],
        timeout: float,
        max_network_delay: float,
        **others: Any,
    ) -> Any:
        if url is None:
            return command(None, **others)
        from .server import Server  # with it the client: slow to import, and not needed for the help

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
    return address(decorated)


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that runs until a signal ends it. It goes below `server_options`."""

    @wraps(command)
    def with_service(
        server: Server, /, *, health_port: int | None, health_host: str, grace: float, **others: Any
    ) -> Any:
        return command(replace(server, health_port=health_port, health_host=health_host, grace=grace), **others)

    decorated: Callable[..., Any] = with_service
    for option in reversed(_SERVICE):
        decorated = option(decorated)
    return decorated
