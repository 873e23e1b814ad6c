"""The annotated video: decoded again, looked at, and listened to."""

import dataclasses
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.errors import MediaError, StoppedError
from fer_core.imaging.drawing import UNCERTAIN_BGR
from fer_core.jobs import Monitor, Progress
from fer_core.networks.files import sha256
from fer_core.reports import annotated
from fer_core.reports.annotated import Tracks, write_annotated
from fer_core.timeline.table import Recording
from tests.timelines import nobody, of_rows, reading
from tests.videos import write_video

WALL = 90


def clip(path, frames=25, size=(160, 120), **more):
    """Grey frames, each a little brighter than the one before."""
    return write_video(path, [np.full((size[1], size[0], 3), WALL + n, np.uint8) for n in range(frames)], **more)


def timeline_of(path, rows, size=(160, 120), duration_s=1.0, has_audio=False):
    recording = Recording(path.name, sha256(path), duration_s, *size, 25.0, has_audio)
    return dataclasses.replace(of_rows(rows), recording=recording)


def box(x, y, side=40):
    return {"x": x, "y": y, "width": side, "height": side}


def decoded(path):
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="bgr24"))
            for frame in container.decode(video=0)
        ]


def near(pixel, colour):
    return np.abs(pixel.astype(int) - colour).max() < 60


def test_a_box_moves_evenly_between_samples():
    rows = [reading(0, 1, "happy", 0.9, **box(10, 20)), reading(0.25, 1, "sad", 0.9, **box(50, 40))]
    tracks = Tracks(of_rows(rows))
    [middle] = tracks.at(0.125)
    assert middle.box == (30, 30, 40, 40) and middle.person == 1
    assert middle.by_emotion["happy"] == pytest.approx(middle.by_emotion["sad"])
    assert middle.probabilities.sum() == pytest.approx(1) and middle.uncertain  # 46 % each
    [early] = tracks.at(0.05)
    assert early.label == "happy" and early.box == (18, 24, 40, 40) and not early.uncertain


@pytest.mark.parametrize(
    ("time_s", "people"),
    [
        (-0.01, []),  # before anyone was seen
        (0.0, [1]),
        (0.6, [1]),  # between two samples, one of which is missing
        (0.99, [1]),  # the last sample before a gap stands for its interval
        (1.01, []),
        (2.0, [1, 2]),
        (2.24, [1, 2]),
        (2.26, []),  # after the last
    ],
)
def test_who_is_shown_when(time_s, people):
    one = [reading(t, 1, "sad") for t in (0, 0.25, 0.75, 2.0)]  # half a second apart is bridged, more is not
    rows = [*one, reading(2.0, 2, "happy"), *(nobody(t) for t in (0.5, 1.0, 1.25, 1.5, 1.75))]
    assert [found.person for found in Tracks(of_rows(rows)).at(time_s)] == people


def test_nothing_is_joined_over_a_cut():
    rows = [reading(0, 1, "happy", **box(0, 0)), reading(0.25, 1, "happy", **box(100, 60))]
    tracks = Tracks(dataclasses.replace(of_rows(rows), cuts=(0.2,)))
    assert [found.box[:2] for found in tracks.at(0.15)] == [(0, 0)]
    assert tracks.at(0.21) == []  # the new shot, of which nothing is known yet
    assert [found.box[:2] for found in tracks.at(0.25)] == [(100, 60)]


def test_frames_sizes_and_codec(tmp_path):
    source = clip(tmp_path / "clip.mp4")
    out = tmp_path / "new" / "out.mp4"
    seen: list[Progress] = []
    assert write_annotated(timeline_of(source, [reading(0, 1, "happy")]), source, out, Monitor(seen.append)) == ()
    with av.open(str(out)) as container:
        [video] = container.streams
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (160, 120)
        assert container.duration / 1e6 == pytest.approx(1.0, abs=0.05)
    assert len(decoded(out)) == 25
    data = out.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")  # plays while it loads
    shares = [progress.share for progress in seen]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert [path.name for path in out.parent.iterdir()] == ["out.mp4"]


def test_boxes_are_drawn_where_the_face_is_at_that_moment(tmp_path):
    source = clip(tmp_path / "clip.mp4", size=(320, 240))
    rows = [reading(t, 1, "happy", 0.95, **box(40 + 240 * t, 100, 60)) for t in (0.0, 0.25, 0.5)]
    write_annotated(timeline_of(source, rows, (320, 240)), source, tmp_path / "out.mp4")
    frames = decoded(tmp_path / "out.mp4")
    for number in (0, 3, 9):  # on a sample, and between samples
        time_s, picture = frames[number]
        left = round(40 + 240 * time_s)
        assert near(picture[130, left : left + 2].mean(axis=0), STYLES["happy"].bgr)
        assert near(picture[130, left + 30], (WALL + number,) * 3)  # the face itself stays free
    assert near(frames[24][1].reshape(-1, 3).mean(axis=0), (WALL + 24,) * 3)
    assert frames[24][1].std() < 3  # 0.96 s: nobody any more


def test_an_uncertain_reading_is_grey(tmp_path):
    source = clip(tmp_path / "clip.mp4", size=(320, 240))
    write_annotated(
        timeline_of(source, [reading(0, 1, "sad", 0.4, **box(40, 100, 60))], (320, 240)), source, tmp_path / "out.mp4"
    )
    [(_, picture), *_] = decoded(tmp_path / "out.mp4")
    assert near(picture[100, 41:47].mean(axis=0), UNCERTAIN_BGR)


def test_boxes_fit_recordings_that_are_shrunk(tmp_path):
    source = clip(tmp_path / "clip.mp4", frames=5, size=(640, 360))
    rows = [reading(0, 1, "happy", 0.95, **box(200, 160, 120))]
    write_annotated(timeline_of(source, rows, (640, 360)), source, tmp_path / "out.mp4", longer_px=320)
    [(_, picture), *_] = decoded(tmp_path / "out.mp4")
    assert picture.shape == (180, 320, 3) and near(picture[110, 100:102].mean(axis=0), STYLES["happy"].bgr)


def test_sound_is_kept_as_it_is(tmp_path):
    source = clip(tmp_path / "clip.mp4", sound_s=1.0)
    write_annotated(timeline_of(source, [reading(0, 1, "happy")], has_audio=True), source, tmp_path / "out.mp4")

    def packets(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    assert packets(tmp_path / "out.mp4") == packets(source)
    assert len(decoded(tmp_path / "out.mp4")) == 25


@pytest.mark.parametrize(
    ("name", "codec", "layout"),
    [("clip.mkv", "pcm_s16le", "stereo"), ("clip.avi", "pcm_s16le", "mono"), ("clip.mkv", "flac", "mono")],
    ids=str,
)
def test_sound_that_an_mp4_cannot_hold_is_encoded(tmp_path, name, codec, layout):
    source = tmp_path / name
    tone = np.sin(np.arange(44_100) / 44_100 * 2 * np.pi * 440)
    with av.open(str(source), "w") as container:
        video, audio = container.add_stream("mpeg4", rate=25), container.add_stream(codec, rate=44_100, layout=layout)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        for number in range(25):
            container.mux(
                video.encode(av.VideoFrame.from_ndarray(np.full((120, 160, 3), WALL + number, np.uint8), "bgr24"))
            )
        container.mux(video.encode(None))
        channels = 2 if layout == "stereo" else 1
        for start in range(0, len(tone), 1024):
            part = np.repeat((tone[start : start + 1024] * 20_000).astype(np.int16), channels)[None]
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = 44_100, start, Fraction(1, 44_100)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    assert (
        write_annotated(timeline_of(source, [reading(0, 1, "happy")], has_audio=True), source, tmp_path / "out.mp4")
        == ()
    )
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert len(heard) == pytest.approx(44_100, abs=3000)
    middle = heard[10_000:30_000]
    assert np.abs(np.fft.rfft(middle)).argmax() * 44_100 / len(middle) == pytest.approx(440, abs=5)


def test_sound_that_cannot_be_read_is_reported(tmp_path, monkeypatch):
    source = clip(tmp_path / "clip.mp4", sound_s=1.0)
    monkeypatch.setattr(annotated, "take_sound", lambda *_: False)
    missing = write_annotated(timeline_of(source, [reading(0, 1, "sad")], has_audio=True), source, tmp_path / "out.mp4")
    assert missing == ("The sound could not be read, so the annotated video has none.",)
    assert len(decoded(tmp_path / "out.mp4")) == 25


def test_uneven_frame_times_are_kept(tmp_path):
    times_s = [0, 0.04, 0.3, 0.31, 0.9]
    frames = [(np.full((120, 160, 3), WALL, np.uint8), time_s) for time_s in times_s]
    source = write_video(tmp_path / "clip.mkv", frames)
    write_annotated(timeline_of(source, [reading(0, 1, "happy")]), source, tmp_path / "out.mp4")
    assert [time_s for time_s, _ in decoded(tmp_path / "out.mp4")] == pytest.approx(times_s, abs=0.002)


def test_a_turned_recording_comes_out_upright(tmp_path):
    frames = [np.full((240, 400, 3), WALL, np.uint8) for _ in range(5)]
    for frame in frames:
        frame[:60, :100] = (0, 0, 255)  # red, upper left before it is turned
    source = write_video(tmp_path / "clip.mp4", frames, rotation=90)
    rows = [reading(0, 1, "happy", 0.95, **box(20, 60, 60))]
    write_annotated(timeline_of(source, rows, (240, 400)), source, tmp_path / "out.mp4")
    [(_, picture), *_] = decoded(tmp_path / "out.mp4")
    assert picture.shape == (400, 240, 3)
    red = [near(picture[y, x], (0, 0, 255)) for y, x in ((390, 5), (390, 235), (5, 5), (5, 235))]
    assert red == [True, False, False, False]  # a quarter turn against the clock
    assert near(picture[90, 20:22].mean(axis=0), STYLES["happy"].bgr)


def test_odd_sizes_get_another_line_of_pixels(tmp_path):
    source = tmp_path / "clip.mkv"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 161, 91, "yuv444p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((91, 161, 3), WALL, np.uint8), "bgr24")))
        container.mux(stream.encode(None))
    write_annotated(timeline_of(source, [], (161, 91)), source, tmp_path / "out.mp4")
    [(_, picture), *_] = decoded(tmp_path / "out.mp4")
    assert picture.shape == (92, 162, 3) and near(picture[91, 161], (WALL,) * 3)


def test_another_recording_is_refused(tmp_path):
    source, other = clip(tmp_path / "clip.mp4"), clip(tmp_path / "other.mp4", frames=5)
    with pytest.raises(MediaError, match=r"other\.mp4 is not the recording"):
        write_annotated(timeline_of(source, [reading(0, 1, "sad")]), other, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_stopping_leaves_no_file(tmp_path):
    source = clip(tmp_path / "clip.mp4", frames=50, sound_s=1.0)

    monitor = Monitor(lambda progress: monitor.stop())
    with pytest.raises(StoppedError):
        write_annotated(
            timeline_of(source, [reading(0, 1, "sad")], has_audio=True), source, tmp_path / "out.mp4", monitor
        )
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    source = clip(tmp_path / "clip.mp4")
    (tmp_path / "file").write_text("")
    with pytest.raises(MediaError, match="choose another place"):
        write_annotated(timeline_of(source, []), source, tmp_path / "file" / "out.mp4")


def test_a_recording_that_is_cut_off_gives_what_there_is(tmp_path):
    source = clip(tmp_path / "clip.mkv", frames=100, size=(320, 240), options={"g": "10"})
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 2 // 3])
    write_annotated(timeline_of(source, [reading(0, 1, "sad")], (320, 240), 4.0), source, tmp_path / "out.mp4")
    assert 20 < len(decoded(tmp_path / "out.mp4")) < 100


def test_every_emotion_has_its_bar(tmp_path):
    picture = np.full((240, 320, 3), WALL, np.uint8)
    rows = [reading(0, 1, "happy", 0.4, **box(40, 60, 60))]
    drawn = Tracks(dataclasses.replace(of_rows(rows), recording=Recording("x", "", 1, 320, 240, 25))).drawn(picture, 0)
    panel = drawn[:, 105:]
    for name in EMOTIONS:
        assert (np.abs(panel.astype(int) - STYLES[name].bgr).max(axis=2) < 8).any()
    assert (picture == WALL).all()  # the frame itself is left alone
    assert cv2.countNonZero(cv2.absdiff(drawn, picture)[..., 0]) > 500
