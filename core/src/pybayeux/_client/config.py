"""The configuration of one client: every argument of its constructor, validated once and never changed.

Knows nothing of how the arguments are used.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from .._util.arguments import check_choice, check_counts, check_has, check_positive, check_range
from ..session import Backoff
from ..session.linger import DEFAULT_LINGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ("ClientConfig", "Overflow", "never_ignore")

Overflow: TypeAlias = Literal["wait", "drop_oldest", "raise"]
"""What to do with too many events where the server sends none again: wait, at the risk of the session; drop the events
that wait longest; or end the subscription that has most of them with an error."""


_SHORTEST_HEARTBEAT: Final = 1.0


def never_ignore(error: BaseException) -> bool:
    """Whether to ignore an error, where the user does not say: never."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """The arguments of a client. `AsyncClient` documents them; times are seconds.

    Raises:
        UsageError: A value is not one of those allowed, or not greater than zero.
    """

    url: str
    extensions: tuple[object, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    discover: bool | tuple[str, ...] = True
    disabled: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    transports: Sequence[str] | None = None
    transport_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trusted_hosts: tuple[str, ...] = ()
    http: Any = None
    auth: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    logger: logging.Logger | logging.LoggerAdapter[Any] = field(default_factory=lambda: logging.getLogger("pybayeux"))
    queue_size: int = 10_000
    overflow: Overflow = "wait"
    send_queue_size: int = 10_000
    max_message_size: int | None = None
    backoff: Backoff = field(default_factory=Backoff)
    max_network_delay: float = 10.0
    heartbeat: float | None = None
    linger: float = DEFAULT_LINGER
    hook_timeout: float | None = 30.0
    start_timeout: float | None = None
    ignore_error: Callable[[BaseException], bool] = never_ignore

    def __post_init__(self) -> None:
        check_choice("overflow", self.overflow, get_args(Overflow))
        check_has("logger", self.logger, "a logger", "log", "warning", "info")
        check_has("backoff", self.backoff, "a Backoff", "delay", "reconnect_delay")
        check_has("ignore_error", self.ignore_error, "a function", "__call__")
        check_counts(queue_size=self.queue_size, send_queue_size=self.send_queue_size)
        if self.max_message_size is not None:
            check_counts(max_message_size=self.max_message_size)
        check_positive(max_network_delay=self.max_network_delay)
        if self.hook_timeout is not None:
            check_positive(hook_timeout=self.hook_timeout)
        if self.start_timeout is not None:
            check_positive(start_timeout=self.start_timeout)
        if self.heartbeat is not None:
            check_range(
                "heartbeat", self.heartbeat, _SHORTEST_HEARTBEAT, inf, f"at least {_SHORTEST_HEARTBEAT:g} second"
            )
        check_range("linger", self.linger, 0, 1, "a share of one core from 0 to 1")
