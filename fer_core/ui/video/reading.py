"""The job of the Video page that reads a recording with one model or several. No Streamlit in here."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fer_core.declaration import Declaration
from fer_core.jobs import Job, Monitor
from fer_core.networks.files import sha256
from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest
from fer_core.timeline.table import Timeline
from fer_core.ui.video import unfinished


def analysis(
    path: Path,
    requests: Mapping[str, AnalysisRequest],
    pipelines: Mapping[str, EmotionPipeline],
    declaration: Declaration | None = None,
    owner: str = "",
) -> Job[dict[str, Timeline]]:
    """The job that reads a recording with each model in turn, and gives the timelines by model.

    It continues an unfinished analysis of the same file and request. A stopped job gives the first model's part of the
    recording, and the timelines of other models only where they are complete. An abandoned job leaves no unfinished
    analysis.

    Args:
        path: the recording.
        requests: by name of the model.
        pipelines: by name of the model.
        declaration: that the timelines bear.
        owner: whose unfinished analyses are continued; see `unfinished.named`.
    """

    def job(monitor: Monitor) -> dict[str, Timeline]:
        done: dict[str, Timeline] = {}
        of = unfinished.named(sha256(path), owner)
        try:
            parts = monitor.parts(list(pipelines) if len(pipelines) > 1 else [""])
            for (model, pipeline), part in zip(pipelines.items(), parts, strict=True):
                with unfinished.place(of, requests[model]) as checkpoint:
                    timeline = pipeline.analyse(path, requests[model], part, checkpoint=checkpoint)
                if not done or not monitor.should_stop:
                    done[model] = replace(timeline, declaration=declaration)
                if monitor.should_stop:
                    break
            return done
        finally:
            if not monitor.should_stop or monitor.abandoned:  # a damaged file stays damaged
                unfinished.remove(of)

    return job
