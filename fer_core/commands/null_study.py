"""The `null-study` command: how often the statistics of groups find something where there is nothing."""

import argparse

from fer_core.commands import Commands
from fer_core.commands.output import DONE, check_target, say, tell, write_json
from fer_core.commands.values import at_least


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("null-study", help="measure how often group statistics are wrong without an effect")
    command.add_argument("--studies", type=at_least(1), default=1000, help="simulated studies; default: 1000")
    command.add_argument("--people", type=at_least(5), default=12, help="people in each group; default: 12")
    command.add_argument("--seed", type=at_least(0), default=0, help="of the simulation; default: 0")
    command.add_argument("--json", metavar="FILE", help='where the figures go, too; "-" for stdout')
    command.set_defaults(run=_null_study)


def _null_study(options: argparse.Namespace) -> int:
    from fer_core.diagnostics.null_study import null_study

    check_target(options.json)
    rates = []
    for rate in null_study(options.studies, options.people, options.seed):
        rates.append(rate.as_record())
        if options.json == "-":
            say(str(rate))
        else:
            tell(str(rate))
    if options.json:
        write_json({"people": options.people, "seed": options.seed, "tests": rates}, options.json)
    return DONE
