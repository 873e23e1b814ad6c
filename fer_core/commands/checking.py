"""The `self-test` command: does everything work on this machine."""

import argparse

from fer_core.commands import Commands
from fer_core.commands.output import BAD_INPUT, DONE, tell


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "self-test", help="check weights, colour order, orientation and speed on this machine"
    )
    command.set_defaults(run=_self_test)


def _self_test(options: argparse.Namespace) -> int:
    from fer_core.diagnostics.self_test import self_test

    failed = False
    for check in self_test():
        tell(str(check))
        failed |= check.passed is False
    return BAD_INPUT if failed else DONE
