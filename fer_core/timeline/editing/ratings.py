"""Ratings of one recording: how they change when a rater labels a span, and when people are corrected.

Ratings of one rater and person never overlap; a later one replaces what it covers.
"""

from collections.abc import Iterable
from dataclasses import replace

from fer_core.timeline.notes import Rating

Ratings = tuple[Rating, ...]


def rated(ratings: Ratings, new: Rating) -> Ratings:
    """The ratings with a new one, which replaces what the same rater said of the person in its span."""
    return _in_order((*erased(ratings, new.person, new.start_s, new.end_s, new.rater), new))


def erased(ratings: Ratings, person: int, start_s: float, end_s: float, rater: str) -> Ratings:
    """The ratings without those parts that a rater gave a person in a span; what reaches beyond the span stays."""
    kept: list[Rating] = []
    for rating in ratings:
        touched = (rating.person, rating.rater) == (person, rater) and rating.start_s < end_s and rating.end_s > start_s
        kept += _around(rating, start_s, end_s) if touched else [rating]
    return _in_order(kept)


def joined(ratings: Ratings, person: int, other: int) -> Ratings:
    """The ratings after `other` became `person`; where both were rated, those of `other` count."""
    result = tuple(rating for rating in ratings if rating.person != other)
    for rating in ratings:
        if rating.person == other:
            result = rated(result, replace(rating, person=person))
    return result


def parted(ratings: Ratings, person: int, at_s: float, number: int) -> Ratings:
    """The ratings after the person became `number` from a moment on; a rating across that moment becomes two."""
    result: list[Rating] = []
    for rating in ratings:
        if rating.person != person or rating.end_s <= at_s:
            result.append(rating)
            continue
        if rating.start_s < at_s:
            result.append(replace(rating, end_s=at_s))
        result.append(replace(rating, person=number, start_s=max(rating.start_s, at_s)))
    return _in_order(result)


def raters(ratings: Iterable[Rating]) -> list[str]:
    """The names of all raters, in the order of the alphabet; one without a name is empty."""
    return sorted({rating.rater for rating in ratings})


def _around(rating: Rating, start_s: float, end_s: float) -> list[Rating]:
    """The parts of a rating before and after a span."""
    before = [replace(rating, end_s=start_s)] if rating.start_s < start_s else []
    after = [replace(rating, start_s=end_s)] if rating.end_s > end_s else []
    return before + after


def _in_order(ratings: Iterable[Rating]) -> Ratings:
    return tuple(sorted(ratings, key=lambda rating: (rating.person, rating.rater, rating.start_s)))
