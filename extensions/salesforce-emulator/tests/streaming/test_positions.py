from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, error


def _org(**options: Any) -> tuple[Org, list[int]]:
    """An org with five orders, and their ids."""
    org = Org(first_id=100, **options)
    return org, [org.order(number) for number in range(5)]


def _error(org: Org, ext: Any) -> str:
    reply = OrgClient(org).join().ask("/meta/subscribe", subscription=ORDERS, ext=ext)
    return str(reply.get("error", ""))


@pytest.mark.parametrize(("since", "first"), [(-2, 0), (-1, 5), ("-2", 0)])
def test_minus_two_and_minus_one(since: Any, first: int) -> None:
    org, ids = _org()
    client = OrgClient(org).join(ORDERS, since=since)
    ids.append(org.order())
    assert client.ids() == ids[first:]


def test_without_the_extension_only_new_events() -> None:
    org, _ = _org()
    client = OrgClient(org).join(ORDERS)
    assert client.ids() == []
    new = org.order()
    assert client.ids() == [new]


@pytest.mark.parametrize("ext", [None, {}, {"other": 1}, 7])
def test_other_ext_members_are_ignored(ext: Any) -> None:
    assert _error(_org()[0], ext) == ""


def test_events_after_an_id() -> None:
    org, ids = _org()
    assert OrgClient(org).join(ORDERS, since=ids[1]).ids() == ids[2:]
    assert OrgClient(org).join(ORDERS, since=ids[4]).ids() == []


@pytest.mark.parametrize(
    "positions",
    [
        {},
        None,
        {ORDERS: None},
        {ORDERS: "-1"},
        {ORDERS: "100"},
        {ORDERS: True},
        {ORDERS: 100.0},
        {"/topic/Opps": 100},
        {ORDERS + "?a=b": 100},
        [100],
        -2,
    ],
)
def test_extension_needs_a_number_for_the_channel(positions: Any) -> None:
    assert _error(_org()[0], {"replay": positions}).startswith(f"400::The replayId for channel {{{ORDERS}}} wasn't")


def test_map_with_other_channels_is_accepted() -> None:
    org, _ = _org()
    assert _error(org, {"replay": {ORDERS: 100, "/topic/Opps": None}}) == ""


@pytest.mark.parametrize(("policy", "valid"), [("strict", False), ("range", True)])
def test_id_between_two_events(policy: str, valid: bool) -> None:
    org, ids = _org(unknown_ids=policy)
    between = next(n for n in range(ids[0], ids[-1]) if n not in ids)
    client = OrgClient(org).join()
    reply = client.subscribe(ORDERS, between)
    assert reply["successful"] is valid
    if valid:
        assert client.ids() == [replay_id for replay_id in ids if replay_id > between]
    else:
        assert str(error(reply)).startswith(f"400::The replayId {{{between}}} you provided was invalid. Please")


@pytest.mark.parametrize("policy", ["strict", "range"])
@pytest.mark.parametrize("way", ["purged", "older", "newer", "negative"])
def test_invalid_ids(policy: str, way: str) -> None:
    org, ids = _org(unknown_ids=policy)
    org.purge(ORDERS, before=ids[2])
    wrong = {"purged": ids[1], "older": 1, "newer": ids[-1] + 1000, "negative": -3}[way]
    assert "was invalid" in str(error(OrgClient(org).join().subscribe(ORDERS, wrong)))


def test_id_of_a_deleted_event() -> None:
    org, ids = _org()
    assert org.forget(ORDERS, ids[2])
    assert "was invalid" in str(error(OrgClient(org).join().subscribe(ORDERS, ids[2])))
    assert OrgClient(org).join(ORDERS, since=ids[1]).ids() == ids[3:]


def test_newer_ids_may_count_as_the_newest() -> None:
    org, ids = _org(newer_ids=True)
    client = OrgClient(org).join(ORDERS, since=ids[-1] + 10_000)
    assert client.ids() == []


def test_two_spaces() -> None:
    org, _ = _org(two_spaces=True)
    assert "was invalid.  Please provide" in str(error(OrgClient(org).join().subscribe(ORDERS, 7)))
