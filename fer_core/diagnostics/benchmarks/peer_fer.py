"""Runs the `fer` package, in whatever Python has it installed; needs nothing of this project.

`peer_fer.py picture PATH` reads one picture and ends. `peer_fer.py serve` answers requests, one JSON object a line:
`{"work": "haar" | "mtcnn", "path": PICTURE}` or `{"work": "recording", "path": PATH, "every": N, "folder": FOLDER}`,
with `{"seconds": S, "faces": N}`; the models are loaded, and a picture is decoded, before the time begins.
"""

import json
import os
import sys
import time
from functools import cache
from importlib.metadata import version
from typing import Any


def main() -> None:
    """Do what the command line says."""
    if sys.argv[1] == "picture":
        import cv2

        print(_reader(False).detect_emotions(cv2.imread(sys.argv[2])))
        return
    # Whatever the package prints goes to stderr, so that nothing but answers comes out.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import cv2  # answers only if it is there, as the rest is

    _reader(False)
    print(json.dumps({"fer": version("fer"), "opencv": cv2.__version__}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), file=answers, flush=True)


@cache
def _reader(mtcnn: bool) -> Any:
    from fer.fer import FER

    return FER(mtcnn=mtcnn)


def _answer(request: dict[str, Any]) -> dict[str, float]:
    if request["work"] == "recording":
        return _recording(request)
    import cv2

    picture, reader = cv2.imread(request["path"]), _reader(request["work"] == "mtcnn")
    began_s = time.perf_counter()
    found = reader.detect_emotions(picture)
    return {"seconds": time.perf_counter() - began_s, "faces": len(found)}


def _recording(request: dict[str, Any]) -> dict[str, float]:
    """Reads without writing pictures or a recording, which this project does not do either."""
    from fer.classes import Video

    recording = Video(request["path"], outdir=request["folder"])
    began_s = time.perf_counter()
    table = recording.analyze(
        _reader(False),
        display=False,
        output="pandas",
        frequency=request["every"],
        save_frames=False,
        save_video=False,
        annotate_frames=False,
        zip_images=False,
    )
    return {"seconds": time.perf_counter() - began_s, "faces": len(table)}  # a row a picture with a face


if __name__ == "__main__":
    main()
