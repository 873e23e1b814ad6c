"""By what the sample study is known, and what its figures are worth; whoever only asks need not be able to make one."""

from typing import Final

from fer_core.library.values import Entry

TAG: Final = "sample"
"""Tag of everything that is kept of it; the names of the files must be these, too, to be taken for the sample."""

PEOPLE: Final = 6
COVERED: Final = "covered"
OPEN: Final = "open"

RECORDINGS: Final = {
    f"sample {number} {condition}.mp4": (number, condition)
    for number in range(1, PEOPLE + 1)
    for condition in (OPEN, COVERED)
}
"""Names of the files, with subject and condition of each."""

MADE_UP: Final = (
    "Six ways of moving one photograph stand for six people: numbers of people, intervals and p-values here show how a "
    "comparison looks, and say nothing about people."
)


def is_sample(entry: Entry) -> bool:
    """Whether an analysis is one of the sample study: it bears its tag and one of its file names."""
    return TAG in entry.tags and entry.recording.name in RECORDINGS
