"""What the server process of the consumers imports before it is asked for any: also what is imported late elsewhere.

So a consumer has its first event within a tenth of a second, and a script of a second meets it awake.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ()

for _name in (
    "pybayeux_devserver.soak.program",
    "authlib.oauth2.auth",
    "authlib.oauth2.rfc6749.parameters",
    "certifi",
    "httpcore",
    "importlib_metadata",
    "pybayeux_replay.sqlite",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.engine.default",
):
    import_module(_name)
