"""Every Python block of the documentation runs, and prints what the page says."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from pybayeux_devserver import DevServer
from tests.docs.markdown import OWN_MODULE, PAGES, ROOT, blocks
from tests.docs.page import Page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_blocks_of_the_page_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)  # some keep files
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where type hints are looked up
    monkeypatch.setitem(sys.modules, OWN_MODULE, module)
    asyncio.run(_run(path, module, request))


async def _run(path: Path, module: ModuleType, request: pytest.FixtureRequest) -> None:
    async with DevServer() as server:
        page = Page(module, server, request.getfixturevalue)
        publishing = asyncio.create_task(page.publish_orders())
        for block in blocks(path, "python"):
            if not block.not_run:
                await page.run(block)
        publishing.cancel()
