"""A dated file of everything that one run of `bench` measured, with the bars that are met and those that are not."""

import datetime
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from fer_core.diagnostics.benchmarks.bench_figures import BenchFigures
from fer_core.diagnostics.benchmarks.pictures import Machine
from fer_core.diagnostics.benchmarks.table import number
from fer_core.errors import MediaError
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.resources import PACKAGE
from fer_core.whole_file import whole_file

LIBRARIES: Final = ("ai-edge-litert", "streamlit", "plotly", "playwright")
IDLE_BELOW: Final = 0.3
"""Load of the last minute, per core, below which a machine had nothing else to do."""

_NAMED: Final = ("fer_core", "ai-edge-litert", "av", "opencv-python-headless", "streamlit")
_NAME: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:-(\d+))?\.json")


@dataclass(frozen=True)
class Bar:
    """An aim on two idle cores, and how far it is reached.

    Attributes:
        name: what is to be reached, in words.
        at_least: whether more is better; else less is.
        aim: the figure to reach.
        unit: "times", "s" or "x".
        measured: None where the run did not measure it.
    """

    name: str
    at_least: bool
    aim: float
    unit: str
    measured: float | None

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None where it was not measured."""
        if self.measured is None:
            return None
        return self.measured >= self.aim if self.at_least else self.measured <= self.aim


@dataclass(frozen=True)
class Report:
    """What one run measured, and of what.

    Attributes:
        date: day of the run, ISO 8601.
        commit: of the source, with "+" behind it where files differ from it; None of an installed copy.
        versions: of this package and of the libraries that compute.
        settings: options of the command.
        figures: everything that was measured.
        bars: aims and how far they are reached.
    """

    date: str
    commit: str | None
    versions: Mapping[str, str]
    settings: Mapping[str, JsonValue]
    figures: BenchFigures
    bars: Sequence[Bar]


def report(figures: BenchFigures, settings: Mapping[str, JsonValue]) -> Report:
    """The report of a run that has just ended."""
    versions = Provenance.of({}, LIBRARIES).versions
    return Report(
        datetime.date.today().isoformat(), _commit(), versions, settings, figures, bars(figures, settings.get("length"))
    )


def bars(figures: BenchFigures, length_s: JsonValue = 60) -> tuple[Bar, ...]:
    """The aims, and what was measured of each.

    Args:
        figures: of a run.
        length_s: of the recordings of its table, in seconds; fewer than a minute have no say on the memory of one.
    """
    line = {figure.key: figure for figure in figures.table}
    ratio = {one.key: one.ratio for one in figures.against.comparisons} if figures.against else {}

    def median(key: str) -> float | None:
        return line[key].median if key in line else None

    bare = [f.times_limit for key, f in line.items() if key.startswith("classifier.litert.") and f.times_limit]
    hour = figures.video if figures.video and figures.video.duration_s >= 3000 else None
    is_minute = isinstance(length_s, int) and length_s >= 60
    minute = median("recording.h264.1080p30.memory") if is_minute else None
    return (
        Bar("first answer to a picture, against `fer`", True, 5, "times", ratio.get("cold")),
        Bar("first answer to a picture", False, 0.8, "s", median("start.image")),
        Bar("a picture with one face, against `fer` with Haar", True, 2, "times", ratio.get("haar")),
        Bar("a picture with one face, against `fer` with MTCNN", True, 10, "times", ratio.get("mtcnn")),
        Bar("a recording, against `fer`", True, 12, "times", ratio.get("recording")),
        Bar("720p30, 4 samples a second, against its duration", True, 25, "x", median("recording.h264.720p30.speed")),
        Bar("1080p30, 4 samples a second, against its duration", True, 12, "x", median("recording.h264.1080p30.speed")),
        Bar("classifier, against the bare LiteRT call, worst batch", False, 1.3, "times", max(bare, default=None)),
        Bar(
            "memory of an hour, against a minute",
            False,
            1.1,
            "times",
            hour.peak_rss_mb / minute if hour and minute else None,
        ),
        Bar("dashboard, from its command to the first page", False, 3, "s", median("page.first")),
        Bar("self-test", False, 5, "s", median("self-test.whole")),
    )


def is_idle(machine: Machine) -> bool:
    """Whether nothing else ran before the measurement, as far as the system tells."""
    return machine.load is None or machine.load <= IDLE_BELOW * (machine.cores or 1)


def bars_markdown(of: Report, others: Sequence[Report] = ()) -> str:
    """The aims for a document. What was measured beside other work judges none.

    Args:
        of: the run that judges them.
        others: runs, newest first. What `of` did not measure is taken from the first of them on such a machine that
            with the same model that did, and bears its day.
    """
    rows = ["| aim on two idle cores | measured | |", "|---|---|---|"]
    alike = [other for other in others if _subject(other) == _subject(of)]
    for asked in of.bars:
        found = ((run, bar) for run in (of, *alike) for bar in run.bars if bar.name == asked.name)
        run, bar = next(((run, bar) for run, bar in found if bar.measured is not None), (of, asked))
        bar = replace(asked, measured=bar.measured)
        aim = f"{bar.name}: {'at least' if bar.at_least else 'at most'} {number(bar.aim)} {bar.unit}"
        measured = "not measured" if bar.measured is None else f"{number(bar.measured)} {bar.unit}"
        measured += f" ({run.date}, another run)" if run is not of else ""
        met = bar.met if is_idle(run.figures.machine) else None
        rows.append(f"| {aim} | {measured} | {'' if met is None else 'met' if met else '**not met**'} |")
    return "\n".join(rows)


def _subject(of: Report) -> tuple[str, str, int | None, str]:
    """What was measured on which hardware."""
    machine = of.figures.machine
    return machine.system, machine.processor, machine.cores, of.figures.model


def conditions(of: Report) -> str:
    """Machine, day and versions in a sentence, and a warning where the machine was not idle."""
    machine = of.figures.machine
    cores = "" if machine.cores is None else f", {machine.cores} cores"
    versions = ", ".join(f"{name} {version}" for name, version in of.versions.items() if name in _NAMED)
    commit = f", commit `{of.commit}`" if of.commit else ""
    said = f"Measured on {of.date} on {machine.processor}{cores}, Python {machine.python}, {versions}{commit}."
    if not is_idle(machine):
        return (
            f"{said} **Other work ran on this machine** (load {machine.load} before the measurement): "
            "times are longer than on idle cores, and no aim is judged."
        )
    return f"{said} Nothing else ran (load {machine.load})."


def write(of: Report, folder: Path) -> Path:
    """Write a report under its date, how cost grows as SVG beside it; of a day's second, "-2" stands behind it.

    Raises:
        MediaError: the folder cannot be written.
    """
    text = json.dumps(as_plain(of), indent=1) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = (f"{of.date}{f'-{n}' if n > 1 else ''}.json" for n in range(1, 1000))
        path = next(folder / name for name in names if not (folder / name).exists())
        with whole_file(path) as part:
            part.write_text(text, encoding="utf-8")
        if of.figures.growth:
            from fer_core.diagnostics.benchmarks.growth_chart import growth_svg  # matplotlib only where it draws

            with whole_file(path.with_suffix(".svg")) as part:
                part.write_text(growth_svg(of.figures.growth), encoding="utf-8")
    except OSError as error:
        raise MediaError(f"{folder} cannot be written ({error.strerror}); choose another place.") from error
    return path


def newest_first(folder: Path) -> list[Path]:
    """The reports of a folder."""
    found = [(match, path) for path in folder.glob("*.json") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found, key=lambda one: (one[0][1], int(one[0][2] or 1)), reverse=True)]


def newest(folder: Path) -> Path | None:
    """The newest report of a folder; None where there is none."""
    return next(iter(newest_first(folder)), None)


def read(path: Path) -> Report:
    """Read a report.

    Raises:
        ValueError: this is none.
    """
    return from_plain(Report, json.loads(path.read_text(encoding="utf-8")))


def _commit() -> str | None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
