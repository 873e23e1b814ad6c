"""The installed models ranked by the figures of their cards, and a recommendation in one sentence."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fer_core.classification import ModelCard
from fer_core.classification.metrics import CardFigures
from fer_core.evaluation.cost import NETWORK_FILE
from fer_core.evaluation.significance import Comparison
from fer_core.number_text import p_text


@dataclass(frozen=True)
class Standing:
    """One model's row in the table; None for figures that were not measured.

    Attributes:
        name: of its folder.
        title: for people.
        short: the title up to "(", "with" or "for"; different for every model of a ranking.
        accuracy: on all faces of the split.
        accuracy_ci95: its 95 % interval [low, high].
        without_copies: accuracy on the faces that are not among the training faces.
        macro_f1: mean F1 over the emotions.
        ece: expected calibration error.
        n: faces of the split.
        parameters: weights.
        size_bytes: of the network file that runs; of an ensemble, of all its members'.
        latency_ms: milliseconds to read one face on this machine.
        licence: of the weights.
        members: names of an ensemble's models; else empty.
        source: where another project's network is from, of which it is not known here whether it learnt from the faces
            that it is measured on; None for this project's own.
    """

    name: str
    title: str
    short: str
    accuracy: float | None
    accuracy_ci95: tuple[float, float] | None
    without_copies: float | None
    macro_f1: float | None
    ece: float | None
    n: int | None
    parameters: int
    size_bytes: int
    latency_ms: float | None
    licence: str
    members: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True)
class Advice:
    """Which model to take.

    Attributes:
        name: of the model.
        reason: why, in one or two sentences that name models by their short titles.
    """

    name: str
    reason: str


def standings(
    cards: Sequence[ModelCard], split: str, latency_ms: Mapping[str, float], without_copies: bool = False
) -> list[Standing]:
    """The models by accuracy on a split, the best first, those without figures last.

    Args:
        cards: of all installed models, members of ensembles among them.
        split: a key of the cards' metrics.
        latency_ms: by model, where it was measured.
        without_copies: let accuracy, interval and n be those of the faces that are no training faces.
    """
    by_name, short = {card.name: card for card in cards}, short_titles(cards)
    rows = [
        _standing(card, short[card.name], _figures(card, split, without_copies), latency_ms.get(card.name), by_name)
        for card in cards
    ]
    return sorted(rows, key=lambda row: (row.accuracy is None, -(row.accuracy or 0), row.name))


def short_titles(cards: Iterable[ModelCard]) -> dict[str, str]:
    """By name, a title that fits a legend; where two would be the same, the name stands behind it."""
    first = {card.name: re.split(r" \(| with | for ", card.title)[0].strip() or card.name for card in cards}
    often = list(first.values())
    return {name: title if often.count(title) == 1 else f"{title} ({name})" for name, title in first.items()}


def advice(ranked: Sequence[Standing], comparisons: Iterable[Comparison], default: str = "") -> Advice | None:
    """The recommended model: the fastest of those that are not significantly worse than the most accurate one.

    Args:
        ranked: as `standings` gives them. Other projects' networks are never recommended: they may have learnt from
            the very faces that they are measured on.
        comparisons: of models on the same faces, named by their short titles; pairs may be missing.
        default: name of the model that is used unless another is chosen; where it is not the recommended one, the
            reason says how far it is from it.

    Returns:
        None where no model of this project has figures.
    """
    measured = [row for row in ranked if row.accuracy is not None and row.source is None]
    if not measured:
        return None
    tested = {frozenset((found.first, found.second)): found for found in comparisons}
    found = _advice(measured, tested)
    rows = {row.name: row for row in measured}
    if default not in rows or default == found.name:
        return found
    return Advice(found.name, f"{found.reason} {_of_default(rows[default], rows[found.name], measured[0], tested)}")


def _advice(measured: Sequence[Standing], tested: Mapping[frozenset[str], Comparison]) -> Advice:
    best, others = measured[0], measured[1:]
    pairs = {row.name: tested.get(frozenset((best.short, row.short))) for row in others}
    if not others:
        return Advice(best.name, f"{best.short} is the only model with figures: {_right(best)}.")
    equals = [row for row in others if (pair := pairs[row.name]) is not None and not pair.established]
    chosen = min([best, *equals], key=_cost([best, *equals]))
    if chosen is not best:
        pair = pairs[chosen.name]
        assert pair is not None
        p = p_text(pair.p_adjusted, ".2g")
        return Advice(
            chosen.name,
            f"{best.short} is right most often ({_right(best)}), but its lead of {_points(pair.difference)} over "
            f"{chosen.short} can be luck ({p}), and {chosen.short} {_cheaper(chosen, best)}.",
        )
    reason = f"{best.short} is right most often: {_right(best)}."
    return Advice(best.name, f"{reason} {_lead(best, others[0], pairs[others[0].name])}")


def _figures(card: ModelCard, split: str, without_copies: bool) -> CardFigures:
    figures = card.metrics.get(split, CardFigures())
    if not without_copies or figures.accuracy_deduplicated is None:
        return figures
    return figures.model_copy(
        update={
            "accuracy": figures.accuracy_deduplicated,
            "accuracy_ci95": figures.accuracy_deduplicated_ci95,
            "n": figures.n_deduplicated,
            "ece": figures.ece_deduplicated,
        }
    )


def _standing(
    card: ModelCard,
    short: str,
    figures: CardFigures,
    latency_ms: float | None,
    cards: Mapping[str, ModelCard],
) -> Standing:
    return Standing(
        name=card.name,
        title=card.title,
        short=short,
        accuracy=figures.accuracy,
        accuracy_ci95=figures.accuracy_ci95,
        without_copies=figures.accuracy_deduplicated,
        macro_f1=figures.macro_f1,
        ece=figures.ece,
        n=figures.n,
        parameters=card.parameters,
        size_bytes=_size(card, cards),
        latency_ms=latency_ms,
        licence=card.licence,
        members=tuple(card.members),
        source=card.imported.source if card.imported else None,
    )


def _size(card: ModelCard, cards: Mapping[str, ModelCard]) -> int:
    if card.members:
        return sum(_size(cards[name], cards) for name in card.members if name in cards)
    file = NETWORK_FILE if card.imported is None else card.imported.file
    return card.files[file].bytes if file in card.files else 0


def _cost(rows: Sequence[Standing]) -> Callable[[Standing], float]:
    """The cost that decides between equally good models: time where all were timed, else the number of weights."""
    times_ms = {row.name: row.latency_ms for row in rows if row.latency_ms is not None}
    if len(times_ms) == len(rows):
        return lambda row: times_ms[row.name]
    return lambda row: row.parameters


def _cheaper(row: Standing, than: Standing) -> str:
    if row.latency_ms is not None and than.latency_ms is not None:
        return f"takes {_ms(row.latency_ms)} a face here instead of {_ms(than.latency_ms)}"
    return f"has {row.parameters / 1e6:.1f} million weights instead of {than.parameters / 1e6:.1f}"


def _lead(best: Standing, second: Standing, pair: Comparison | None) -> str:
    words = f"Next is {second.short}, {_distance(best, second, pair)}"
    if best.latency_ms is None or second.latency_ms is None:
        return f"{words}."
    return f"{words}; they take {_ms(best.latency_ms)} and {_ms(second.latency_ms)} a face here."


def _of_default(
    default: Standing, advised: Standing, best: Standing, tested: Mapping[frozenset[str], Comparison]
) -> str:
    """How far the default is from the advised model, and why it is not it, though it may be as good and quicker."""
    distance = _distance(advised, default, tested.get(frozenset((default.short, advised.short))))
    words = f"The default ★, {default.short}, is {distance}; it {_cheaper(default, advised)}"
    pair = tested.get(frozenset((default.short, best.short)))
    if best is advised or pair is None or not pair.established:
        return f"{words}."
    return f"{words}, but the lead of {best.short} over it is more than luck ({p_text(pair.p_adjusted, '.2g')})."


def _distance(better: Standing, other: Standing, pair: Comparison | None) -> str:
    assert better.accuracy is not None
    assert other.accuracy is not None
    lead = better.accuracy - other.accuracy
    if pair is None:
        verdict = "not tested, as they have no records of the same faces"
    elif pair.established:
        verdict = f"more than luck, {p_text(pair.p_adjusted, '.2g')}"
    else:
        verdict = f"which can be luck, {p_text(pair.p_adjusted, '.2g')}"
    return f"{_points(lead)} {'behind' if lead >= 0 else 'ahead'} ({verdict})"


def _right(row: Standing) -> str:
    assert row.accuracy is not None
    interval = ""
    if row.accuracy_ci95 is not None:
        low, high = row.accuracy_ci95
        interval = f", 95 % interval {100 * low:.1f} to {100 * high:.1f}"
    faces = f" of {row.n:,} faces" if row.n else ""
    return f"{100 * row.accuracy:.1f} %{faces}{interval}"


def _points(difference: float) -> str:
    return f"{100 * abs(difference):.1f} points"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f} ms"
