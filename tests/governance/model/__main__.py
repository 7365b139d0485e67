"""Many runs of the model, or one again: `python -m tests.governance.model [--help]`.

Ends with 1 and says how to replay when a run breaks a rule.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.governance.model import schedules

LONG = {4: 20_000, 7: 2_000}  # runs, by number of tellers
BATCH = 50


def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.governance.model", description=__doc__)
    parser.add_argument("--seats", type=int, choices=sorted(LONG), help="only with so many tellers")
    parser.add_argument("--runs", type=int, help="how many runs, instead of tens of thousands")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this one alone, and print what happened")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        return replay(chosen.seed, chosen.seats or 4)
    for seats in [chosen.seats] if chosen.seats else sorted(LONG):
        if not many(seats, chosen.first, chosen.runs or LONG[seats]):
            return 1
    return 0


def replay(seed: int, seats: int) -> int:
    """One run with its trace."""
    world = schedules.made(seed, seats=seats)
    try:
        found = schedules.finish(world, seed)
    except Exception:
        print("\n".join(world.trace), flush=True)
        raise
    print("\n".join(world.trace))
    print(found)
    return 0


def attempt(job: tuple[int, int, int]) -> list[tuple[int, str]]:
    """(seed, what broke) of the runs of a batch that fail."""
    seats, first, runs = job
    failed = []
    for seed in range(first, first + runs):
        try:
            schedules.run(seed, seats=seats)
        except Exception as error:  # noqa: BLE001 - whatever breaks is told with its seed
            failed.append((seed, f"{type(error).__name__}: {error}"))
    return failed


def many(seats: int, first: int, runs: int) -> bool:
    """Whether all of these runs keep the rules; a line on standard error tells how far it is."""
    jobs = [(seats, at, min(BATCH, first + runs - at)) for at in range(first, first + runs, BATCH)]
    done, failed, said, began = 0, [], 0.0, time.monotonic()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for job, found in zip(jobs, pool.imap(attempt, jobs), strict=True):
            done += job[2]
            failed += found
            if failed:
                break
            now = time.monotonic()
            if done == runs or now - said > (0.5 if sys.stderr.isatty() else 30):
                said = now
                left = (now - began) / done * (runs - done)
                text = f"{seats} tellers: {done:,} of {runs:,} runs, {left:.0f} s to go"
                end = "\r" if sys.stderr.isatty() and done < runs else "\n"
                print(f"{text:60}", end=end, file=sys.stderr, flush=True)
    for seed, why in failed:
        print(f"With {seats} tellers and seed {seed}: {why}")
        print(
            f"  To see it: .venv/bin/python -m tests.governance.model --seats {seats} --seed {seed}"
        )
    return not failed


if __name__ == "__main__":
    sys.exit(main())
