"""Facts of a recording that are easily lost: light, colour, transparency, tracks, rates, times, fields."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from fer_core import MediaError
from fer_core.media import colour
from fer_core.media.images import heic_can_be_read
from fer_core.media.stamps import Clock
from fer_core.media.video import Video
from tests.videos import scene, write_video

pytestmark = pytest.mark.usefixtures("decoded_here")

FACE = scene((160, 120, 200))


def write_frames(
    path: Path,
    frames: list[av.VideoFrame],
    *,
    codec: str,
    rate: int | Fraction = 25,
    options: dict[str, str] | None = None,
    tags: dict[str, int] | None = None,
    every: int = 1,
    metadata: dict[str, str] | None = None,
    container: str | None = None,
) -> Path:
    """Encode frames as they are, with the colour tags given, one every `every` ticks of 1/`rate`."""
    with av.open(str(path), "w", format=container) as target:
        stream: Any = target.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        stream.metadata.update(metadata or {})
        base = stream.codec_context.time_base = Fraction(1) / rate
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number * every, base
            for name, value in (tags or {}).items():
                setattr(frame, name, value)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path


def first(path: Path, **wishes: Any) -> np.ndarray:
    with Video(path, 0, **wishes) as video:
        return next(iter(video)).image


def problems(path: Path, fps: float = 0) -> str:
    with Video(path, fps) as video:
        list(video)
        return " ".join(video.problems)


HDR = {"color_primaries": 9, "colorspace": 9, "color_range": 1}


def high_range(path: Path, signal: np.ndarray, transfer: int) -> Path:
    """A 10-bit recording whose R'G'B' signal in BT.2100 is given, float (H, W, 3), 0 to 1."""
    red, green, blue = (signal[..., n].astype(np.float64) for n in range(3))
    luma = 0.2627 * red + 0.678 * green + 0.0593 * blue
    planes = np.stack([luma * 876 + 64, (blue - luma) / 1.8814 * 896 + 512, (red - luma) / 1.4746 * 896 + 512])
    codes = np.rint(planes).astype(np.uint16)
    frame = av.VideoFrame(signal.shape[1], signal.shape[0], "yuv444p10le")
    for plane, values in zip(frame.planes, codes, strict=True):
        padded = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        padded[:, : plane.width] = values
        plane.update(padded)
    options = {"preset": "ultrafast", "x265-params": "log-level=error:bframes=0", "crf": "2"}
    return write_frames(path, [frame] * 2, codec="libx265", options=options, tags=HDR | {"color_trc": transfer})


def ramp(signal: np.ndarray) -> np.ndarray:
    """Grey columns, 16 pixels wide each."""
    return np.repeat(np.broadcast_to(np.repeat(signal, 16)[None, :, None], (64, 16 * len(signal), 1)), 3, axis=2)


def columns(picture: np.ndarray) -> np.ndarray:
    return picture[8:-8].reshape(48, -1, 16, 3)[:, :, 4:-4].mean(axis=(0, 2, 3))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_grey_ramp_in_pq_comes_out_as_on_an_ordinary_display(tmp_path, name):
    nits = np.array([0, 1, 2, 5, 10, 20, 40, 60, 80, 203, 400, 1000], float)
    seen = columns(first(high_range(tmp_path / name, ramp(colour.pq_signal(nits)), colour.PQ)))
    assert seen[:9] == pytest.approx(255 * (nits[:9] / 203) ** (1 / 2.4), abs=3)  # below the knee nothing changes
    assert 190 < seen[9] < 245 and seen[11] == pytest.approx(255, abs=2)
    assert (np.diff(seen) > 0).all()


def test_a_grey_ramp_in_hlg_comes_out_as_on_an_ordinary_display(tmp_path):
    signal = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0])
    nits = 1000 * colour.hlg_scene(signal) ** 1.2
    assert nits[7] == pytest.approx(203, abs=1)  # BT.2408: 75 % HLG is the reference white
    seen = columns(first(high_range(tmp_path / "a.mp4", ramp(signal), colour.HLG)))
    low = nits < 80
    assert seen[low] == pytest.approx(255 * (nits[low] / 203) ** (1 / 2.4), abs=3)
    assert (np.diff(seen) > 0).all() and seen[-1] == pytest.approx(255, abs=2)


@pytest.mark.parametrize("transfer", [colour.PQ, colour.HLG])
def test_a_face_in_high_range_looks_as_in_ordinary_range(tmp_path, transfer):
    light = (FACE[:, :, ::-1] / 255) ** 2.4  # of the ordinary display
    wide = light @ np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]).T
    if transfer == colour.PQ:
        signal = colour.pq_signal(wide * 203)
    else:
        shown = np.maximum(wide * 0.203, 1e-9)
        scene_light = shown * ((shown @ [0.2627, 0.678, 0.0593]) ** (1 / 1.2 - 1))[..., None]
        codes = np.linspace(0, 1, 4096)
        signal = np.interp(scene_light, colour.hlg_scene(codes), codes)
    seen = first(high_range(tmp_path / "face.mp4", signal, transfer)).astype(float)
    dark = FACE.max(axis=2) < 160  # what the roll-off leaves as it is
    assert np.abs(seen - FACE)[dark].mean() < 4
    assert np.corrcoef(seen.ravel(), FACE.ravel().astype(float))[0, 1] > 0.99


def test_tables_agree_with_the_curves():
    nits = np.array([0.5, 30.0, 203.0, 700.0, 4000.0])
    assert colour.pq_nits(colour.pq_signal(nits)) == pytest.approx(nits, rel=1e-6)
    assert colour.roll_off_nits(np.array([4000.0]), 4000.0)[0] == pytest.approx(203, rel=1e-6)
    code = np.rint(65535 * colour.pq_signal(nits)).astype(np.uint16)
    seen = colour.to_ordinary(np.repeat(code[None, :, None], 3, axis=2), colour.PQ, 9, 4000.0)[0, :, 0]
    wanted = 255 * (colour.roll_off_nits(nits, 4000.0) / 203) ** (1 / 2.4)
    assert seen.astype(float) == pytest.approx(wanted, abs=1)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 5, 6, 9])
def test_matrix_and_range_are_those_of_the_file(tmp_path, matrix, full_range):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :32], picture[:, 32:64], picture[:, 64:] = (40, 60, 200), (60, 180, 60), (150, 150, 150)
    red_share, blue_share = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593)}.get(matrix, (0.299, 0.114))
    blue, green, red = (picture[..., n] / 255 for n in range(3))
    luma = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
    chroma = (blue - luma) / (2 - 2 * blue_share), (red - luma) / (2 - 2 * red_share)
    scale, floor, chroma_scale = (255, 0, 255) if full_range else (219, 16, 224)
    planes = [luma * scale + floor, *(each * chroma_scale + 128 for each in chroma)]
    frame = av.VideoFrame.from_ndarray(np.stack(planes).round().astype(np.uint8), format="yuv444p")
    tags = {"colorspace": matrix, "color_range": 2 if full_range else 1}
    path = write_frames(tmp_path / "a.mp4", [frame] * 2, codec="libx264", options={"crf": "1"}, tags=tags)
    seen = first(path)
    for column in (16, 48, 80):
        assert seen[32, column].tolist() == pytest.approx(picture[32, column].tolist(), abs=4)
    assert problems(path) == ""


def test_what_only_the_container_says_of_colours_counts(tmp_path):
    """The frames of ProRes have fields of their own for them, which may be empty."""
    grey = np.full((64, 64, 3), 128, np.uint8)
    with av.open(str(tmp_path / "a.mov"), "w") as target:
        stream: Any = target.add_stream("prores_ks", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv422p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = colour.PQ, 9, 9
        target.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="bgr24")))
        target.mux(stream.encode(None))
    assert (
        first(tmp_path / "a.mov").mean() > 150
    )  # half of PQ's signal is 92 cd/m², brighter than half of an ordinary one


def test_a_pixel_shape_that_cannot_be_is_said(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as target:
        stream: Any = target.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.sample_aspect_ratio = 100
        for _ in range(3):
            target.mux(stream.encode(av.VideoFrame(160, 120, "yuv420p")))
        target.mux(stream.encode(None))
    assert "ten times" in problems(path)


def test_an_unknown_transfer_function_is_said(tmp_path):
    frame = av.VideoFrame.from_ndarray(FACE, format="bgr24").reformat(format="yuv420p")
    path = write_frames(tmp_path / "log.mp4", [frame] * 3, codec="libx264", tags={"color_trc": 10})
    assert "transfer function" in problems(path)


def _see_through(fmt: str) -> av.VideoFrame:
    alpha = np.full(FACE.shape[:2], 255, np.uint8)
    alpha[:, :160] = 0
    return av.VideoFrame.from_ndarray(np.dstack([FACE, alpha]), format="bgra").reformat(format=fmt)


@pytest.mark.parametrize(
    ("name", "codec", "fmt"),
    [
        ("a.mov", "qtrle", "argb"),
        ("a.mov", "png", "rgba"),
        ("a.mkv", "ffv1", "yuva420p"),
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("a.webm", "libvpx", "yuva420p"),
        ("a.webm", "libvpx-vp9", "yuva420p"),
    ],
)
def test_what_is_transparent_lies_on_white(tmp_path, name, codec, fmt):
    options = {"auto-alt-ref": "0", "crf": "4", "b": "4M"} if codec.startswith("libvpx") else {}
    marked = {"alpha_mode": "1"} if codec.startswith("libvpx") else None
    frames = [_see_through(fmt) for _ in range(3)]
    path = write_frames(tmp_path / name, frames, codec=codec, options=options, metadata=marked)
    seen = first(path)
    assert seen[:, :144].min() > 240
    assert np.abs(seen[:, 176:].astype(int) - FACE[:, 176:]).mean() < 8


def test_the_default_track_is_read_and_not_the_first(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream("mpeg4", rate=25) for _ in range(2)]
        for stream, is_default in zip(streams, (False, True), strict=True):
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            stream.disposition = av.stream.Disposition.default if is_default else av.stream.Disposition(0)
        for number in range(5):
            for stream, grey in zip(streams, (40, 200), strict=True):
                frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), grey, np.uint8), format="bgr24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    assert first(path).mean() == pytest.approx(200, abs=5)
    assert "several tracks" in problems(path)


@pytest.mark.parametrize("name", ["plant.mkv", "plant.mp4"])
def test_a_frame_a_day(tmp_path, name):
    frames = [(np.full((64, 64, 3), grey, np.uint8), 86400.0 * day) for day, grey in enumerate((40, 90, 140, 190))]
    path = write_video(tmp_path / name, frames, rate=1, codec="mpeg4")
    with Video(path) as video:
        samples = list(video)
    assert [sample.time_s for sample in samples] == [0, 86400, 172800, 259200]
    assert video.problems == () and video.duration_s == pytest.approx(259201, abs=86400)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_thousand_frames_a_second(tmp_path, name):
    frames = [np.full((64, 64, 3), 40 + n // 4, np.uint8) for n in range(600)]
    path = write_video(tmp_path / name, frames, rate=1000, codec="mpeg4")
    with Video(path, 4) as video:
        stated = video.frame_rate
        samples = list(video)
    assert [(sample.time_s, sample.frame) for sample in samples] == [(0.0, 0), (0.25, 250), (0.5, 500)]
    assert (stated, video.duration_s, video.problems) == (pytest.approx(1000), pytest.approx(0.6, abs=0.002), ())


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4"])
def test_the_length_is_known_when_the_last_frames_are_passed_over(tmp_path, codec):
    path = write_video(tmp_path / "a.mkv", [FACE] * 100, rate=10, codec=codec)
    with Video(path, 0.15) as video:
        assert len(list(video)) == 2
    assert video.duration_s == pytest.approx(10, abs=0.11)


@pytest.mark.parametrize("fps", [0, 1, 4])
@pytest.mark.parametrize(("before", "after"), [(5, 5), (10, 2), (12, 1), (12, 6)])
def test_a_pause_makes_no_recording_longer_whatever_the_order_of_its_frames(tmp_path, fps, before, after):
    """In MP4, frames that are decoded early state the pause as theirs; with 12 and 6 the last one does."""
    times_s = [n / 10 for n in range(before)] + [100 + n / 10 for n in range(after)]
    frames = [(np.roll(FACE, 3 * n, axis=1), time_s) for n, time_s in enumerate(times_s)]
    options = {"bf": "5", "x264-params": "b-adapt=0:scenecut=0"}
    with Video(write_video(tmp_path / "pause.mp4", frames, rate=10, options=options), fps) as video:
        assert [sample.time_s for sample in video][-1] >= 100
    assert (video.duration_s, video.problems) == (pytest.approx(100 + after / 10, abs=0.01), ())


def test_a_thousand_frames_a_second_where_only_stamps_say_so(tmp_path):
    path = write_frames(tmp_path / "a.ts", [av.VideoFrame(64, 48, "yuv420p")] * 40, codec="libx264", rate=1000)
    with Video(path, 0) as video:
        assert len(list(video)) == 40
        assert video.frame_rate == pytest.approx(1000, rel=0.03) and video.duration_s == pytest.approx(0.04, abs=0.002)


def test_times_below_zero_lose_no_frame():
    clock = Clock(Fraction(1, 1000), 0.0, 0.04)
    assert [clock.seconds(stamp) for stamp in (-500, -460, -420, -380)] == pytest.approx([0, 0.04, 0.08, 0.12])
    assert clock.repaired == 0


def test_interlaced_frames_are_read_from_one_field(tmp_path):
    moments = [scene((120 + shift, 120, 200)) for shift in (0, 40)]
    woven = moments[0].copy()
    woven[1::2] = moments[1][1::2]
    path = write_video(
        tmp_path / "tv.mpg", [woven] * 25, codec="mpeg2video", options={"flags": "+ildct+ilme", "q": "1"}
    )
    seen = first(path).astype(int)
    combed = np.abs(seen[1:-1] - (seen[:-2] + seen[2:]) / 2).mean()
    honest = np.abs(woven[1:-1].astype(int) - (woven[:-2].astype(int) + woven[2:]) / 2).mean()
    assert seen.shape == woven.shape and combed < honest / 4
    assert np.abs(seen - moments[0]).mean() < 10
    assert "interlaced" in problems(path)


def test_a_change_of_the_pixel_shape_is_seen(tmp_path):
    parts = []
    for number, shape in enumerate((1, 2)):
        parts.append(tmp_path / f"{number}.ts")
        with av.open(str(parts[-1]), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"bf": "0", "g": "5"})
            stream.width, stream.height, stream.pix_fmt = 160, 240, "yuv420p"
            stream.codec_context.sample_aspect_ratio = shape
            for _ in range(25):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(width=160), format="bgr24")))
            container.mux(stream.encode(None))
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    with Video(both, 0) as video:
        assert {sample.image.shape[:2] for sample in video} == {(240, 160), (240, 320)}
    assert any("160x240 to 320x240" in problem for problem in video.problems)


def test_a_camera_that_writes_exif_into_each_frame(tmp_path):
    """PyAV does not know all that a frame can carry beside its pixels."""
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    jpeg = BytesIO()
    Image.fromarray(FACE[:, :, ::-1]).save(jpeg, "JPEG", exif=exif)
    path = tmp_path / "camera.avi"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for number in range(5):
            packet = av.Packet(jpeg.getvalue())
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 25)
            container.mux(packet)
    assert np.abs(first(path).astype(int) - FACE).mean() < 5


def _raw(folder: Path, name: str, codec: str, fmt: str = "yuv420p", container: str | None = None) -> Path:
    frames = [av.VideoFrame.from_ndarray(FACE, format="bgr24").reformat(format=fmt) for _ in range(5)]
    return write_frames(folder / name, frames, codec=codec, container=container)


def _still(folder: Path, name: str) -> Path:
    """A photograph, in whose container FFmpeg would find a recording of a frame or of a tile."""
    assert heic_can_be_read()
    Image.fromarray(FACE[:, :, ::-1]).save(folder / name)
    return folder / name


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: _raw(folder, "a.h264", "libx264", container="h264"), "raw H.264"),
        (lambda folder: _raw(folder, "a.hevc", "libx265", container="hevc"), "raw H.265"),
        (lambda folder: _raw(folder, "a.m2v", "mpeg2video", container="mpeg2video"), "raw MPEG"),
        (lambda folder: _raw(folder, "a.mxf", "mpeg2video"), "MXF"),
        (lambda folder: _raw(folder, "a.wmv", "wmv2"), "Windows Media"),
        (lambda folder: _raw(folder, "a.flv", "flv"), "Flash"),
        (lambda folder: _raw(folder, "a.y4m", "wrapped_avframe", container="yuv4mpegpipe"), "Y4M"),
        (lambda folder: _raw(folder, "a.gif", "gif", "rgb8"), "GIF"),
        (lambda folder: _raw(folder, "a.m4v", "mpeg4", container="m4v"), "raw MPEG"),
        (lambda folder: _raw(folder, "a.mjpeg", "mjpeg", "yuvj420p", container="mjpeg"), "raw Motion JPEG"),
        (lambda folder: _raw(folder, "a.apng", "apng", "rgb24", container="apng"), "is a picture"),
        (lambda folder: _still(folder, "photo.avif"), "is a picture"),
        (lambda folder: _still(folder, "photo.heic"), "is a picture"),
        (lambda folder: folder / "%04d.png", "names a series"),
        (lambda folder: folder / "frame*.jpg", "names a series"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_kinds_of_files_are_refused_with_the_true_reason(tmp_path, make, words):
    path = make(tmp_path)
    with pytest.raises(MediaError, match=words) as refusal:
        Video(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x1f\x07\x00\x3f" + bytes(200), "raw DV"),
        (b"PK\x03\x04" + bytes(200), "archive"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"#EXTM3U\n/etc/passwd\n", "playlist"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(20) + b"\x00\x00\x10\x00mdat" + bytes(200), "lost its index"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x00\x00\x80\x02\x0c\x04" + bytes(200), "raw H.263"),
        (b"\x00\x00\x00\x01\x00\x79\x00" + bytes(200), "raw H.266"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(200), "is a picture"),
        (b"8BPS\x00\x01" + bytes(200), "is a picture"),
    ],
)
def test_the_first_bytes_tell_what_a_file_is(tmp_path, data, words):
    path = tmp_path / "thing.mp4"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=words):
        Video(path)


def test_a_folder_of_pictures_is_told_from_a_folder(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "0001.png")
    with pytest.raises(MediaError, match="make one recording"):
        Video(tmp_path)
