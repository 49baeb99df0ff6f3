from __future__ import annotations

from functools import partial, wraps
from types import SimpleNamespace
from typing import Any

from pybayeux_salesforce.transport import SessionCookies, limit_request_size

# -- cookies


class _Jar:
    def __init__(self) -> None:
        self.cookies: list[str] = []


def _factory(context: Any, **options: Any) -> Any:
    return context, options


def test_tracking_creates_the_transport_unchanged() -> None:
    context = SimpleNamespace(cookies=_Jar())
    assert SessionCookies().track(_factory)(context, form=True) == (context, {"form": True})


def test_drop_replaces_the_cookie_jar() -> None:
    cookies, old = SessionCookies(), _Jar()
    old.cookies.append("BAYEUX_BROWSER=a")
    context = SimpleNamespace(cookies=old)
    cookies.track(_factory)(context)
    cookies.drop()
    assert context.cookies is not old
    assert context.cookies.cookies == []
    assert old.cookies == ["BAYEUX_BROWSER=a"]


def test_drop_applies_to_the_latest_transport() -> None:
    cookies = SessionCookies()
    first, second = (SimpleNamespace(cookies=_Jar()) for _ in range(2))
    kept, dropped = first.cookies, second.cookies
    make = cookies.track(_factory)
    make(first)
    make(second)
    cookies.drop()
    assert first.cookies is kept
    assert second.cookies is not dropped


def test_drop_without_a_transport_does_nothing() -> None:
    SessionCookies().drop()


# -- the size of requests


def _limited_factory(context: Any, *, max_request_size: int | None = None, form: bool = False) -> Any:
    return context.url, max_request_size, form


def _without(context: Any) -> Any:
    return context.url, None, False


_HERE, _ELSEWHERE = SimpleNamespace(url="here"), SimpleNamespace(url="elsewhere")


def _concerns(url: str) -> bool:
    return url == "here"


def test_a_transport_to_an_org_is_limited() -> None:
    make = limit_request_size(_limited_factory, _concerns)
    assert make(_HERE) == ("here", 32_768, False)
    assert make(_HERE, form=True) == ("here", 32_768, True)


def test_a_transport_to_another_server_is_not_limited() -> None:
    assert limit_request_size(_limited_factory, _concerns)(_ELSEWHERE) == ("elsewhere", None, False)


def test_a_limit_of_the_user_is_kept() -> None:
    bound = partial(_limited_factory, max_request_size=1000)
    assert limit_request_size(bound, _concerns)(_HERE) == ("here", 1000, False)


def test_other_options_of_the_user_are_kept() -> None:
    assert limit_request_size(partial(_limited_factory, form=True), _concerns)(_HERE) == ("here", 32_768, True)


def test_a_transport_without_the_option_is_unchanged() -> None:
    assert limit_request_size(_without, _concerns)(_HERE) == ("here", None, False)


def test_a_wrapped_factory_is_limited() -> None:
    @wraps(_limited_factory)
    def around(context: Any, **options: Any) -> Any:
        return ("around", *_limited_factory(context, **options))

    assert limit_request_size(around, _concerns)(_HERE) == ("around", "here", 32_768, False)
