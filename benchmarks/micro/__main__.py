"""Counts the instructions of the pieces that every event passes, and compares them with the ratios of the repository.

A count does not depend on what else the machine does, so CI can check it. It needs valgrind. Without it nothing is
counted, which is an error where PYBAYEUX_REQUIRE_SERVERS=1 says that every tool has to be there.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from benchmarks.micro import ratios
from benchmarks.micro.counting import CountError, instructions
from benchmarks.micro.pieces import BASELINE, PIECES
from tests.servers.build import MissingTool


def main() -> int:
    """Count, and print the ratios; exit code 1 where one is larger than it was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.micro", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep these ratios from now on")
    parser.add_argument("pieces", nargs="*", metavar="PIECE", help=f"some of: {'; '.join(PIECES)}")
    arguments = parser.parse_args()
    try:
        pieces = [BASELINE, *(piece for piece in arguments.pieces or PIECES if piece != BASELINE)]
        # What is counted does not depend on what runs beside it.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            counts = pool.map(instructions, pieces)
            baseline = next(counts)
            found = {piece: _shown(piece, count / baseline) for piece, count in zip(pieces[1:], counts, strict=True)}
    except MissingTool as missing:
        print(f"not counted: {missing}", file=sys.stderr)
        return 1 if os.environ.get("PYBAYEUX_REQUIRE_SERVERS") == "1" else 0
    except CountError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.write:
        ratios.keep(ratios.kept() | found)
        return 0
    before = ratios.kept()
    if not before:
        print(f"there are no ratios of Python {ratios.VERSION} to compare with")
    wrong = [f"{piece}: {why}" for piece, ratio in found.items() if (why := ratios.verdict(ratio, before.get(piece)))]
    print("\n".join(wrong))
    return 1 if wrong else 0


def _shown(piece: str, ratio: float) -> float:
    print(f"{piece:<44}{ratio:6.2f} times {BASELINE}", flush=True)
    return ratio


if __name__ == "__main__":
    raise SystemExit(main())
