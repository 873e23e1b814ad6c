"""One recording in the page: problems, the chosen moment, charts, corrections, exports."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import streamlit as st

from fer_core.classification import ModelCard
from fer_core.media.samples import SAMPLE_VIDEO, SAMPLE_VIDEO_CREDIT
from fer_core.networks.files import sha256
from fer_core.reports.wording import sampling, smoothing
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.statistics.summaries import UNCERTAIN, WITHHELD, headline, percent_of_time
from fer_core.timeline.weights import interval_s
from fer_core.ui.shared import sign_in
from fer_core.ui.shared.reading_options import SMOOTHINGS
from fer_core.ui.shared.text import plain
from fer_core.ui.video.charts import here, numbers, over_time
from fer_core.ui.video.compare import compare
from fer_core.ui.video.events import events_editor
from fer_core.ui.video.exports import exports
from fer_core.ui.video.keeping import keep_button
from fer_core.ui.video.labelling import labelling
from fer_core.ui.video.memory import memory
from fer_core.ui.video.opening import attach, go_on_button
from fer_core.ui.video.people import people_editor
from fer_core.ui.video.player.component import Addresses
from fer_core.ui.video.player.stage import moment, moment_to_label
from fer_core.ui.video.player.stimulus import ask_for_stimulus, choose_stimulus
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.settings import region_words

_FINEST_S: Final = 0.01
_WIDTH_PX: Final = 150
_WIDTHS_PX: Final = {"People": 110, "Most shown": 190}
"""Of figures whose values are shorter or longer than the others; all five fit beside the side bar at 1280 pixels."""

_EXPLAINED: Final = {
    "Person time": "The time that each person was seen in the range, added up over all people.",
    "Time seen": "Of the one person, in the range.",
    "Most shown": "Of all people together. Withheld where less than half of all samples have a good picture, whether "
    "the poor ones are left out or not.",
    "Uncertain": "Share of that time in which no expression is probable enough to rely on.",
    "Good samples": "Share of the time seen without a quality problem, of all samples, also where poor ones are left "
    "out; the tab *Quality* shows which there are.",
}


def explore(cards: Mapping[str, ModelCard]) -> None:
    """Show one of the open recordings, with a choice among them."""
    kept = memory()
    if len(kept.recordings) > 1:
        key, titles = f"open {kept.opened}", {number: each.title for number, each in kept.recordings.items()}
        st.session_state[key] = kept.shown

        def choose() -> None:
            if st.session_state[key] in kept.recordings:  # else another tab has closed it
                kept.shown = st.session_state[key]

        st.segmented_control(
            "Open recordings",
            list(titles),
            required=True,
            format_func=lambda number: plain(titles[number]),
            key=key,
            on_change=choose,
        )
    if (shown := kept.recordings.get(kept.shown or 0)) is not None:
        _explorer(shown, cards, Addresses())


@sign_in.fragment()
def _explorer(recording: OpenRecording, cards: Mapping[str, ModelCard], addresses: Addresses) -> None:
    """A click in here draws only this anew."""
    if memory().recordings.get(recording.number) is not recording:  # another tab has closed it
        st.rerun()
    card = cards.get(recording.timeline.request.model or "")
    above = st.container()
    names = ["Explore", "Statistics", "People", "Events", "Compare", "Label", "Export"]
    # Of this page, not of the recording: another tab of the visit may show the same one for another purpose.
    labels = st.session_state.get(f"parts {recording.number}") == "Label"
    tabs = st.tabs(names, key=f"parts {recording.number}", on_change="rerun")
    if tabs[0].open:
        with tabs[0]:
            here(recording)  # before all else: it answers a click in a chart
    with above:
        _headline(recording, card)
        attach(recording)
        ask_for_stimulus(recording)
        (moment_to_label if labels else moment)(recording, addresses)
        if labels and recording.blind:
            st.caption(":material/visibility_off: What the model read is hidden while you label.")
        else:
            _figures(recording, addresses)
        _choice(recording)
    for name, tab in zip(names, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            if name == "Explore":
                over_time(recording)
            elif name == "Statistics":
                numbers(recording)
            elif name == "People":
                people_editor(recording)
            elif name == "Events":
                events_editor(recording)
            elif name == "Compare":
                compare(recording, cards)
            elif name == "Label":
                labelling(recording)
            else:
                keep_button(recording)
                exports(recording, card, addresses)


def _headline(recording: OpenRecording, card: ModelCard | None) -> None:
    timeline = recording.timeline
    about, request = timeline.recording, timeline.request
    st.subheader(plain(about.name), divider="gray")
    if recording.partial:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("partial: stopped before the end", icon=":material/timelapse:", color="orange")
            go_on_button(recording)
    if recording.live:
        st.page_link("pages/2_Live.py", label="Back to the camera", icon=":material/videocam:")
    read = f"{sampling(request)}{region_words(request.region)}"
    facts = (
        as_clock(about.duration_s),
        f"{about.width} × {about.height} px",
        f"{about.frame_rate:.4g} frames a second, {timeline.frame['frame'].nunique():,} read ({read})",
        plain(card.title if card else str(request.model)),
        smoothing(request),
    )
    st.caption(" · ".join(facts))
    if about.sha256 == _sample_sha256():
        st.caption(f":material/info: {SAMPLE_VIDEO_CREDIT}")
    for problem in timeline.problems:
        st.warning(plain(problem), icon=":material/info:")


@lru_cache(maxsize=1)
def _sample_sha256() -> str:
    return sha256(SAMPLE_VIDEO)


def _figures(recording: OpenRecording, addresses: Addresses) -> None:
    good = recording.leave_out_poor
    of = (recording.timeline, recording.notes, recording.range_s, good)
    everything, summaries = addresses.once(
        f"summaries {recording.number}", of, lambda: (recording.summaries(), recording.summaries(good=good))
    )
    # What is left out still tells how far the rest can be relied on.
    shared = {
        "Most shown": (headline(everything) and headline(summaries)) or (WITHHELD if everything else "–"),
        "Uncertain": percent_of_time(summaries, lambda summary: summary.shares[UNCERTAIN]),
        "Good samples": percent_of_time(everything, lambda summary: summary.good_share),
    }
    values = {
        "People": str(len(summaries)),
        "Time seen" if len(summaries) == 1 else "Person time": as_clock(sum(summary.seen_s for summary in summaries)),
        **shared,
    }
    with st.container(horizontal=True):
        for name, value in values.items():
            st.metric(name, value, border=True, width=_WIDTHS_PX.get(name, _WIDTH_PX), help=_EXPLAINED.get(name))


def _choice(recording: OpenRecording) -> None:
    """Controls for the range, poor samples and smoothing."""
    first_s, last_s = recording.whole_range
    key, poor = f"range {recording.number}", f"poor {recording.number}"
    st.session_state[poor] = recording.leave_out_poor
    if last_s > first_s:  # a session that was stopped before its first frame has no range
        st.session_state[key] = recording.range_s
        st.slider(
            "Range (seconds)",
            first_s,
            last_s,
            step=max(_FINEST_S, round(interval_s(recording.timeline), 2)),
            format="%.2f",
            key=key,
            on_change=lambda: recording.choose_range(*st.session_state[key]),
            help="What the charts show and the statistics count, and what the player loops.",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Smoothing", icon=":material/tune:"):
            _smoothing(recording)
        with st.popover("Stimulus", icon=":material/splitscreen_right:"):
            choose_stimulus(recording)
        st.toggle(
            "Leave out poor samples",
            key=poor,
            on_change=lambda: setattr(recording, "leave_out_poor", st.session_state[poor]),
            help="Samples whose face is small, blurred, dark or otherwise unlike what the model learnt from. The "
            "statistics always show both.",
        )


def _smoothing(recording: OpenRecording) -> None:
    """A form for smoothing and threshold, whose sliders reach to whatever the recording was read with."""
    request = recording.timeline.request
    number = f"{recording.number} {recording.revision}"
    method, constant, threshold = (f"{name} {number}" for name in ("method", "constant", "threshold"))
    constant_s, below = round(request.time_constant_s, 1), round(request.threshold, 2)

    def apply() -> None:
        # A slider that was not moved stands for the exact value, which it can show in its own steps alone.
        chosen_s, chosen_below = st.session_state[constant], st.session_state[threshold]
        recording.smooth(
            st.session_state[method],
            request.time_constant_s if chosen_s == constant_s else chosen_s,
            request.threshold if chosen_below == below else chosen_below,
        )

    with st.form(f"smoothing {number}", border=False):
        chosen = list(SMOOTHINGS).index(request.smoothing)
        st.selectbox("Smoothing", list(SMOOTHINGS), chosen, format_func=SMOOTHINGS.__getitem__, key=method)
        st.slider("Time constant (s)", min(0.1, constant_s), max(3.0, constant_s), constant_s, 0.1, key=constant)
        st.slider("Uncertain below", min(0.2, below), max(0.95, below), below, 0.01, key=threshold)
        st.form_submit_button("Apply to the raw values", on_click=apply)
