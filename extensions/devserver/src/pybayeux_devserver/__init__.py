"""pybayeux-devserver: an embedded Bayeux server for demos and tests.

Every client that discovers extensions imports this package, so what needs a web server is imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .blocking import BlockingServer as BlockingServer
    from .options import AuthStyle as AuthStyle
    from .options import Options as Options
    from .options import Order as Order
    from .server import DevServer as DevServer

__all__ = ("AuthStyle", "BlockingServer", "DevServer", "Options", "Order")

_MODULES: Final = {
    "AuthStyle": ".options",
    "BlockingServer": ".blocking",
    "DevServer": ".server",
    "Options": ".options",
    "Order": ".options",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> tuple[str, ...]:
    return __all__
