"""Faye, and CometD's own small server for Node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.node import node, package_version
from tests.servers.server import Server

if TYPE_CHECKING:
    from tests.servers.server import Option

__all__ = ("cometd_node", "faye")


def faye(**options: Option) -> Server:
    """A Faye server, not yet started.

    Args:
        options: ``timeout`` and ``interval``, in milliseconds. Faye forgets a client after twice the timeout.

    Raises:
        MissingTool: Node 18 or npm is missing.
        BuildError: the packages could not be installed.
    """
    command = node("faye_server.js")
    return Server("faye", package_version("faye"), "/bayeux", command, options)


def cometd_node(**options: Option) -> Server:
    """A cometd-nodejs server (long-polling only), not yet started.

    Args:
        options: its own, such as ``timeout`` and ``maxInterval``, in milliseconds.

    Raises:
        MissingTool: Node 18 or npm is missing.
        BuildError: the packages could not be installed.
    """
    command = node("cometd_node_server.js")
    return Server("cometd-nodejs", package_version("cometd-nodejs-server"), "/cometd", command, options)
