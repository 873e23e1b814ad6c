"""`batch`, which reads many recordings into one dataset."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from fer_core.commands import Commands
from fer_core.commands.output import DONE, checked_folder, progress_line, say
from fer_core.commands.shared_options import add_purpose_option, add_request_options, declaration_of, request_of
from fer_core.commands.values import at_least, filled_path, positive
from fer_core.jobs import Monitor

if TYPE_CHECKING:
    from fer_core.batch.run import Report
    from fer_core.batch.unit import Engine
    from fer_core.declaration import Declaration

SOME_FAILED: Final = 1
_MOST_NAMED: Final = 20


def add(commands: Commands) -> None:
    """Add the command."""
    batch = commands.add_parser(
        "batch",
        help="read many recordings into one dataset",
        description="Read many recordings into one dataset. DIR gets readings/recording=<id>/part.parquet, "
        "recordings.parquet with a row a recording, failures too, dictionary.json and request.json. The same command "
        "again goes on where it was ended, and reads only new recordings. Status 0 where all were read, 1 where some "
        "failed.",
    )
    batch.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help='a recording, a folder, a pattern such as "*.mp4", or one of these in a store: "s3://bucket/*.mp4"',
    )
    batch.add_argument("--out", type=_folder, required=True, metavar="DIR", help="where the dataset is or will be")
    batch.add_argument(
        "--backend",
        choices=("local", "ray"),
        default="local",
        help="what shares the work: processes of this machine (default), or Ray, here or on the cluster of RAY_ADDRESS",
    )
    batch.add_argument(
        "--workers",
        type=at_least(1),
        metavar="N",
        help="processes that read, at most one a core; default: one a core, with ray one core is left free",
    )
    batch.add_argument("--limit", type=positive(float), metavar="SECONDS", help="give up a recording that takes longer")
    batch.add_argument("--retry", action="store_true", help="try recordings again that failed before")
    batch.add_argument("--watch", action="store_true", help="go on with what comes into SOURCE, until Ctrl-C")
    add_purpose_option(batch)
    add_request_options(batch)
    batch.set_defaults(run=_batch)


def _batch(options: argparse.Namespace) -> int:
    from fer_core.batch.run import read_all

    out = checked_folder(options.out, "--out")
    declaration, engine = declaration_of(options), _engine(options)
    try:
        if options.watch:
            _watch(options, engine, declaration)
        report = read_all(options.sources, out, engine, retry=options.retry, monitor=_line(), declaration=declaration)
    except KeyboardInterrupt:
        say(f"what was read is kept in {out}; the same command goes on")
        raise
    _say(report, out)
    return SOME_FAILED if report.failed else DONE


def _engine(options: argparse.Namespace) -> "Engine":
    if options.backend == "ray":
        from fer_core.batch.cluster import ClusterEngine

        return ClusterEngine(request_of(options), options.workers, options.limit)
    from fer_core.batch.local import LocalEngine
    from fer_core.networks.cores import available_cores

    workers = available_cores() if options.workers is None else options.workers
    return LocalEngine(request_of(options), workers, options.limit)


def _watch(options: argparse.Namespace, engine: "Engine", declaration: "Declaration | None") -> NoReturn:
    """Read what comes, until somebody interrupts."""
    from fer_core.batch.watching import read_as_they_come

    say(f"waiting for recordings in {', '.join(options.sources)}; end with Ctrl-C")
    reports = read_as_they_come(
        options.sources, options.out, engine, retry=options.retry, monitors=_line, declaration=declaration
    )
    while True:
        _say(next(reports), options.out)


def _line() -> Monitor:
    return progress_line("the recordings")


def _say(report: "Report", out: Path) -> None:
    for entry in report.failed[:_MOST_NAMED]:
        say(f"failed: {entry.name}: {entry.reason}")
    if len(report.failed) > _MOST_NAMED:
        say(f"... and {len(report.failed) - _MOST_NAMED} more; all are in recordings.parquet")
    read = len(report.entries) - len(report.failed)
    done = len(report.entries) - report.attempted
    again = f", {report.failed_before} of which failed then (--retry tries again)" if report.failed_before else ""
    before = f"; {done} of these were done before{again}" if done > 0 else ""
    n_copies = sum(len(entry.copies) for entry in report.entries)
    words = "1 more is a copy of one of these" if n_copies == 1 else f"{n_copies} more are copies of these"
    copies = f"; {words}" if n_copies else ""
    say(f"{out} is ready: {read} read, {len(report.failed)} failed{before}{copies}")


def _folder(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError(
            "a folder of this machine, such as a mounted one; copy it to a store afterwards"
        )
    return filled_path(text)
