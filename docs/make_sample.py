"""Make `assets/sample.mp4`, the recording that anyone can try: one photograph, moved about.

Nobody in it changes their expression; what is read changes where a card covers the mouth. It shows how the timeline
deals with that, and with a face that goes, comes back, is joined by another and turns dark. Run by hand, with the
repository as PYTHONPATH: `python docs/make_sample.py`.
"""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.media.samples import PORTRAIT, SAMPLE_VIDEO

WIDTH, HEIGHT, FPS, LENGTH_S = 640, 360, 25, 18
WALL = (104, 92, 84)
CROP = np.s_[10:300, 110:340]
LOWEST = 180
CARD_S, CARD_RISES_TO = (2.5, 6.0), 131
AWAY_S = (7.0, 8.5)
COMPANY_S, OTHER_CARD_S, OTHER_CARD_RISES_TO = (9.5, 14.0), (10.5, 13.5), 132
DUSK_S = 14.0
CARD, OTHER_CARD = (225, 225, 225), (104, 92, 84)


def main() -> None:
    """Write the file."""
    portrait = cv2.imread(str(PORTRAIT))[CROP]
    with av.open(str(SAMPLE_VIDEO), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "26", "preset": "veryslow"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FPS * LENGTH_S):
            frame = av.VideoFrame.from_ndarray(_picture(portrait, number / FPS), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    print(f"{SAMPLE_VIDEO}: {Path(SAMPLE_VIDEO).stat().st_size / 1000:.0f} kB")


def _picture(portrait: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
    canvas = np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)
    turn = 2 * np.pi * time_s
    if not AWAY_S[0] <= time_s < AWAY_S[1]:
        shown = _covered(portrait, CARD, CARD_RISES_TO, _risen(time_s, CARD_S))
        _paste(canvas, shown, 1.15 + 0.12 * np.sin(turn / 9), 4 * np.sin(turn / 5), 170 + 25 * np.sin(turn / 7))
    if COMPANY_S[0] <= time_s < COMPANY_S[1]:
        shown = _covered(portrait, OTHER_CARD, OTHER_CARD_RISES_TO, _risen(time_s, OTHER_CARD_S))
        _paste(canvas, shown[:, ::-1], 1.05, -3 * np.sin(turn / 4), 480 - 15 * np.sin(turn / 6))
    if time_s >= DUSK_S:
        canvas = np.asarray(canvas * (1 - 0.85 * (time_s - DUSK_S) / (LENGTH_S - DUSK_S)), np.uint8)
    return canvas


def _risen(time_s: float, span_s: tuple[float, float]) -> float:
    """How far something has come that rises within a span, stays for half of it and sinks again, 0 to 1."""
    part = (time_s - span_s[0]) / (span_s[1] - span_s[0])
    return float(np.clip(4 * min(part, 1 - part), 0, 1))


def _covered(portrait: NDArray[np.uint8], colour: tuple[int, int, int], top: int, risen: float) -> NDArray[np.uint8]:
    """The portrait with a card before it that rises from below the chin up to row `top`."""
    covered = portrait.copy()
    if risen > 0:
        row = round(LOWEST - (LOWEST - top) * risen)
        cv2.rectangle(covered, (0, row), (portrait.shape[1], row + 120), colour, cv2.FILLED)
    return covered


def _paste(canvas: NDArray[np.uint8], portrait: NDArray[np.uint8], scale: float, degrees: float, middle: float) -> None:
    """The portrait, scaled and tilted, standing at the bottom with its middle at a column."""
    height, width = portrait.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += (middle - width / 2, HEIGHT - height * scale / 2 - height / 2)
    size = (WIDTH, HEIGHT)
    moved = cv2.warpAffine(portrait, matrix, size, flags=cv2.INTER_AREA)
    inside = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, size)
    canvas[:] = np.where(inside[..., None] > 127, moved, canvas)


if __name__ == "__main__":
    main()
