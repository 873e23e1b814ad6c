"""For how much of the time they were seen people showed what."""

from collections.abc import Sequence

import plotly.graph_objects as go

from fer_core.charts.looks import GRID, LOOKS, caption_of, hatch, lay_out, looks_of_people, nothing, safe
from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.notes import Notes
from fer_core.timeline.statistics.summaries import CATEGORIES, UNCERTAIN, PersonSummary


def share_bars(summaries: Sequence[PersonSummary], notes: Notes | None = None) -> go.Figure:
    """Share of the time that a person was seen, by category; one bar a person, in a pattern of their own."""
    notes = notes or Notes()
    figure = go.Figure()
    alone = len(summaries) == 1
    for summary, look in zip(summaries, looks_of_people(s.person for s in summaries).values(), strict=True):
        name = safe(notes.name(summary.person))
        shares = [summary.shares[category] for category in CATEGORIES]
        figure.add_bar(
            orientation="h",
            x=shares,
            y=[caption_of(category) for category in CATEGORIES],
            name=name,
            marker={
                "color": [LOOKS[category].colour for category in CATEGORIES],
                "pattern": hatch(look),
            },
            text=[f"{share:.0%}" if alone else f"{share:.0%} {name}" for share in shares],
            textposition="outside",
            cliponaxis=False,
            customdata=[share * summary.seen_s for share in shares],
            hovertemplate=f"{name}: %{{y}} %{{x:.1%}}, %{{customdata:.1f}} s<extra></extra>",
        )
    lay_out(figure, 120 + 8 * max(22, 17 * len(summaries)), bargap=0.25, showlegend=False)
    longest = max((share for summary in summaries for share in summary.shares.values()), default=1.0)
    room = 1.1 if alone else 1.3  # for what is written beside the longest bar
    figure.update_xaxes(title="share of the time seen", tickformat=".0%", range=[0, room * longest])
    figure.update_yaxes(autorange="reversed", title="expression", showgrid=False)
    if summaries:
        return figure
    return nothing(figure.update_yaxes(showticklabels=False), NOBODY_SEEN)


def share_pie(summary: PersonSummary, notes: Notes | None = None) -> go.Figure:
    """The same shares of one person as a ring."""
    shown = [category for category in CATEGORIES if summary.shares[category] > 0]
    figure = go.Figure(
        go.Pie(
            labels=[caption_of(category) for category in shown],
            values=[summary.shares[category] * summary.seen_s for category in shown],
            marker={
                "colors": [LOOKS[category].colour for category in shown],
                "pattern": {
                    **hatch(LOOKS[UNCERTAIN]),
                    "shape": [LOOKS[category].pattern for category in shown],
                    "bgcolor": [LOOKS[category].colour for category in shown],
                },
                "line": {"color": "rgba(255,255,255,0.9)", "width": 1},
            },
            hole=0.5,
            sort=False,
            direction="clockwise",
            texttemplate="%{label}<br>%{percent:.0%}",
            textposition="outside",
            hovertemplate="%{label}: %{value:.1f} s, %{percent}<extra></extra>",
        )
    )
    lay_out(figure, 320, showlegend=False)
    figure.update_layout(margin={"t": 40, "b": 40})
    figure.add_annotation(
        text=f"{safe((notes or Notes()).name(summary.person))}<br>seen for {as_clock(summary.seen_s)}", showarrow=False
    )
    return figure


def share_radar(summaries: Sequence[PersonSummary], notes: Notes | None = None) -> go.Figure:
    """The same shares of several people on axes around a middle: a closed line a person, without an area.

    The shape depends on the order of the axes, which is that of the classes; only its corners are values.
    """
    notes = notes or Notes()
    figure = go.Figure()
    around = [*CATEGORIES, CATEGORIES[0]]
    for summary, look in zip(summaries, looks_of_people(s.person for s in summaries).values(), strict=True):
        name = safe(notes.name(summary.person))
        figure.add_scatterpolar(
            r=[summary.shares[category] for category in around],
            theta=[caption_of(category) for category in around],
            name=name,
            mode="lines+markers",
            line={"color": look.colour, "dash": look.dash, "width": 2},
            marker={"symbol": look.symbol, "size": 8},
            hovertemplate=f"{name}: %{{theta}} %{{r:.1%}}<extra></extra>",
        )
    lay_out(figure, 420, showlegend=len(summaries) > 1)
    longest = max((share for summary in summaries for share in summary.shares.values()), default=1.0)
    figure.update_layout(margin={"t": 60, "b": 40, "l": 60, "r": 60}, legend={"y": 1.1})
    figure.update_polars(
        bgcolor="rgba(0,0,0,0)",
        radialaxis={
            "range": [0, 1.05 * longest],
            "tickformat": ".0%",
            "nticks": 5,
            "angle": 90,
            "tickangle": 90,
            "gridcolor": GRID,
        },
        angularaxis={"direction": "clockwise", "rotation": 90, "gridcolor": GRID, "linecolor": GRID},
    )
    return figure if summaries else nothing(figure.update_layout(polar={"domain": {"x": [0, 0.01]}}), NOBODY_SEEN)
