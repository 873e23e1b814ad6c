"""The Live page without a camera: the adapter is replaced by one whose state the test chooses."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from fer_core.classification import MapFigures
from fer_core.detection import installed_detectors
from fer_core.errors import FerError, MediaError
from fer_core.live.outputs.ways import ways_of
from fer_core.media.images import encode_png
from fer_core.readings import Box
from fer_core.testing import fake_card, fake_pipeline
from fer_core.ui.live import photographs, watching, webcam
from fer_core.ui.shared import handover, loaders, page_memory, uploads
from fer_core.ui.shared.browser_check import Browser
from tests.conftest import ROOT

FACE = Box(40, 30, 60, 60)
FRAME = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
STREAM = "live stream"


@pytest.fixture
def camera(monkeypatch):
    """What the component says; `None` lets it fail."""
    state = {"camera": webcam.Camera(playing=False, connecting=False), "browser": Browser(True, 1, "prompt")}

    def shown(stream, key):
        if state["camera"] is None:
            raise FerError("The setting is not understood.")
        return state["camera"]

    monkeypatch.setattr(webcam, "webcam", shown)
    monkeypatch.setattr("fer_core.ui.shared.browser_check.browser_check", lambda: state["browser"])
    says = {"fake": "happy", "other": "sad"}
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: fake_pipeline([FACE], says.get(model, "happy")))
    monkeypatch.setattr(loaders, "cards", lambda: [fake_card(), fake_card(name="other", title="Other model")])
    return state


def live_page(agree: bool = True) -> AppTest:
    page = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60).run()
    page.switch_page("pages/2_Live.py").run()
    if agree:
        page.checkbox[0].check().run()
    return page


def button(page: AppTest, label: str):
    return next(button for button in page.button if button.label == label)


def play(page: AppTest, camera, frames: int = 3):
    """Start the camera and let some frames be read."""
    camera["camera"] = webcam.Camera(playing=True, connecting=False)
    page.run()
    stream = page.session_state[STREAM]
    for _ in range(frames):
        show(stream)
    return stream


def show(stream) -> None:
    """One frame, and the wait until it was read and, where there is a recording, recorded."""
    before = stream.state()
    stream.show(FRAME)
    deadline = time.monotonic() + 60
    while not is_over(before, stream.state()):
        assert time.monotonic() < deadline, stream.state().problem
        time.sleep(0.005)


def is_over(before, now) -> bool:
    """Whether another reading is there and, where there is a recording, in it."""
    return now.reading is not before.reading and (now.recording_s is None or now.recorded > before.recorded)


def toggle(page: AppTest, label: str):
    return next(toggle for toggle in page.toggle if toggle.label == label)


def connections_of(page: AppTest):
    """The choice of connections; None where none is offered."""
    return next((group for group in page.button_group if group.key == "live connections"), None)


def words(page: AppTest) -> str:
    parts = (*page.markdown, *page.caption, *page.info, *page.warning, *page.error)
    return "\n".join(element.value for element in parts)


def test_there_is_no_camera_before_the_notice_is_agreed_to(camera):
    page = live_page(agree=False)
    assert not page.exception
    assert "Before the camera starts" in words(page) and "Nothing is stored" in words(page)
    assert STREAM not in page.session_state and not page.button
    page.checkbox[0].check().run()
    assert not page.exception
    assert STREAM in page.session_state and "Before the camera starts" not in words(page)


def test_nothing_can_be_recorded_while_the_camera_is_off(camera):
    page = live_page()
    assert all(button(page, label).disabled for label in ("Record", "Snapshot", "Resting face"))


def test_settings_reach_the_stream_without_a_restart(camera):
    page = live_page()
    stream = page.session_state[STREAM]
    page.slider[0].set_value(1.5)
    page.slider[1].set_value(0.8).run()
    page.button_group[0].set_value(["boxes", "hidden"]).run()
    page.selectbox[0].select("other").run()
    assert not page.exception
    assert page.session_state[STREAM] is stream
    settings = stream.settings
    assert (settings.time_constant_s, settings.view.hidden, settings.view.mirrored) == (1.5, True, False)
    show(stream)
    assert [face.label for face in stream.state().reading.readings] == ["sad"]


def test_a_map_that_marks_nothing_is_not_drawn(camera, monkeypatch):
    maps = MapFigures(faces=1000, outside=0.2, offset=0.2, tested=100, better_than_random=30)
    cards = [fake_card(), fake_card(name="mapless", title="Mapless model", maps=maps.model_dump())]
    monkeypatch.setattr(loaders, "cards", lambda: cards)
    page = live_page()
    stream = page.session_state[STREAM]
    page.button_group[0].set_value(["activation"]).run()
    assert stream.settings.view.activation and "no map" not in words(page)
    page.selectbox[0].select("mapless").run()
    assert not stream.settings.view.activation and "Mapless model has no map to show" in words(page)


def test_a_recording_becomes_a_timeline(camera):
    page = live_page()
    stream = play(page, camera)
    button(page, "Record").click().run()
    assert not page.exception and page.selectbox[0].disabled and page.slider[0].disabled
    for _ in range(4):
        show(stream)
    button(page, "Stop recording").click().run()
    assert not page.exception
    session = page.session_state[handover.RECORDED_SESSION]
    assert isinstance(session.timeline.frame, pd.DataFrame) and len(session.timeline.frame) == 4
    assert session.timeline.request.model == "fake" and session.video == b""
    assert session.timeline.declaration.agreed_at and not session.timeline.problems
    assert "4 frames · 1 person" in words(page)
    assert [b.label for b in page.get("download_button")] == ["Readings (CSV)", "What the columns mean"]
    assert "Discard" not in [each.label for each in page.button]  # it asks first
    button(page, "Discard it for good").click().run()
    assert handover.RECORDED_SESSION not in page.session_state


def test_what_is_chosen_at_the_moment_of_the_click_is_recorded(camera):
    page = live_page()
    stream = play(page, camera)
    page.slider[1].set_value(0.8)
    toggle(page, "Keep the video too").set_value(True)
    button(page, "Record").click().run()  # in the run in which both change
    show(stream)
    button(page, "Stop recording").click().run()
    session = page.session_state[handover.RECORDED_SESSION]
    assert not page.exception and session.video and session.timeline.request.uncertain_below == 0.8


@pytest.mark.parametrize("video", [True, False], ids=["with its video", "numbers only"])
def test_a_recording_opens_as_a_timeline(camera, video):
    page = live_page()
    stream = play(page, camera)
    toggle(page, "Keep the video too").set_value(video).run()
    button(page, "Record").click().run()
    for _ in range(4):
        show(stream)
    button(page, "Stop recording").click().run()
    [link] = [link for link in page.get("page_link") if "Open the timeline" in link.proto.label]
    assert link.proto.page == "Video"
    name = page.session_state[handover.RECORDED_SESSION].timeline.recording.name
    page.switch_page("pages/3_Video.py").run()
    assert not page.exception and not page.error
    assert name in [title.value.replace("\\", "") for title in page.subheader]


def test_a_video_without_room_is_told_on_the_video_page_and_opens_there_when_there_is_some(camera, monkeypatch):
    def full(*_):
        raise MediaError("The recording could not be stored; make room there.")

    page = live_page()
    stream = play(page, camera)
    toggle(page, "Keep the video too").set_value(True).run()
    button(page, "Record").click().run()
    show(stream)
    with monkeypatch.context() as disk:
        disk.setattr("fer_core.ui.video.memory.Workspace.store", full)
        button(page, "Stop recording").click().run()
        assert not page.exception and "drops this one" in words(page)
        page.switch_page("pages/3_Video.py").run()
        assert not page.exception and ["make room" in each.value for each in page.error] == [True]
        assert not page.run().error  # the rest of the page can be used
    page.switch_page("pages/2_Live.py").run()
    assert "drops this one" in words(page)
    page.switch_page("pages/3_Video.py").run()
    assert not page.exception and not page.error and page.subheader


def test_the_video_is_kept_only_when_asked_for(camera):
    page = live_page()
    stream = play(page, camera)
    toggle(page, "Keep the video too").set_value(True).run()
    button(page, "Record").click().run()
    show(stream)
    button(page, "Stop recording").click().run()
    assert page.session_state[handover.RECORDED_SESSION].video[4:8] == b"ftyp"


def test_a_snapshot_goes_to_the_image_page(camera):
    page = live_page()
    play(page, camera)
    button(page, "Snapshot").click().run()
    button(page, "Snapshot").click().run()
    assert not page.exception
    page.switch_page("pages/1_Image.py").run()
    assert not page.exception
    assert "From Live" in page.segmented_control[0].value
    [looked_at] = [box for box in page.selectbox if box.label == "Picture"]
    assert [name.split()[1] for name in looked_at.options] == ["snapshot_1.png", "snapshot_2.png"]
    button(page, "Discard snapshots").click().run()
    assert not page.exception and not any("From Live" in option for option in page.segmented_control[0].options)


def test_what_was_read_in_snapshots_and_said_of_them_is_discarded_with_them(camera):
    page = live_page()
    play(page, camera)
    button(page, "Snapshot").click().run()
    page.switch_page("pages/1_Image.py").run()
    button(page, "Remove this face").click().run()
    assert page.session_state[uploads._EDITS] and page.session_state[uploads._KEY]
    button(page, "Discard snapshots").click().run()
    assert not page.exception
    assert uploads._KEY not in page.session_state and not page.session_state[uploads._EDITS]


def test_a_photograph_is_forgotten_where_it_is_taken_away(camera):
    def kept() -> bool:
        pictures, _ = page.session_state[page_memory.KEY]["Live"][uploads._KEY]
        return bool(pictures)

    camera["browser"] = Browser(False, 0, "unknown")
    page = live_page()
    page.file_uploader[0].upload("me.png", encode_png(FRAME), "image/png").run()
    assert kept()
    page.file_uploader[0].set_value(None).run()
    assert not page.exception and not kept()
    page.file_uploader[0].upload("me.png", encode_png(FRAME), "image/png").run()
    assert kept()
    toggle(page, "Take snapshots").set_value(False).run()
    assert not page.exception and not kept() and uploads._KEY not in page.session_state


def test_hidden_faces_cannot_be_taken_as_a_snapshot(camera):
    page = live_page()
    play(page, camera)
    page.button_group[0].set_value(["hidden"]).run()
    assert button(page, "Snapshot").disabled and "while faces are hidden" in button(page, "Snapshot").help
    assert "may show" in words(page)


def test_nothing_is_recorded_while_the_resting_face_is_taken(camera, monkeypatch):
    shared = fake_pipeline([FACE])
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: shared)
    page = live_page()
    play(page, camera)
    button(page, "Resting face").click().run()
    assert button(page, "Record").disabled and "resting face" in button(page, "Record").help


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        (Browser(False, 0, "unknown"), "No live picture over plain HTTP"),
        (Browser(True, 0, "prompt"), "finds no camera"),
        (Browser(True, 1, "denied"), "denies this page the camera"),
    ],
    ids=["http", "no camera", "denied"],
)
def test_the_obstacle_is_named_and_pictures_can_be_taken_otherwise(camera, browser, expected):
    camera["browser"] = browser
    page = live_page()
    assert not page.exception and expected in words(page)
    assert toggle(page, "Take snapshots").value
    assert page.get("file_uploader") and not page.get("camera_input")  # that camera would not come either


def test_where_the_camera_fails_the_rest_of_the_page_is_there_and_offers_snapshots(camera):
    page = live_page(agree=False)
    camera["camera"] = None
    page.checkbox[0].check().run()
    assert not page.exception and "not understood" in page.error[0].value
    assert button(page, "Record").disabled
    assert toggle(page, "Take snapshots").value and page.get("camera_input")


def test_a_recording_survives_a_camera_that_fails(camera):
    page = live_page()
    stream = play(page, camera)
    button(page, "Record").click().run()
    show(stream)
    camera["camera"] = None
    page.run()
    button(page, "Stop recording").click().run()
    assert not page.exception and handover.RECORDED_SESSION in page.session_state


@pytest.mark.parametrize("threshold", [0.2, 0.95])
@pytest.mark.parametrize("hidden", [True, False])
def test_an_uploaded_photograph_is_read_as_chosen(camera, monkeypatch, threshold, hidden):
    camera["browser"] = Browser(False, 0, "unknown")
    monkeypatch.setattr(loaders, "pipeline", lambda model, detector: fake_pipeline([FACE], strength=3.0))
    shown = []
    monkeypatch.setattr(photographs, "show_photograph", lambda *arguments: shown.append(arguments))
    page = live_page()
    page.slider[1].set_value(threshold)
    page.button_group[0].set_value(["hidden"] if hidden else []).run()
    page.file_uploader[0].upload("me.png", encode_png(FRAME), "image/png").run()
    picture, uncertain_below, _ = shown[-1]
    assert not page.exception and uncertain_below == threshold
    for readings in (picture.readings, picture.shown_readings):
        assert [reading.uncertain for reading in readings] == [threshold == 0.95]
    inside = np.s_[FACE.y : FACE.y + FACE.height, FACE.x : FACE.x + FACE.width]
    for image in (picture.image, picture.shown):
        assert (image[inside].std() < 0.5 * FRAME[inside].std()) == hidden


def test_only_detectors_that_are_installed_can_be_chosen(camera):
    page = live_page()
    assert page.selectbox[1].options == list(loaders.detector_titles().values())
    assert list(loaders.detector_titles()) == installed_detectors()


def test_the_stream_and_its_settings_survive_a_look_at_another_page(camera):
    page = live_page()
    page.selectbox[0].select("other")
    page.slider[0].set_value(1.5)
    page.button_group[0].set_value(["bars"])
    toggle(page, "Keep the video too").set_value(True).run()
    page.slider[1].set_value(0.8).run()
    stream = play(page, camera)
    button(page, "Record").click().run()
    page.switch_page("pages/1_Image.py").run()
    page.switch_page("pages/2_Live.py").run()
    assert not page.exception
    assert page.session_state[STREAM] is stream and button(page, "Stop recording")
    assert page.selectbox[0].value == "other" and [slider.value for slider in page.slider] == [1.5, 0.8]
    assert page.button_group[0].value == ["bars"] and page.toggle[0].value
    settings = stream.settings
    assert (settings.time_constant_s, settings.uncertain_below, settings.view.boxes) == (1.5, 0.8, False)


def test_a_model_that_is_gone_gives_way_to_the_first(camera, monkeypatch):
    page = live_page()
    page.selectbox[0].select("other").run()
    monkeypatch.setattr(loaders, "cards", lambda: [fake_card()])
    page.run()
    assert not page.exception and page.selectbox[0].value == "fake"


def test_photographs_have_a_limit_of_their_own(camera):
    camera["browser"] = Browser(False, 0, "unknown")
    [uploader] = live_page().get("file_uploader")
    assert uploader.proto.max_upload_size_mb == photographs.PHOTOGRAPH_MB


def test_a_route_that_was_not_found_is_remembered_until_pictures_come(camera, monkeypatch):
    def snapshots_are_offered() -> bool:
        [offered] = [toggle.value for toggle in page.toggle if toggle.label == "Take snapshots"]
        return offered

    page = live_page()
    assert not snapshots_are_offered()
    monkeypatch.setattr(watching, "NO_ROUTE_S", -1.0)
    play(page, camera, frames=0)
    assert snapshots_are_offered()
    camera["camera"] = webcam.Camera(playing=False, connecting=False)
    page.run()
    assert snapshots_are_offered()
    play(page, camera, frames=1)
    page.run()
    assert not snapshots_are_offered()


def test_while_the_camera_runs_the_page_says_that_expressions_are_read(camera):
    page = live_page()
    assert watching.ON not in words(page)
    play(page, camera, frames=1)
    assert watching.ON in words(page.run())
    camera["camera"] = webcam.Camera(playing=False, connecting=False)
    assert watching.ON not in words(page.run())


def test_nothing_is_connected_unless_it_is_offered_and_chosen(camera, monkeypatch):
    opened: list[tuple] = []

    class Fake:
        closed, out, marker_streams = False, ("LSL FaceValue",), ("PsychoPy",)

        def __init__(self, ways, model, heard, began_s) -> None:
            opened.append((ways, model, heard))
            self.ways, self.model = tuple(ways), model
            self.sent = []

        def send(self, reading) -> None:
            self.sent.append(reading)

        def fetch_markers(self) -> None:
            opened[-1][2]("the last one", time.monotonic())

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr("fer_core.ui.live.connections.Links", Fake)
    monkeypatch.setenv("FACE_VALUE_LIVE", "none")
    page = live_page()
    assert connections_of(page) is None
    monkeypatch.setenv("FACE_VALUE_LIVE", "telnet")
    assert "telnet is no way to connect" in page.run().error[0].value
    monkeypatch.setenv("FACE_VALUE_LIVE", "lsl,markers")
    stream = play(page.run(), camera, frames=1)
    assert stream.links is None and "Readings go to" not in words(page) and not opened
    offered = connections_of(page)
    assert list(offered.options) == ["Lab Streaming Layer", "Markers in from Lab Streaming Layer"]
    offered.set_value(ways_of("lsl,markers")).run()
    [(ways, model, heard)] = opened
    assert [way.kind for way in ways] == ["lsl", "markers"] and model == "fake"
    assert "Readings go to LSL FaceValue" in words(page) and "Markers come in" in words(page)
    show(stream)
    assert stream.links.sent
    button(page, "Record").click().run()
    heard("stimulus", time.monotonic())
    show(stream)
    button(page, "Stop recording").click().run()
    session = page.session_state[handover.RECORDED_SESSION]
    assert [marker.text for marker in session.markers] == ["stimulus", "the last one"] and "markers: 2" in words(page)
    links = stream.links
    camera["camera"] = webcam.Camera(playing=False, connecting=False)
    page.run()
    assert links.closed and stream.links is None and "Readings go to" not in words(page) and not page.exception


def test_a_connection_that_cannot_be_made_is_told_and_the_page_goes_on(camera, monkeypatch):
    def refuse(*_):
        raise FerError("Port 8765 is taken.")

    monkeypatch.setattr("fer_core.ui.live.connections.Links", refuse)
    monkeypatch.setenv("FACE_VALUE_LIVE", "websocket")
    page = live_page()
    stream = play(page, camera, frames=1)
    connections_of(page).set_value(ways_of("websocket")).run()
    assert "is taken" in page.error[0].value and stream.links is None and not page.exception


def test_a_connection_that_broke_off_is_told_from_a_stop_and_forgotten_with_the_page(camera, monkeypatch):
    told: list[tuple[str, str] | None] = []
    monkeypatch.setattr(watching, "live_panel", lambda state, **shown: told.append(shown["message"]))

    def off() -> tuple[str, str] | None:
        camera["camera"] = webcam.Camera(playing=False, connecting=False)
        page.run()
        return told[-1]

    page = live_page()
    stream = play(page, camera, frames=1)
    page.run()
    stream.rest()  # as a stop does, whichever comes first
    page.run()
    assert off() is None

    play(page, camera, frames=1)
    monkeypatch.setattr(watching, "STALLED_S", -1.0)  # no pictures came for long enough
    page.run()
    assert off() == watching.BROKE_OFF
    page.switch_page("pages/1_Image.py").run()
    page.switch_page("pages/2_Live.py").run()
    assert told[-1] is None


def test_trouble_is_told_apart(camera):
    stream = play(live_page(), camera)
    state = stream.state()
    assert watching.trouble(state, 1.0) is None
    changed = {
        "error": {"problem": "The network is on holiday."},
        "warning": {"notes": ("Person 1 looked happy rather than at rest.",)},
    }
    for kind, values in changed.items():
        assert watching.trouble(type(state)(**{**vars(state), **values}), 1.0)[0] == kind
    over = replace(state, recording_over=True)
    assert "Stop recording" in watching.trouble(over, 1.0)[1]
    waiting = type(state)(**{**vars(state), "situation": watching.Situation.WAITING})
    assert watching.trouble(waiting, 1.0) is None
    assert watching.trouble(waiting, watching.NO_ROUTE_S + 1) == watching.NO_ROUTE
    stalled = type(state)(**{**vars(state), "situation": watching.Situation.STALLED})
    assert "unplugged" in watching.trouble(stalled, 1.0)[1]
