"""The curves over time in the PDF of a study."""

from typing import Final

from fer_core.errors import TimelineError
from fer_core.library.curves import ConditionCurves
from fer_core.reports.pdf_page import QUIET, WIDTH_MM, Document
from fer_core.reports.study_charts import LINES, curves_chart
from fer_core.timeline.groups.clusters import ClusterTest, compare_curves
from fer_core.timeline.groups.curves import MeanCurve, mean_curve

MOST_LEFT_OUT: Final = 20
"""Sentences about what is left out of the curves; the page has all."""

_ABOUT: Final = (
    "Mean over people with the 95 % bootstrap band of each moment by itself; a moment with under five people is empty. "
    "Where the number of people changes over time, the mean can change with it. "
    "Bands that part at one moment are no test. A grey bar marks a cluster that is significant; the tests of several "
    "expressions are not corrected for their number."
)


def add_curves(page: Document, emotion: str, found: ConditionCurves) -> list[MeanCurve | ClusterTest]:
    """Write the mean curves of one expression, and how two conditions compare; what the methods paragraph is about."""
    title = f"{emotion}: mean probability over time"
    page.chapter(title[:1].upper() + title[1:], 150)
    means, said = dict[str, MeanCurve](), list[str]()
    for condition, curves in found.curves.items():
        try:
            means[condition] = mean_curve(curves)
        except TimelineError as error:
            said.append(f"{condition}: {error}")
    shown = dict(list(means.items())[: len(LINES)])
    test = _tested(found, list(shown))
    if shown:
        clusters = test.clusters if isinstance(test, ClusterTest) else ()
        words = "; ".join(f"{name}: {mean.people}" for name, mean in shown.items())
        page.chart(curves_chart(list(shown.values()), clusters, WIDTH_MM, 70), f"{title}. {words}")
        lines = (f"{name}: {LINES[place][0]}, {mean.about}" for place, (name, mean) in enumerate(shown.items()))
        page.bullets(list(lines), 7.5)
        page.paragraph(_ABOUT, QUIET, 7.5)
    if isinstance(test, ClusterTest):
        page.panel(" and ".join(shown), test.sentence())
    elif test:
        said.append(test)
    if len(means) > len(shown):
        said.append(f"Only the first {len(LINES)} conditions are drawn; the Study page shows the others.")
    for words in said:
        page.paragraph(words)
    if found.missing:
        page.bullets(found.missing[:MOST_LEFT_OUT], 7)
    results: list[MeanCurve | ClusterTest] = list(shown.values())
    return [*results, *([test] if isinstance(test, ClusterTest) else [])]


def _tested(found: ConditionCurves, names: list[str]) -> ClusterTest | str:
    """The comparison of two conditions, or why there is none; empty where there is one condition alone."""
    if len(names) > 2:
        return "Curves are compared where there are two conditions; with more, choose two on the Study page."
    if len(names) < 2:
        return ""
    try:
        return compare_curves(found.curves[names[0]], found.curves[names[1]])
    except TimelineError as error:
        return str(error)
