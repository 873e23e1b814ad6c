"""The `self-test` and `doctor` commands: does everything work on this machine, and where it is deployed."""

import argparse
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from fer_core.commands import Commands
from fer_core.commands.output import BAD_INPUT, DONE, tell

if TYPE_CHECKING:
    from fer_core.diagnostics.checks import Check


def add(commands: Commands) -> None:
    """Add the commands."""
    command = commands.add_parser(
        "self-test", help="check weights, colour order, orientation and speed on this machine"
    )
    command.add_argument("--keras", action="store_true", help="also compare every model with itself in Keras")
    command.set_defaults(run=_self_test)
    command = commands.add_parser(
        "doctor", help="check libraries, folders, disk, limits and the camera's ways, and say what to do"
    )
    command.add_argument(
        "--address",
        metavar="URL",
        help="of the running dashboard, as visitors reach it: HTTPS, pages and WebSocket too",
    )
    command.add_argument(
        "--service",
        metavar="URL",
        help="of the running HTTP service, as programs reach it: HTTPS, readiness, keys, and room for uploads",
    )
    command.set_defaults(run=_doctor)


def _self_test(options: argparse.Namespace) -> int:
    from fer_core.diagnostics.self_test import self_test

    return _told(self_test(keras=options.keras))


def _doctor(options: argparse.Namespace) -> int:
    from fer_core.diagnostics.doctor import doctor
    from fer_core.diagnostics.service_doctor import service_doctor

    of_service = service_doctor(options.service) if options.service is not None else ()
    return _told(chain(doctor(options.address), of_service))


def _told(checks: "Iterable[Check]") -> int:
    failed = False
    for check in checks:
        tell(str(check))
        failed |= check.passed is False
    return BAD_INPUT if failed else DONE
