from __future__ import annotations

import sys
from types import ModuleType

import pytest

from pybayeux._util.lazy_names import lazy_names


def test_each_name_is_imported_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    package, tools = ModuleType("acme"), ModuleType("acme.tools")
    vars(tools).update(saw=1, hammer=2)
    monkeypatch.setitem(sys.modules, "acme", package)
    monkeypatch.setitem(sys.modules, "acme.tools", tools)
    get = lazy_names("acme", {"tools": "tools saw mallet", "gone": "nothing"}, {"mallet": "hammer"})
    assert (get("tools"), get("saw"), get("mallet")) == (tools, 1, 2)
    assert vars(package)["mallet"] == 2, "so that it is not asked for again"
    with pytest.raises(AttributeError, match="module 'acme' has no attribute 'hammer'"):
        get("hammer")
    with pytest.raises(ModuleNotFoundError):
        get("nothing")
