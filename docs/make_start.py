"""Make `assets/start.mp4`, what the Start page shows: the sample recording, read by the default model, as it is read.

Above, boxes and bars as *Video* draws them; below, a lane a person that grows with the time. Run by `make animation`
after the sample, the default model or the drawing changed.
"""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core import EmotionPipeline
from fer_core.emotions import STYLES
from fer_core.media.samples import SAMPLE_VIDEO, START_VIDEO
from fer_core.media.video import Video
from fer_core.reports.annotated import Tracks
from fer_core.request import AnalysisRequest
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.table import Timeline

SAMPLES_A_SECOND: Final = 10
LANE_PX, GAP_PX, NAME_PX = 22, 6, 84
GROUND, UNCERTAIN, INK = (251, 250, 249), (190, 186, 182), (70, 60, 50)  # blue, green, red


def main() -> None:
    """Read the sample and write the file."""
    timeline = EmotionPipeline.load().analyse(SAMPLE_VIDEO, AnalysisRequest(fps=SAMPLES_A_SECOND, smoothing="median"))
    tracks, lanes = Tracks(timeline), _lanes(timeline)
    with Video(SAMPLE_VIDEO, 0) as source, av.open(str(START_VIDEO), "w", options={"movflags": "+faststart"}) as out:
        rate = round(timeline.recording.frame_rate or 25)
        stream = out.add_stream("libx264", rate=rate, options={"crf": "28", "preset": "veryslow"})
        stream.width, stream.height, stream.pix_fmt = source.width, source.height + len(lanes), "yuv420p"
        for number, sample in enumerate(source):
            shown = np.vstack([tracks.drawn(sample.image, sample.time_s), _until(lanes, sample.time_s, timeline)])
            frame = av.VideoFrame.from_ndarray(shown, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    print(f"{START_VIDEO}: {Path(START_VIDEO).stat().st_size / 1000:.0f} kB")


def _lanes(timeline: Timeline) -> NDArray[np.uint8]:
    """The lanes of everybody over the whole recording: uint8 (height, width, 3), BGR."""
    everybody = people(timeline)
    width = timeline.recording.width
    height = len(everybody) * (LANE_PX + GAP_PX) + GAP_PX
    picture = np.full((height + height % 2, width, 3), GROUND, np.uint8)
    for place, person in enumerate(everybody):
        top = GAP_PX + place * (LANE_PX + GAP_PX)
        cv2.putText(
            picture, f"person {person}", (8, top + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, lineType=cv2.LINE_AA
        )
        for row in rows_of_person(timeline, person).itertuples():
            left, right = (_x(row.time_s + step, timeline) for step in (0, 1 / SAMPLES_A_SECOND))
            colour = UNCERTAIN if row.uncertain else STYLES[str(row.label)].bgr
            cv2.rectangle(picture, (left, top), (max(left, right), top + LANE_PX - 1), colour, -1)
    return picture


def _until(lanes: NDArray[np.uint8], time_s: float, timeline: Timeline) -> NDArray[np.uint8]:
    """The lanes as far as they are known at a time, with the cursor there."""
    now = _x(time_s, timeline)
    shown = lanes.copy()
    shown[:, now:] = GROUND
    shown[:, now : now + 2] = INK
    return shown


def _x(time_s: float, timeline: Timeline) -> int:
    room = timeline.recording.width - NAME_PX - 8
    return NAME_PX + round(room * min(1.0, time_s / timeline.recording.duration_s))


if __name__ == "__main__":
    main()
