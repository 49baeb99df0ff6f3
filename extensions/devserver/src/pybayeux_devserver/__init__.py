"""pybayeux-devserver: an embedded Bayeux server for demos and tests.

Every client that discovers extensions imports this package, so what needs a web server is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import lazy_names

if TYPE_CHECKING:
    from .blocking import BlockingServer as BlockingServer
    from .options import AuthStyle as AuthStyle
    from .options import Options as Options
    from .options import Order as Order
    from .server import DevServer as DevServer

__all__ = ("AuthStyle", "BlockingServer", "DevServer", "Options", "Order")

if not TYPE_CHECKING:  # the pytest plugin imports this package
    __getattr__ = lazy_names(
        __name__, {"blocking": "BlockingServer", "options": "AuthStyle Options Order", "server": "DevServer"}
    )


def __dir__() -> tuple[str, ...]:
    return __all__
