"""The drawing of the architecture has the modules of the package, and its arrows follow the import contracts."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from typing import Final

from tests.docs.markdown import ROOT, blocks

_SOURCE: Final = ROOT / "core" / "src" / "pybayeux"
_BOX: Final = re.compile(r'^ +(\w+)\["([^"]+)"\]$', re.MULTILINE)
_LAYERS: Final = "Data flows one way"


def _drawing() -> str:
    return blocks(ROOT / "docs" / "architecture.md", "mermaid")[0].source


def _parts() -> dict[str, list[str]]:
    """From each box of the package to the modules that it names."""
    core = _drawing().partition("subgraph core")[2].partition("packages[")[0]
    return {box: text.partition("<br>")[0].split(", ") for box, text in _BOX.findall(core)}


def test_every_module_is_in_the_drawing_once() -> None:
    drawn = [module for modules in _parts().values() for module in modules]
    there = {path.stem for path in _SOURCE.iterdir() if path.name != "py.typed"}
    assert sorted(drawn) == sorted(there - {"__init__", "__main__", "__pycache__", "_printable", "_util", "_version"})


def test_arrows_go_down_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [layers] = [contract["layers"] for contract in contracts if contract["name"] == _LAYERS]
    level = {name: number for number, layer in enumerate(layers) for name in re.findall(r"[\w.]+", layer)}
    parts = _parts()
    chains = [re.split(r" --> ", line.strip()) for line in _drawing().splitlines() if " --> " in line]
    arrows = [arrow for chain in chains for arrow in pairwise(chain) if set(arrow) <= parts.keys()]
    assert len(arrows) > 10
    for source, target in arrows:
        above = [level[module] for module in parts[source] if module in level]
        below = [level[module] for module in parts[target] if module in level]
        assert not above or not below or min(above) < max(below), (source, target)
