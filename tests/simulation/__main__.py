"""Run seeds of the simulation, and fail if a run has a violation.

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

from simulation.edges import memory_edges
from simulation.faults import QUOTAS
from simulation.judge import JudgedSeed, judge_seed, replay_hint
from simulation.over_http import http_edges
from simulation.regimes import REGIMES
from simulation.reporting import Figures, describe
from simulation.seeded_bugs import BUGS, Bug


def main() -> int:
    """Return 0 if no run has a violation, else 1."""
    arguments = _parser().parse_args()
    seeds = (
        [arguments.seed]
        if arguments.seed is not None
        else list(range(arguments.first, arguments.first + arguments.seeds))
    )
    begin, figures, failed = time.monotonic(), Figures(), 0
    for judged in _judge(seeds, arguments):
        figures += judged.figures
        if judged.violations:
            failed += 1
            regime = ["--regime", arguments.regime] if arguments.regime else []
            hint = replay_hint(judged.seed, *["--http"] * arguments.http, *["--quotas", arguments.quotas], *regime)
            _print(f"seed {judged.seed}: {len(judged.violations)} faults; {hint}")
            _print(*(f"  {violation}" for violation in judged.violations[:10]))
    _print(f"{len(seeds)} seeds in {time.monotonic() - begin:.1f} s by {arguments.jobs} processes, {failed} failed")
    _print(describe(figures))
    return 1 if failed else 0


def _judge(seeds: list[int], arguments: Namespace) -> Iterator[JudgedSeed]:
    bug = BUGS.get(arguments.planted, Bug())
    options = replace(bug.options, quotas=arguments.quotas, regime=arguments.regime or bug.options.regime)
    if arguments.jobs == 1 or arguments.planted or arguments.http:
        with bug.plant(), http_edges() if arguments.http else nullcontext(memory_edges) as edges:
            yield from (judge_seed(seed, replace(options, edges=edges)) for seed in seeds)
        return
    with ProcessPoolExecutor(arguments.jobs) as pool:
        yield from pool.map(partial(judge_seed, options=options), seeds, chunksize=5)


def _print(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, help="replay this seed")
    parser.add_argument("--seeds", type=int, default=100, help="the number of seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="the number of processes")
    parser.add_argument("--http", action="store_true", help="over HTTP with real botocore, in one process")
    parser.add_argument(
        "--quotas", choices=QUOTAS, default="drawn", help="the quotas of CloudFront; drawn by the seed unless given"
    )
    parser.add_argument("--regime", choices=REGIMES, help="further conditions of the runs")
    parser.add_argument("--planted", choices=BUGS, help="a seeded bug, which must make seeds fail")
    return parser


if __name__ == "__main__":
    sys.exit(main())
