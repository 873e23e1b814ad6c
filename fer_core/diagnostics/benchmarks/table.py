"""The figures of `bench` as a table for the terminal and as one for documents."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from fer_core.diagnostics.benchmarks.growth import Curve
from fer_core.diagnostics.benchmarks.parts import PARTS
from fer_core.diagnostics.benchmarks.peers import Comparison, PeerFigures
from fer_core.diagnostics.benchmarks.pictures import Machine
from fer_core.diagnostics.benchmarks.spread import Figure

COLUMNS: Final = ("", "median", "least to most", "n", "limit", "slower by")


def machine_line(machine: Machine) -> str:
    """The machine in one line."""
    cores = "" if machine.cores is None else f", {machine.cores} core{'s' * (machine.cores != 1)}"
    load = "" if machine.load is None else f", load before the measurement {machine.load}"
    return f"{machine.processor}{cores}, {machine.system}, Python {machine.python}{load}"


def text_lines(figures: Iterable[Figure]) -> Iterator[str]:
    """The table for a terminal, line by line; a limit is explained under its part."""
    rows = [(figure, _cells(figure)) for figure in figures]
    widths = [max([len(COLUMNS[i]), *(len(cells[i]) for _, cells in rows)]) for i in range(len(COLUMNS))]
    yield _line(COLUMNS, widths)
    for part, lines in groupby(rows, key=lambda row: row[0].part):
        group = list(lines)
        limits = dict.fromkeys(figure.limit_is for figure, _ in group if figure.limit_is)
        yield ""
        yield PARTS[part][0] + (f" (limit: {'; '.join(limits)})" if limits else "")
        yield from (_line(cells, widths) for _, cells in group)


def markdown(figures: Iterable[Figure]) -> str:
    """The table for a document."""
    rows = ["| | median | least to most | n | limit | slower by |", "|---|---|---|---|---|---|"]
    for part, group in groupby(figures, key=lambda figure: figure.part):
        rows.append(f"| **{PARTS[part][0]}** | | | | | |")
        for figure in group:
            name, median, spread, n, limit, ratio = _cells(figure)
            explained = f"{limit}, {figure.limit_is}" if figure.limit_is else ""
            rows.append(f"| {name} | {median} | {spread} | {n} | {explained} | {ratio} |")
    return "\n".join(rows)


def peer_lines(figures: PeerFigures) -> Iterator[str]:
    """Another project beside this one, for a terminal."""
    yield f"Against {figures.peer} {figures.versions[figures.peer]}, in turns"
    rows = [("", "this project", figures.peer, "faster by", "least to most", "n"), *map(_compared, figures.comparisons)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    yield from (_line(row, widths) for row in rows)


def peer_markdown(figures: PeerFigures) -> str:
    """Another project beside this one, for a document."""
    name = f"`{figures.peer}` {figures.versions[figures.peer]}"
    rows = [f"| | this project | {name} | faster by | least to most | n |", "|---|---|---|---|---|---|"]
    return "\n".join([*rows, *(f"| {' | '.join(_compared(one))} |" for one in figures.comparisons)])


def _compared(one: Comparison) -> tuple[str, ...]:
    return (
        one.name,
        f"{number(one.ours.median)} {one.ours.unit}",
        f"{number(one.theirs.median)} {one.theirs.unit}",
        f"{number(one.ratio)} times",
        f"{number(one.ratio_least)} to {number(one.ratio_most)}",
        str(one.ours.n),
    )


def growth_lines(curves: Iterable[Curve]) -> Iterator[str]:
    """How cost grows, for a terminal."""
    for curve in curves:
        yield f"{curve.name}: {_further(curve)}"
        yield "  " + ", ".join(_places(curve))


def growth_markdown(curves: Iterable[Curve]) -> str:
    """How cost grows, for a document."""
    rows = ["| cost | over | medians | for each further one |", "|---|---|---|---|"]
    rows += [f"| {curve.name} | {curve.over} | {'; '.join(_places(curve))} | {_further(curve)} |" for curve in curves]
    return "\n".join(rows)


def _places(curve: Curve) -> Iterator[str]:
    for place, figure in zip(curve.places, curve.figures, strict=True):
        yield f"{number(place)}: {number(figure.median)} {figure.unit}"


def _further(curve: Curve) -> str:
    return f"{number(curve.slope)} {curve.unit} a {curve.step_name}"


def number(value: float) -> str:
    """A figure as people read it: 1,234 or 12.3 or 0.123."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = figure.times_limit
    return (
        figure.name,
        f"{number(figure.median)} {figure.unit}",
        f"{number(figure.least)} to {number(figure.most)}",
        str(figure.n),
        "" if figure.limit is None else f"{number(figure.limit)} {figure.unit}",
        "" if ratio is None else f"{number(ratio)} times",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        f"{cell:<{width}}" if i == 0 else f"{cell:>{width}}"
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *others)).rstrip()
