"""Replays one run of the simulation, or does many and fails if one of them proves anything wrong.

Run it in tests/.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

from simulation.edges import in_memory
from simulation.judging import Judged, judged, replay_hint
from simulation.over_http import http_edges
from simulation.planted import BUGS, Bug
from simulation.regimes import REGIMES
from simulation.reporting import Figures, describe
from simulation.trouble import QUOTAS


def main() -> int:
    """Return 0 if nothing is stale and nothing is lost, else 1."""
    options = _parser().parse_args()
    seeds = [options.seed] if options.seed is not None else list(range(options.first, options.first + options.seeds))
    begin, figures, failed = time.monotonic(), Figures(), 0
    for each in _judge(seeds, options):
        figures += each.figures
        if each.faults:
            failed += 1
            regime = ["--regime", options.regime] if options.regime else []
            hint = replay_hint(each.seed, *["--http"] * options.http, *["--quotas", options.quotas], *regime)
            _tell(f"seed {each.seed}: {len(each.faults)} faults; {hint}")
            _tell(*(f"  {fault}" for fault in each.faults[:10]))
    _tell(f"{len(seeds)} seeds in {time.monotonic() - begin:.1f} s by {options.jobs} processes, {failed} failed")
    _tell(describe(figures))
    return 1 if failed else 0


def _judge(seeds: list[int], options: Namespace) -> Iterator[Judged]:
    bug = BUGS.get(options.planted, Bug())
    kit = replace(bug.kit, quotas=options.quotas, regime=options.regime or bug.kit.regime)
    if options.jobs == 1 or options.planted or options.http:
        with bug.plant(), http_edges() if options.http else nullcontext(in_memory) as edges:
            yield from (judged(seed, replace(kit, edges=edges)) for seed in seeds)
        return
    with ProcessPoolExecutor(options.jobs) as pool:
        yield from pool.map(partial(judged, kit=kit), seeds, chunksize=5)


def _tell(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, help="replay this one")
    parser.add_argument("--seeds", type=int, default=100, help="how many, else")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--http", action="store_true", help="over HTTP with real botocore, in one process")
    parser.add_argument(
        "--quotas", choices=QUOTAS, default="drawn", help="of CloudFront; by default the seed draws them"
    )
    parser.add_argument("--regime", choices=REGIMES, help="what a run has beside its troubles")
    parser.add_argument("--planted", choices=BUGS, help="with a bug planted, which must make seeds fail")
    return parser


if __name__ == "__main__":
    sys.exit(main())
