"""What an analysis is for, as the person who asked for it declared; and purposes that are refused."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fer_core.errors import RequestError
from fer_core.notice import NOTICE_VERSION

REFUSED: Final[Mapping[str, str]] = {
    "work": r"^work$|at work|workplaces?|work(force|ers?)|employ(ees?|er|ment)|staff|personnel|call.cent(er|re)s?|"
    r"(job|team|agents?'?) (performance|mood)|performance (reviews?|appraisals?)|productivity of",
    "hiring": r"hiring|hire|recruit(ing|ment|ers?)?|human resources|hr|(job|candidate) (interviews?|applicants?|"
    r"candidates?|screening)|applicants?|candidates?",
    "education": r"^education$|in education|schools?|pupils?|classrooms?|exams?|examinations?|proctoring|lectures?|"
    r"lessons?|(students?'?|learners?'?) (attention|engagement|emotions?|moods?|assessment)|"
    r"(attention|engagement|emotions?|moods?|assessment) of (the |our )?(students|learners)|grading",
}
"""Patterns of purposes that are refused, by the words of the law."""

_LONGEST: Final = 200
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\+00:00|Z)")


@dataclass(frozen=True)
class Declaration:
    """Purpose and agreement, sealed into what is written.

    Attributes:
        purpose: in words; empty where only the notice was agreed to.
        notice: version of the notice (`fer_core.notice`) that was shown.
        agreed_at: when, as ISO 8601 in UTC.
    """

    purpose: str
    notice: str
    agreed_at: str

    def __post_init__(self) -> None:
        plain = self.purpose == " ".join(self.purpose.split()) and (self.purpose or "x").isprintable()
        if not plain or max(map(len, (self.purpose, self.notice))) > _LONGEST or not self.notice.isprintable():
            raise ValueError("a purpose is a line of text")
        if not _MOMENT.fullmatch(self.agreed_at):
            raise ValueError("the moment of a declaration is a time in UTC")

    def sentence(self) -> str:
        """The declaration for people."""
        purpose = self.purpose or "not stated"
        return f"Purpose: {purpose}. Notice {self.notice} agreed to at {self.agreed_at}."


def declared(purpose: str, now: datetime | None = None) -> Declaration:
    """A declaration made now.

    Args:
        purpose: what the analysis is for, in a line.
        now: the moment, for tests.

    Raises:
        RequestError: it is empty or too long, or for work, hiring or education.
    """
    said = " ".join(purpose.split())
    if not said or len(said) > _LONGEST or not said.isprintable():
        raise RequestError(f"A purpose is a line of 1 to {_LONGEST} characters, such as: usability study of our form.")
    plain = unicodedata.normalize("NFKC", said).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for area, pattern in REFUSED.items():
        if re.search(rf"\b(?:{pattern})\b", plain, re.IGNORECASE):
            raise RequestError(
                f"For {area} this is refused: inferring emotions at work, in hiring and in education is prohibited in "
                "the European Union (AI Act, Article 5(1)(f)), and unsound everywhere. If the purpose is another one, "
                "say it in other words."
            )
    return agreed(now, said)


def agreed(now: datetime | None = None, purpose: str = "") -> Declaration:
    """That the notice was agreed to now, for a purpose or for none that was stated."""
    moment = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return Declaration(purpose, NOTICE_VERSION, moment)
