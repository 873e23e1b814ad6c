"""Mean curves over people with their bands, and whether two of them differ."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.charts.people import describe_curves, mean_curves
from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.library.curves import ConditionCurves
from fer_core.library.library import Library
from fer_core.library.values import Entry
from fer_core.timeline.groups.clusters import ENTRY_ALPHA, ClusterTest, compare_curves
from fer_core.timeline.groups.curves import Curves, MeanCurve, mean_curve
from fer_core.timeline.groups.methods import methods_paragraph
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.study.reading import AROUND_S, EVENTS, ROWS, WHOLE, WINDOW, observed_curves
from fer_core.ui.study.results import models_of, say_differences, validity

_LONGEST_S = (-10.0, 30.0)


def curves(library: Library) -> None:
    """Ask for an emotion and an alignment; show the curves of two conditions, and their comparison."""
    entries = library.entries()
    if not entries:
        st.info("Keep some recordings first; then their curves are averaged here.", icon=":material/groups:")
        return
    left, right = st.columns(2)
    what = left.segmented_control(
        "Aligned at", [WHOLE, EVENTS], default=WHOLE, required=True, key="study aligned", persist_state="session"
    )
    emotion = right.selectbox(
        "Expression", EMOTIONS, EMOTIONS.index("happy"), key="study emotion", persist_state="session"
    )
    window_s = AROUND_S
    if what == EVENTS:
        window_s = st.slider(
            "Seconds around the start of the event", *_LONGEST_S, AROUND_S, 0.5, key=WINDOW, persist_state="session"
        )
    found = observed_curves(library, what or WHOLE, emotion, window_s)
    if found is None:
        return
    if found.missing:
        with st.expander(f"Left out ({len(found.missing)})", icon=":material/visibility_off:"):
            st.markdown("\n".join(f"- {plain(words)}" for words in found.missing))
    if not found.curves:
        st.info(
            "A curve needs a subject and a condition of its recording, or events; give them under *Recordings*.",
            icon=":material/rule:",
        )
        return
    _shown(found, emotion, entries, ROWS[what or WHOLE])


def _shown(found: ConditionCurves, emotion: str, entries: Sequence[Entry], rows: str) -> None:
    names = list(found.curves)
    chosen = names
    if len(names) > 2:
        chosen = st.multiselect(
            "Two conditions",
            names,
            names[:2],
            max_selections=2,
            key=f"study pair {names}",
            persist_state="session",
        )
    means: dict[str, MeanCurve] = {}
    for name in chosen:
        try:
            means[name] = mean_curve(found.curves[name])
        except TimelineError as error:
            st.info(f"{plain(name)}: {plain(str(error))}", icon=":material/info:")
    if not means:
        return
    behind = {name: found.analyses[name] for name in means}
    say_differences(entries, behind)
    test = _tested([found.curves[name] for name in means])
    title = f"{emotion}: mean probability"
    figure = mean_curves(means, test.clusters if isinstance(test, ClusterTest) else (), title)
    show_figure(figure, f"curves {emotion}", describe_curves(means, title), name=f"study {title} over time")
    for name, mean in means.items():
        st.caption(plain(f"{name}: {mean.about}."))
    st.caption(
        "Mean over people, not over frames, with the 95 % bootstrap band of each moment by itself; a moment with under "
        "five people is empty. Bands that part at one moment are no test. Where the number of people changes "
        "over time, the mean can change with it."
    )
    if isinstance(test, ClusterTest):
        if any(cluster.p_value < ENTRY_ALPHA for cluster in test.clusters):
            st.caption("The grey bar at the bottom: where the curves differ (cluster test).")
        _said(test)
    elif test:
        st.info(plain(test), icon=":material/info:")
    with st.expander("Methods paragraph", icon=":material/article:"):
        tests = [test] if isinstance(test, ClusterTest) else []
        st.code(methods_paragraph([*means.values(), *tests], rows), language=None, wrap_lines=True)
    for line in validity(models_of(entries, behind), f"mean_{emotion}"):
        st.caption(plain(line))


def _tested(pair: list[Curves]) -> ClusterTest | str:
    """The comparison of two conditions, or why there is none; empty where there is one condition alone."""
    if len(pair) != 2:
        return ""
    try:
        return compare_curves(pair[0], pair[1])
    except TimelineError as error:
        return str(error)


def _said(test: ClusterTest) -> None:
    st.markdown(f"- {plain(test.sentence())}")
    if test.clusters:
        st.dataframe(
            pd.DataFrame(
                {
                    "from (s)": [cluster.start_s for cluster in test.clusters],
                    "to (s)": [cluster.end_s for cluster in test.clusters],
                    "mass": [np.round(cluster.mass, 1) for cluster in test.clusters],
                    "p": [round(cluster.p_value, 4) for cluster in test.clusters],
                }
            ),
            hide_index=True,
        )
