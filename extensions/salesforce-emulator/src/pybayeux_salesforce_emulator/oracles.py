"""Test oracles: what a client did wrong, from what the org has recorded.

Pure functions. Each takes the recorded requests, or what was published and what was handled, and returns the violations
of one rule as sentences. An empty list means that there is none. `violations` applies all rules about requests.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from .events.channels import split_filter
from .request_log import clients, cookie, failure_reason, is_streaming, is_unknown, starts_session, streaming, timeline
from .streaming.authentication import token_of
from .streaming.cookies import BROWSER

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from pybayeux_devserver.toolkit import Json, RecordedRequest

    from .events.bus import PublishedEvent
    from .org.logins import Login

__all__ = (
    "authorization_is_fresh",
    "backoff_curve",
    "connects_come_in_time",
    "every_event_is_handled",
    "jars_are_isolated",
    "no_login_after_unknown_client",
    "nobody_is_locked_out",
    "nothing_is_handled_twice",
    "one_connect_at_a_time",
    "own_replay_key_alone",
    "requests_are_small",
    "violations",
)

_LOGINS: Final = ("/services/oauth2/token", "/services/Soap/")
_CONNECT: Final = "/meta/connect"
_LIMIT: Final = 32_768
_SESSION_LIFETIME: Final = 40.0
# With these faults a client waits longer than the record shows.
_SILENT: Final = frozenset({"hang", "late", "slow-body"})


def violations(requests: Sequence[RecordedRequest], *, starts: Sequence[float] = ()) -> dict[str, list[str]]:
    """All violations in the requests, by rule. Rules without violations are left out.

    Args:
        requests: The recorded requests.
        starts: When programs were started, see `no_login_after_unknown_client`.
    """
    found = {
        "one connect at a time": one_connect_at_a_time(requests),
        "no login after an unknown client": no_login_after_unknown_client(requests, starts=starts),
        "own replay key alone": own_replay_key_alone(requests),
        "authorization is new_cookies": authorization_is_fresh(requests),
        "jars are isolated": jars_are_isolated(requests),
        "connects come in time": connects_come_in_time(requests),
        "requests are small": requests_are_small(requests),
    }
    return {rule: sentences for rule, sentences in found.items() if sentences}


def one_connect_at_a_time(requests: Sequence[RecordedRequest]) -> list[str]:
    """A session has at most one outstanding connect: CometD fails the older of two."""
    found = []
    under_way: dict[str, RecordedRequest] = {}
    for request in streaming(requests):
        for client_id in clients(request, _CONNECT):
            older = under_way.get(client_id)
            if older is not None and (older.answered is None or older.answered > request.time):
                found.append(f"{client_id} sent a connect at {request.time:.3f}, the one of {older.time:.3f} was held")
            under_way[client_id] = request
    return found


def no_login_after_unknown_client(requests: Sequence[RecordedRequest], *, starts: Sequence[float] = ()) -> list[str]:
    """No client logs in because its session is unknown: its token is still valid.

    A login counts if an unknown client was the last error before it, and no handshake has succeeded since.

    Args:
        requests: The recorded requests.
        starts: When programs were started. The first login after each start is allowed.
    """
    found, unknown, allowed = [], False, sorted(starts)
    for entry in timeline(requests):
        if entry.answered:
            unknown = _unknown_after(entry.request, unknown)
        elif entry.request.path.startswith(_LOGINS):
            if allowed and allowed[0] <= entry.time:
                allowed.pop(0)
            elif unknown:
                found.append(f"login at {entry.time:.3f} after an unknown client")
            unknown = False
    return found


def _unknown_after(request: RecordedRequest, before: bool) -> bool:
    for reply in request.replies:
        if is_unknown(reply):
            return True
        if reply.get("channel") == "/meta/handshake" or failure_reason(reply).startswith("401"):
            before = False
    return before


def own_replay_key_alone(requests: Sequence[RecordedRequest]) -> list[str]:
    """A subscribe names only its own channel in ``ext.replay``: a map of all channels could exceed the request size."""
    found = []
    for request in streaming(requests):
        for message in request.messages:
            if message.get("channel") == "/meta/subscribe":
                found += _foreign_keys(message)
    return found


def _foreign_keys(message: Json) -> list[str]:
    ext: Any = message.get("ext")
    positions = ext.get("replay") if isinstance(ext, dict) else None
    own, _ = split_filter(str(message.get("subscription")))
    keys = list(positions) if isinstance(positions, dict) else []
    return [f"subscribe to {own} names {key}" for key in keys if key != own]


def authorization_is_fresh(requests: Sequence[RecordedRequest]) -> list[str]:
    """Each request has a token, and none that the org has called invalid before the request was sent."""
    found = []
    dead: dict[str, float] = {}
    for entry in timeline(requests):
        request = entry.request
        if not is_streaming(request):
            continue
        token = token_of(request.headers.get("authorization"))
        if entry.answered:
            if token is not None and any(failure_reason(reply).startswith("401") for reply in request.replies):
                dead.setdefault(token, entry.time)
        elif token is None:
            found.append(f"request at {entry.time:.3f} without a token")
        elif token in dead:
            found.append(f"request at {entry.time:.3f} with a token that was dead at {dead[token]:.3f}")
    return found


def jars_are_isolated(requests: Sequence[RecordedRequest]) -> list[str]:
    """A cookie jar belongs to one session at a time, and a session to one jar."""
    found = []
    owners: dict[str, list[str]] = {}
    jars: defaultdict[str, set[str]] = defaultdict(set)
    for request in streaming(requests):
        jar = cookie(request, BROWSER)
        if jar is None:
            continue
        owner = owners.setdefault(jar, [])
        for client_id in clients(request):
            jars[client_id].add(jar)
            if client_id in owner[:-1] and not clients(request, "/meta/disconnect"):
                found.append(f"{client_id} came at {request.time:.3f} with a jar that belongs to {owner[-1]} by now")
            elif client_id not in owner:
                owner.append(client_id)
        owner += [reply["clientId"] for reply in request.replies if starts_session(reply)]
    found += [f"{client_id} came with {len(used)} jars" for client_id, used in jars.items() if len(used) > 1]
    return found


def connects_come_in_time(requests: Sequence[RecordedRequest], *, within: float = _SESSION_LIFETIME) -> list[str]:
    """A session's next request follows a reply within 40 seconds, or the session ends."""
    found = []
    last: dict[str, float] = {}
    for entry in timeline(requests):
        if not is_streaming(entry.request):
            continue
        for client_id in clients(entry.request):
            since = last.pop(client_id, None)
            if entry.answered and _lives_on(entry.request):
                last[client_id] = entry.time
            elif not entry.answered and since is not None and entry.time - since > within:
                found.append(f"{client_id} was silent for {entry.time - since:.1f} s until {entry.time:.3f}")
    return found


def _lives_on(request: RecordedRequest) -> bool:
    gone = any(is_unknown(reply) or reply.get("channel") == "/meta/disconnect" for reply in request.replies)
    return request.fault not in _SILENT and request.status is not None and not gone


def requests_are_small(requests: Sequence[RecordedRequest], *, limit: int = _LIMIT) -> list[str]:
    """No request has more than 32,768 bytes."""
    return [
        f"request at {request.time:.3f} has {len(request.body)} bytes"
        for request in streaming(requests)
        if len(request.body) > limit
    ]


def nobody_is_locked_out(history: Iterable[Login], *, lock_after: int) -> list[str]:
    """No user is locked out because of too many wrong passwords in a row."""
    found = []
    wrong: Counter[str | None] = Counter()
    for login in history:
        if login.way not in ("password", "soap"):
            continue
        wrong[login.username] = 0 if login.error is None else wrong[login.username] + 1
        if wrong[login.username] == lock_after:
            found.append(f"{login.username} was locked out at {login.time:.3f}")
    return found


def every_event_is_handled(
    published: Mapping[str, Sequence[PublishedEvent]],
    handled: Iterable[tuple[str, Hashable]],
    *,
    key: Callable[[PublishedEvent], Hashable] = lambda event: event.replay_id,
) -> list[str]:
    """Every published event is handled, for the first time in the order of its channel.

    Args:
        published: The published events by channel, without the channels that were not subscribed to.
        handled: The channel and the key of each handled event, in the order of handling.
        key: The key of an event. After a move use its UUID or a field of its payload, because replay ids change.
    """
    firsts: defaultdict[str, dict[Hashable, None]] = defaultdict(dict)
    for channel, mark in handled:
        firsts[channel].setdefault(mark)
    found = []
    for channel, events in published.items():
        wanted = [key(event) for event in events]
        known = set(wanted)
        found += [f"{channel}: {mark!r} was not handled" for mark in wanted if mark not in firsts[channel]]
        found += [f"{channel}: {mark!r} was never published" for mark in firsts[channel] if mark not in known]
        found += _out_of_order(channel, wanted, list(firsts[channel]))
    return found


def _out_of_order(channel: str, wanted: Sequence[Hashable], firsts: Sequence[Hashable]) -> list[str]:
    places = {mark: place for place, mark in enumerate(wanted)}
    known = [mark for mark in firsts if mark in places]
    wrong = [pair for pair in pairwise(known) if places[pair[1]] < places[pair[0]]]
    return [f"{channel}: {after!r} was handled after {before!r}" for before, after in wrong]


def nothing_is_handled_twice(handled: Iterable[tuple[str, Hashable]]) -> list[str]:
    """After deduplication, no event is handled again."""
    counts = Counter(handled)
    return [f"{channel}: {mark!r} was handled {count} times" for (channel, mark), count in counts.items() if count > 1]


def backoff_curve(requests: Sequence[RecordedRequest]) -> list[list[float]]:
    """How long clients waited from each failure to the next request, one list for each series of failures.

    A failure is an HTTP error, a denied handshake or a reason that begins with 503.
    """
    runs: list[list[float]] = []
    failed_at: float | None = None
    run: list[float] = []
    for entry in timeline(requests):
        if not is_streaming(entry.request):
            continue
        if not entry.answered:
            if failed_at is not None:
                run.append(entry.time - failed_at)
            failed_at = None
        elif _has_failed(entry.request):
            failed_at = entry.time
        elif run:
            runs.append(run)
            run = []
    return [*runs, run] if run else runs


def _has_failed(request: RecordedRequest) -> bool:
    refused = any(
        reply.get("error") == "403::Handshake denied" or failure_reason(reply).startswith("503")
        for reply in request.replies
    )
    return request.status is None or request.status >= 500 or refused
