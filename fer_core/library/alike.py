"""How the analyses behind a table or curves were read, and whether that was alike."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from fer_core.library.values import Entry
from fer_core.reports.wording import sampling
from fer_core.request import AnalysisRequest, percent

Behind = Mapping[str, Collection[str]]
"""By condition, the analyses whose readings are in its figures."""

NOT_ALIKE: Final = (
    "These analyses were not all read alike, so conditions and people may differ by how they were read. How many "
    "analyses were read how, by condition:"
)

MOST_CONDITIONS: Final = 8
"""Conditions in a sentence; of those that follow it says how many there are."""

_DIGITS: Final = 12
"""Of a SHA-256; whoever wants all of them finds them in the report."""


def together(*parts: Behind) -> dict[str, set[str]]:
    """The analyses behind several tables or sets of curves, by condition."""
    found: dict[str, set[str]] = {}
    for part in parts:
        for condition, analyses in part.items():
            found.setdefault(condition, set()).update(analyses)
    return found


def used(entries: Sequence[Entry], behind: Behind) -> list[Entry]:
    """The entries whose readings are in a figure, in their order."""
    names = {name for analyses in behind.values() for name in analyses}
    return [entry for entry in entries if entry.analysis in names]


def differences(entries: Sequence[Entry], behind: Behind) -> tuple[str, ...]:
    """A sentence for each respect in which the analyses behind figures were read differently; none where in none.

    The engine is no such respect: on another one the same network differs by rounding alone.
    """
    return tuple(_sentences(used(entries, behind), behind))


def _sentences(entries: Sequence[Entry], behind: Behind) -> Iterator[str]:
    for what, words in [*_ASPECTS.items(), *_contested(entries).items()]:
        told = {entry.analysis: words(entry) for entry in entries}
        if len(set(told.values())) > 1:
            counts = {
                name: Counter(told[each] for each in analyses if each in told) for name, analyses in behind.items()
            }
            yield f"{what} – {_listed(counts)}."


def _listed(counts: Mapping[str, Counter[str]]) -> str:
    """In words; of many conditions, those first that are not as most analyses are, so that these are told of."""
    order = list(counts.items())
    if len(order) > MOST_CONDITIONS:
        usual = sum(counts.values(), Counter()).most_common(1)[0][0]
        order.sort(key=lambda each: set(each[1]) == {usual})
    told = [
        f"{name}: {', '.join(f'{words} ({times})' for words, times in sorted(count.items()))}"
        for name, count in order[:MOST_CONDITIONS]
    ]
    more = len(counts) - len(told)
    return "; ".join([*told, *([f"and {more} further {'condition' if more == 1 else 'conditions'}"] if more else [])])


def _contested(entries: Sequence[Entry]) -> dict[str, Callable[[Entry], str]]:
    """The files, such as networks, that analyses name with different contents.

    A file that one of them does not name at all is none of these: other models and engines have files of other names.
    """
    contents: dict[str, set[str]] = {}
    for entry in entries:
        for name, digest in entry.provenance.files.items():
            contents.setdefault(name, set()).add(digest)
    names = sorted(name for name, found in contents.items() if len(found) > 1)
    return {f"SHA-256 of {name}": partial(_digest, name) for name in names}


def _digest(name: str, entry: Entry) -> str:
    digest = entry.provenance.files.get(name)
    return f"{digest[:_DIGITS]}…" if digest else "not used"


def _faces(request: AnalysisRequest) -> str:
    parameters = (f"{name} {value}" for name, value in sorted(request.detector.parameters.items()))
    return " ".join([request.detector.name, *parameters])


def _smoothing_in_short(request: AnalysisRequest) -> str:
    return "not smoothed" if request.smoothing == "none" else f"{request.smoothing} {request.time_constant_s:g} s"


def _region(request: AnalysisRequest) -> str:
    part = request.region
    return "whole" if part is None else f"from {part.x:g} {part.y:g}, {part.width:g} by {part.height:g} of it"


_ASPECTS: Final[Mapping[str, Callable[[Entry], str]]] = {
    "Model": lambda entry: entry.effective.model or "not named",
    "Face detector": lambda entry: _faces(entry.effective),
    "Sampling": lambda entry: sampling(entry.effective),
    "Smoothing": lambda entry: _smoothing_in_short(entry.effective),
    "Uncertain": lambda entry: f"below {percent(entry.effective.threshold)}",
    "Picture": lambda entry: _region(entry.effective),
}
