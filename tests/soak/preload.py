"""What the fork server of the consumers imports before the first fork, including what is imported lazily elsewhere.

A forked consumer then receives its first event within a tenth of a second, so a script of one second tests it running.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ()

for _name in (
    "tests.soak.consumer",
    "anyio._backends._asyncio",
    "authlib.oauth2.auth",
    "authlib.oauth2.rfc6749.parameters",
    "certifi",
    "httpcore",
    "httpx",
    "importlib_metadata",
    "pybayeux.transports.direct_http",
    "pybayeux.transports.http",
    "pybayeux_replay.sqlite",
    "pybayeux_salesforce.rest",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.engine.default",
):
    import_module(_name)
