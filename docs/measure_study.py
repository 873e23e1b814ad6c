"""Measure the Study page with many kept recordings, without a browser: `python docs/measure_study.py 500`.

The timelines are generated, the library is an empty one of its own.
"""

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from streamlit.testing.v1 import AppTest  # noqa: E402

from fer_core.library.library import Library  # noqa: E402
from fer_core.library.values import Place  # noqa: E402
from fer_core.timeline.editing.study import Study  # noqa: E402
from fer_core.timeline.events.event import Event  # noqa: E402
from fer_core.ui.study.reading import being_read  # noqa: E402
from tests.timelines import synthetic  # noqa: E402

LENGTH_S = 60.0
CONDITIONS = ("calm", "joke")
SECTIONS = ("Recordings", "Compare people", "Over time", "Take along")


def main(count: int) -> None:
    """Keep as many recordings of half as many subjects, then time each section, first and again."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FACE_VALUE_LIBRARY"] = folder
        started = time.perf_counter()
        with Library.open(Path(folder)) as library:
            for number in range(count):
                _keep(library, number)
        print(f"{count} recordings of {LENGTH_S:.0f} s kept in {time.perf_counter() - started:.1f} s")
        page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=600).run()
        page.switch_page("pages/4_Study.py")
        for section in SECTIONS:
            page.session_state["study part"] = section
            first, _, again = _timed(page), _read(page), _timed(page)
            print(
                f"{section}: {first[0]:.1f} s at first ({first[1]:.1f} s of it computing), {again[0]:.1f} s again "
                f"({again[1]:.1f} s)"
            )


def _keep(library: Library, number: int) -> None:
    timeline = synthetic(LENGTH_S, people=1, seed=number)
    recording = replace(timeline.recording, name=f"recording {number:03d}.mp4", sha256=f"{number:064x}")
    library.keep(Study(replace(timeline, recording=recording)))
    library.set_place(recording.sha256, Place(f"S{number // 2:03d}", condition=CONDITIONS[number % 2]))
    library.set_events(recording.sha256, [Event(10.0, 12.0, "laughs"), Event(30.0, 32.0, "frowns")])


def _timed(page: AppTest) -> tuple[float, float]:
    """Seconds of the clock and of the processor until the page has appeared."""
    started, computed = time.perf_counter(), time.process_time()
    page.run()
    assert not page.exception
    assert not page.error
    return time.perf_counter() - started, time.process_time() - computed


def _read(page: AppTest) -> None:
    """Wait for what is read in the background."""
    started, computed = time.perf_counter(), time.process_time()
    while being_read():
        time.sleep(0.5)
    waited_s, computed_s = time.perf_counter() - started, time.process_time() - computed
    if waited_s > 1:
        print(f"  then the files were read in the background in {waited_s:.0f} s ({computed_s:.0f} s of it computing)")
    page.run()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
