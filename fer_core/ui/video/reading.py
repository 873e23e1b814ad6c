"""The work behind the Video page: reading a recording with one model or several. No Streamlit in here."""

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from fer_core.analysis.run import Progress
from fer_core.networks.files import sha256
from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest
from fer_core.timeline.summaries import as_clock
from fer_core.timeline.table import Timeline
from fer_core.ui.video import unfinished
from fer_core.ui.video.work import Advance, Job, Report


def analysis(
    path: Path,
    requests: Mapping[str, AnalysisRequest],
    pipelines: Mapping[str, EmotionPipeline],
    unwanted: threading.Event | None = None,
) -> Job[dict[str, Timeline]]:
    """The job that reads a recording with each model in turn, and gives the timelines by model.

    It goes on where an earlier one of the same recording was ended. Stopped, it gives what the first model has read; of
    the others only those that came to the end.

    Args:
        path: the recording.
        requests: how it is read, by name of the model.
        pipelines: likewise.
        unwanted: once this is set, what an unfinished analysis has read is not kept for another time.
    """

    def job(report: Report, stop: threading.Event) -> dict[str, Timeline]:
        done: dict[str, Timeline] = {}
        of = sha256(path)
        try:
            for model, pipeline in pipelines.items():
                tell = partial(_tell, report, len(done), list(pipelines))
                with unfinished.place(of, requests[model]) as checkpoint:
                    timeline = pipeline.analyse(path, requests[model], tell, stop=stop, checkpoint=checkpoint)
                if not done or not stop.is_set():
                    done[model] = timeline
                if stop.is_set():
                    break
            return done
        finally:
            if not stop.is_set() or (unwanted is not None and unwanted.is_set()):  # a damaged file stays damaged
                unfinished.remove(of)

    return job


def _tell(report: Report, before: int, models: list[str], now: Progress) -> None:
    """One model's progress as that of all of them."""
    share = (before + now.share) / len(models)
    remaining_s = now.remaining_s
    if remaining_s is not None:
        remaining_s += (len(models) - before - 1) * (now.elapsed_s + remaining_s)
    faces = "1 face" if now.faces == 1 else f"{now.faces} faces"
    words = f"at {as_clock(now.time_s)} · {now.samples} frames · {faces}"
    report(Advance(share, words if len(models) == 1 else f"{models[before]} {words}", remaining_s))
