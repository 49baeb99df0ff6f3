from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pybayeux_salesforce.cookies import Cookies


class _Jar:
    def __init__(self) -> None:
        self.cookies: list[str] = []


def _factory(context: Any, **options: Any) -> Any:
    return context, options


def test_the_transport_is_made_as_before() -> None:
    context = SimpleNamespace(cookies=_Jar())
    assert Cookies().watched(_factory)(context, form=True) == (context, {"form": True})


def test_dropping_them_gives_the_transport_an_empty_jar() -> None:
    cookies, old = Cookies(), _Jar()
    old.cookies.append("BAYEUX_BROWSER=a")
    context = SimpleNamespace(cookies=old)
    cookies.watched(_factory)(context)
    cookies.drop()
    assert context.cookies is not old
    assert context.cookies.cookies == []
    assert old.cookies == ["BAYEUX_BROWSER=a"]


def test_it_is_the_latest_transport_whose_cookies_go() -> None:
    cookies = Cookies()
    first, second = (SimpleNamespace(cookies=_Jar()) for _ in range(2))
    kept, dropped = first.cookies, second.cookies
    make = cookies.watched(_factory)
    make(first)
    make(second)
    cookies.drop()
    assert first.cookies is kept
    assert second.cookies is not dropped


def test_before_there_is_a_transport_there_is_nothing_to_drop() -> None:
    Cookies().drop()
