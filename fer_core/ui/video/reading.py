"""The work behind the Video page: reading a recording with one model or several. No Streamlit in here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_core.jobs import Job, Monitor
from fer_core.networks.files import sha256
from fer_core.pipeline import EmotionPipeline
from fer_core.timeline.table import Timeline
from fer_core.ui.video import unfinished


@dataclass(frozen=True)
class Way:
    """How recordings are read; see `EmotionPipeline.analyze_video`."""

    models: tuple[str, ...]
    detector: str
    fps: float
    smoothing: str
    time_constant_s: float


def analysis(path: Path, way: Way, pipelines: Mapping[str, EmotionPipeline]) -> Job[dict[str, Timeline]]:
    """The job that reads a recording with each model in turn, and gives the timelines by model.

    It goes on where an earlier one of the same recording was ended. Stopped, it gives what the first model has read; of
    the others only those that came to the end. Abandoned, nothing of it is kept for another time.

    Args:
        path: the recording.
        way: how it is read.
        pipelines: by name of their model.
    """

    def job(monitor: Monitor) -> dict[str, Timeline]:
        done: dict[str, Timeline] = {}
        of = sha256(path)
        try:
            parts = monitor.parts(list(pipelines) if len(pipelines) > 1 else [""])
            for (model, pipeline), part in zip(pipelines.items(), parts, strict=True):
                with unfinished.place(of, model, way.detector, way.fps) as checkpoint:
                    timeline = pipeline.analyze_video(
                        path,
                        way.fps,
                        part,
                        smoothing=way.smoothing,
                        time_constant_s=way.time_constant_s,
                        checkpoint=checkpoint,
                    )
                if not done or not monitor.should_stop:
                    done[model] = timeline
                if monitor.should_stop:
                    break
            return done
        finally:
            if not monitor.should_stop or monitor.abandoned:  # a damaged file stays damaged
                unfinished.remove(of)

    return job
