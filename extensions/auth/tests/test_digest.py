from __future__ import annotations

from pybayeux_auth.digest import digest


def test_it_tells_secrets_apart() -> None:
    made = [digest("a", "b"), digest("ab"), digest("ab", ""), digest("a", None), digest(), digest("b", "a")]
    assert len(set(made)) == len(made)


def test_the_same_secrets_have_the_same_one_and_it_does_not_show_them() -> None:
    assert digest("hunter2") == digest("hunter2")
    assert digest("a", None) == digest("a", "")
    assert "hunter2" not in digest("hunter2")
