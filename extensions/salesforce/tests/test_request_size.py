from __future__ import annotations

from functools import partial, wraps
from types import SimpleNamespace
from typing import Any

from pybayeux_salesforce.request_size import limited


def _factory(context: Any, *, max_request_size: int | None = None, form: bool = False) -> Any:
    return context.url, max_request_size, form


def _without(context: Any) -> Any:
    return context.url, None, False


_HERE, _ELSEWHERE = SimpleNamespace(url="here"), SimpleNamespace(url="elsewhere")


def _concerns(url: str) -> bool:
    return url == "here"


def test_the_transport_to_an_org_has_the_limit() -> None:
    make = limited(_factory, _concerns)
    assert make(_HERE) == ("here", 32_768, False)
    assert make(_HERE, form=True) == ("here", 32_768, True)


def test_another_servers_has_none() -> None:
    assert limited(_factory, _concerns)(_ELSEWHERE) == ("elsewhere", None, False)


def test_the_users_limit_stays() -> None:
    bound = partial(_factory, max_request_size=1000)
    assert limited(bound, _concerns)(_HERE) == ("here", 1000, False)


def test_options_that_the_user_gave_for_something_else_stay_beside_it() -> None:
    assert limited(partial(_factory, form=True), _concerns)(_HERE) == ("here", 32_768, True)


def test_a_transport_without_such_an_option_is_left_alone() -> None:
    assert limited(_without, _concerns)(_HERE) == ("here", None, False)


def test_it_is_found_behind_what_others_have_put_around_it() -> None:
    @wraps(_factory)
    def around(context: Any, **options: Any) -> Any:
        return ("around", *_factory(context, **options))

    assert limited(around, _concerns)(_HERE) == ("around", "here", 32_768, False)
