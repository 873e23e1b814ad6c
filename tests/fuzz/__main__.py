"""`python -m tests.fuzz`: hostile inputs through the public doors; exit status 1 where one of them was a fault."""

import argparse
import sys
import time

from tests.fuzz.campaign import FAULTS, Campaign, Outcome, table


def main() -> int:
    """Run a campaign and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=2000, metavar="N", help="default: 2000")
    parser.add_argument("--seed", type=int, default=0, help="other inputs; default: 0")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="at the same time; default: 2")
    parser.add_argument(
        "--only", type=int, nargs="+", default=(), metavar="NUMBER", help="these inputs of the campaign"
    )
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="also name the N slowest inputs")
    options = parser.parse_args()
    began = time.monotonic()
    outcomes = Campaign(options.inputs, options.seed, options.processes, tuple(options.only), tell=_tell).run()
    faults = [outcome for outcome in outcomes if outcome.kind in FAULTS]
    for slow in sorted(outcomes, key=lambda outcome: -outcome.seconds)[: options.slowest]:
        print(
            f"input {slow.number}, {slow.door} {slow.name}: {slow.seconds:.1f} s, {slow.peak_mb:.0f} MB, {slow.words}",
            file=sys.stderr,
        )
    print(table(outcomes))
    print(f"\n{len(outcomes)} inputs, seed {options.seed}, {time.monotonic() - began:.0f} s, {len(faults)} faults.")
    return 1 if faults else 0


def _tell(outcome: Outcome) -> None:
    """Say a fault as soon as it is seen, and now and then how far the campaign is."""
    if outcome.kind in FAULTS:
        head = f"input {outcome.number}, {outcome.door} {outcome.name}: {outcome.kind}"
        print(f"{head}\n{outcome.words}\n", file=sys.stderr, flush=True)
    elif outcome.number % 200 == 199:
        print(f"{outcome.number + 1} inputs", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
