"""Recordings of every kind and state: which frames come out, when, which way up, and what is said of the bad ones."""

import os
import sys
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fer_core import MediaError
from fer_core.media.video import Video, frame_at
from tests.videos import HEIGHT, WIDTH, scene, write_sound_only, write_video

pytestmark = pytest.mark.usefixtures("decoded_here")

CORNERS = np.array([[(0, 0, 200), (0, 200, 0)], [(200, 0, 0), (200, 200, 200)]], np.uint8)
"""Red and green above blue and grey, in BGR."""

UPRIGHT = cv2.resize(CORNERS, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)


def numbered(count: int) -> list[np.ndarray]:
    """Frames on which eight dark and bright stripes say which one they are."""
    bits = [[(number >> bit) & 1 for bit in range(8)] for number in range(count)]
    return [
        cv2.resize(np.array([row] * 3, np.uint8).T[None] * 200 + 20, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
        for row in bits
    ]


def number_of(picture: np.ndarray) -> int:
    stripes = cv2.resize(picture, (8, 1), interpolation=cv2.INTER_AREA).mean(axis=2)[0]
    return sum(int(stripe > 120) << bit for bit, stripe in enumerate(stripes))


def places(video: Video) -> list[tuple[float, int]]:
    return [(round(sample.time_s, 3), sample.frame) for sample in video]


def corner_colours(picture: np.ndarray) -> list[int]:
    """Which of the four colours lies in the middle of each quarter, row by row."""
    height, width = picture.shape[:2]
    middles = picture[[height // 4, 3 * height // 4]][:, [width // 4, 3 * width // 4]].reshape(-1, 3).astype(int)
    return [int(np.abs(CORNERS.reshape(-1, 3).astype(int) - middle).sum(axis=1).argmin()) for middle in middles]


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds with reordered frames, of which half are needed by no other."""
    folder = tmp_path_factory.mktemp("clip")
    return write_video(folder / "clip.mp4", numbered(50), options={"bf": "3", "g": "20"}, sound_s=2)


@pytest.mark.parametrize("fps", [4.0, 1.0, 7.5, 0.0, 100.0])
def test_samples_are_the_first_frames_of_their_cells_and_the_right_pictures(clip, fps):
    cells = [number if fps == 0 else int((number / 25 + 1e-3) * fps) for number in range(50)]
    wanted = [0, *(after for before, after in pairwise(range(50)) if cells[after] > cells[before])]
    with Video(clip, fps) as video:
        samples = list(video)
    assert [sample.frame for sample in samples] == wanted
    assert [sample.time_s for sample in samples] == pytest.approx([number / 25 for number in wanted], abs=1e-3)
    assert [number_of(sample.image) for sample in samples] == wanted


def test_what_a_recording_says_of_itself(clip):
    with Video(clip) as video:
        assert (video.width, video.height, video.has_audio) == (WIDTH, HEIGHT, True)
        assert video.share < 1
        list(video)
    assert video.duration_s == pytest.approx(2.0, abs=0.05)
    assert video.frame_rate == pytest.approx(25, abs=0.5)
    assert (video.share, video.problems) == (1.0, ())


def test_reading_on_gives_the_rest_with_the_same_numbers(clip):
    with Video(clip) as video:
        whole = places(video)
    with Video(clip, after_s=whole[3][0]) as video:
        assert places(video) == whole[4:]


@pytest.fixture(scope="module", params=[(kind, gop) for kind in ("mp4", "ts", "mpg", "mkv", "avi") for gop in (5, 50)])
def long_clip(request, tmp_path_factory) -> Path:
    """Twenty seconds of ten frames, with a keyframe every half second or every five."""
    (kind, gop), folder = request.param, tmp_path_factory.mktemp("long")
    options = {"bf": "0" if kind == "avi" else "2", "g": str(gop), "preset": "ultrafast"}
    if kind == "mpg":
        return write_video(folder / "long.mpg", numbered(500), codec="mpeg2video", options={"g": str(gop)})
    return write_video(folder / f"long.{kind}", numbered(200), rate=10, options=options)


def test_reading_on_from_anywhere_in_any_container(long_clip):
    with Video(long_clip) as video:
        whole = [(sample.time_s, sample.frame, number_of(sample.image)) for sample in video]
        duration_s = video.duration_s
    assert 79 <= len(whole) <= 81
    for after_s in (0.6, 7.3, 12.4, 19.2):
        with Video(long_clip, after_s=after_s) as video:
            rest = [(sample.time_s, sample.frame, number_of(sample.image)) for sample in video]
            assert video.duration_s == duration_s and video.problems == ()
        assert rest == [place for place in whole if place[0] > after_s + 1e-6], after_s


def test_any_sample_can_be_shown_in_any_container(long_clip):
    if long_clip.suffix == ".mpg":
        pytest.skip("after a seek, FFmpeg gives its frames other times")
    with Video(long_clip) as video:
        whole = [(sample.time_s, number_of(sample.image)) for sample in video]
    for time_s, number in (whole[place] for place in (0, 3, 31, 50, 78)):
        shown = frame_at(long_clip, time_s)
        assert shown.time_s == pytest.approx(time_s, abs=1e-3)
        assert number_of(shown.image) == number


def test_reading_on_after_the_end_gives_nothing(clip):
    with Video(clip, after_s=10.0) as video:
        assert list(video) == [] and (video.width, video.height) == (WIDTH, HEIGHT)


def test_frame_at_a_moment(clip):
    sample = frame_at(clip, 1.2)
    assert sample.time_s == pytest.approx(1.2, abs=1e-3)
    assert number_of(sample.image) == 30
    with pytest.raises(MediaError, match="earlier moment"):
        frame_at(clip, 5.0)


def test_large_frames_are_shrunk_and_keep_their_true_size(tmp_path):
    path = write_video(tmp_path / "large.mp4", [scene(width=1280, height=720)] * 3)
    with Video(path, 0, longer_px=640) as video:
        sample = next(iter(video))
    assert (sample.image.shape, sample.width, sample.height) == ((360, 640, 3), 1280, 720)
    with Video(path, 0, longer_px=0) as video:
        assert next(iter(video)).image.shape == (720, 1280, 3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_containers(tmp_path, name, codec):
    options = {"bf": "0"} if codec == "libx264" else {}
    with Video(write_video(tmp_path / name, numbered(30), codec=codec, options=options)) as video:
        samples = list(video)
    assert [sample.frame for sample in samples] == [number_of(sample.image) for sample in samples]
    # FFmpeg takes H.264 in AVI to be shown a frame later than it is.
    late = int((name, codec) == ("a.avi", "libx264"))
    assert [sample.frame for sample in samples] == [0, 7 - late, 13 - late, 19 - late, 25 - late]


def test_webm(tmp_path):
    path = write_video(tmp_path / "a.webm", numbered(30), codec="libvpx", options={"deadline": "realtime"})
    with Video(path) as video:
        assert [frame for _, frame in places(video)] == [0, 7, 13, 19, 25]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotated_recordings_come_out_upright(tmp_path, rotation):
    stored = np.rot90(UPRIGHT, -rotation // 90)  # the metadata says by how much to turn it back, counterclockwise
    path = write_video(tmp_path / "phone.mp4", [stored] * 3, rotation=rotation)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).rotation % 360 == rotation
    with Video(path) as video:
        sample = next(iter(video))
        assert (video.width, video.height) == (WIDTH, HEIGHT)
    assert sample.image.shape == (HEIGHT, WIDTH, 3)
    assert corner_colours(sample.image) == [0, 1, 2, 3]


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    path = tmp_path / "wide.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 240, "yuv420p"
        stream.codec_context.sample_aspect_ratio = 2
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(width=160), format="bgr24")))
        container.mux(stream.encode(None))
    with Video(path) as video:
        assert (video.width, video.height) == (320, 240)
        assert next(iter(video)).image.shape == (240, 320, 3)


def test_uneven_times_are_kept(tmp_path):
    times_s = [0, 0.04, 0.08, 0.5, 2.0, 2.04, 2.08, 2.5, 2.51, 7.0]
    path = write_video(tmp_path / "vfr.mkv", list(zip(numbered(10), times_s, strict=True)))
    with Video(path) as video:
        assert places(video) == [(0.0, 0), (0.5, 3), (2.0, 4), (2.5, 7), (7.0, 9)]


def test_an_edit_list_cuts_the_beginning_away(tmp_path, clip):
    cut = tmp_path / "edited.mp4"
    with av.open(str(clip)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                shift = round(0.5 / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                target.mux(packet)
    with Video(cut) as video:
        samples = list(video)
    assert samples[0].time_s == pytest.approx(0, abs=0.05) and number_of(samples[0].image) in (12, 13)
    assert video.duration_s == pytest.approx(1.5, abs=0.1)


def _stuck(folder: Path) -> Path:
    path = folder / "stuck.mkv"
    good = write_video(folder / "good.mkv", numbered(50), codec="mpeg4")
    with av.open(str(good)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream, packet.pts, packet.dts = stream, 0, 0
                target.mux(packet)
    return path


def _anew(folder: Path) -> Path:
    parts = [write_video(folder / f"{n}.ts", numbered(25)) for n in range(2)]
    path = folder / "anew.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.parametrize("make", [_stuck, _anew])
def test_broken_time_stamps_give_increasing_times_and_a_note(tmp_path, make):
    with Video(make(tmp_path), 0) as video:
        times_s = [sample.time_s for sample in video]
    assert len(times_s) >= 45
    assert all(after > before for before, after in pairwise(times_s))
    assert times_s[-1] == pytest.approx(2.0, abs=0.4)
    assert "no usable time stamp" in " ".join(video.problems)


def test_a_change_of_the_frame_size_is_noted(tmp_path):
    parts = [
        write_video(tmp_path / f"{width}.ts", [scene((width // 2, 120, 200), width=width)] * 25) for width in (320, 480)
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with Video(path) as video:
        shapes = {sample.image.shape for sample in video}
    assert shapes == {(240, 320, 3), (240, 480, 3)}
    assert any("320x240 to 480x240" in problem for problem in video.problems)


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (100, HEIGHT, WIDTH, 3), dtype=np.uint8)
    whole = write_video(
        tmp_path / "whole.mp4",
        list(noise),
        options={"preset": "ultrafast"},
        container_options={"movflags": "faststart"},
    )
    short = tmp_path / "short.mp4"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with Video(short) as video:
        samples = list(video)
    assert 3 <= len(samples) <= 12
    assert "may have been cut off" in " ".join(video.problems)


def test_a_name_says_nothing(tmp_path, clip):
    wrong = tmp_path / "kein Film – 面接 %d.txt"
    wrong.write_bytes(clip.read_bytes())
    with Video(wrong) as video:
        assert len(list(video)) == 8


def test_a_name_that_is_no_text(tmp_path, clip):
    try:
        odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.mp4"))
        odd.write_bytes(clip.read_bytes())
    except OSError:
        pytest.skip("this file system wants text")
    with Video(odd) as video:
        assert len(list(video)) == 8
        assert video.name.isprintable()


def test_one_pixel(tmp_path):
    with Video(write_video(tmp_path / "dot.avi", [np.full((1, 1, 3), 90, np.uint8)] * 3, codec="mjpeg")) as video:
        assert next(iter(video)).image.shape == (1, 1, 3)


def _missing(folder: Path) -> Path:
    return folder / "missing.mp4"


def _folder(folder: Path) -> Path:
    return folder


def _empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def _text(folder: Path) -> Path:
    (folder / "notes.mp4").write_text("not a recording " * 100)
    return folder / "notes.mp4"


def _playlist(folder: Path) -> Path:
    secret = write_video(folder / "secret.ts", [scene()] * 5)
    (folder / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    return folder / "list.mp4"


def _picture(folder: Path) -> Path:
    cv2.imwrite(str(folder / "picture.png"), scene())
    return (folder / "picture.png").rename(folder / "picture.mp4")


def _sound(folder: Path) -> Path:
    return write_sound_only(folder / "sound.m4a")


def _no_frames(folder: Path) -> Path:
    path = folder / "nothing.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()
    return path


def _no_index(folder: Path) -> Path:
    whole = write_video(folder / "whole.mp4", [scene()] * 30)
    path = folder / "no_index.mp4"
    path.write_bytes(whole.read_bytes()[:-2000])
    return path


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, "does not exist"),
        (_folder, "is a folder"),
        (_empty, "is empty"),
        (_text, "not a recording"),
        (_playlist, "is a playlist"),  # would read other files
        (_picture, "not a recording"),
        (_sound, "sound but no picture"),
        (_no_frames, "no frame|not a recording"),
        (_no_index, "lost its index"),
        pytest.param(_pipe, "regular file", marks=pytest.mark.skipif(sys.platform == "win32", reason="no pipes")),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(tmp_path, make, words):
    path = make(tmp_path)
    with pytest.raises(MediaError, match=words) as refusal:
        Video(path)
    assert path.name in str(refusal.value) and "\n" not in str(refusal.value)
