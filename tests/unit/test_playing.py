"""What browsers play, and the copy of what they do not."""

import av
import numpy as np
import pytest

from fer_core.errors import MediaError
from fer_core.jobs import Monitor, Progress
from fer_core.live.recording import SessionVideo
from fer_core.media.encoding import Mp4Writer
from fer_core.media.playing import browsers_play, write_copy
from fer_core.media.video import Video
from tests.videos import scene, write_sound_only, write_video


@pytest.mark.parametrize(
    ("name", "codec", "plays"),
    [
        ("a.mp4", "libx264", True),
        ("a.mov", "libx264", True),
        ("a.webm", "libvpx", True),
        ("a.mp4", "libsvtav1", True),
        ("a.mp4", "mpeg4", False),  # an MP4 by its name and in truth, and yet
        ("a.mov", "mjpeg", False),  # as cameras write it
        ("a.mp4", "libx265", False),  # as phones do
        ("a.mkv", "libx264", False),
        ("a.avi", "mpeg4", False),
    ],
)
def test_container_and_codec_decide(tmp_path, name, codec, plays):
    assert browsers_play(write_video(tmp_path / name, [scene()] * 5, codec=codec)) is plays


def test_a_name_does_not(tmp_path):
    other = write_video(tmp_path / "a.avi", [scene()] * 3, codec="mpeg4").rename(tmp_path / "b.mp4")
    assert not browsers_play(other)
    assert not browsers_play(write_sound_only(tmp_path / "sound.mp4"))
    assert not browsers_play(tmp_path / "missing.mp4")


def test_colours_that_browsers_do_not_decode(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv444p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "bgr24")))
        container.mux(stream.encode(None))
    assert not browsers_play(path)


def test_a_copy_plays_is_small_and_has_the_sound(tmp_path):
    pictures = [scene(width=1280, height=720)] * 50
    source = write_video(tmp_path / "clip.mkv", pictures, codec="mpeg4", sound_s=2)
    told: list[Progress] = []
    assert write_copy(source, tmp_path / "copies" / "copy.mp4", Monitor(told.append)) is None
    shares = [progress.share for progress in told]
    copy = tmp_path / "copies" / "copy.mp4"
    assert browsers_play(copy) and shares == sorted(shares) and shares[-1] == 1.0
    with av.open(str(copy)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        frames = list(container.decode(video=0))
    assert len(frames) == 50 and (frames[0].width, frames[0].height) == (640, 360)
    assert frames[-1].time == pytest.approx(49 / 25, abs=0.01)


@pytest.mark.parametrize("limit", [{"longest_s": 0.0}, {"most_bytes": 1}], ids=str)
def test_a_limit_ends_the_copy_and_it_says_where(tmp_path, limit):
    source = write_video(tmp_path / "clip.mkv", [scene()] * 50, codec="mpeg4", sound_s=2)
    until_s = write_copy(source, tmp_path / "copy.mp4", **limit)
    assert until_s is not None and until_s < 1
    with av.open(str(tmp_path / "copy.mp4")) as container:
        assert container.duration / 1e6 < 1.2  # not the sound of all of it


def test_what_cannot_be_decoded_cannot_be_copied(tmp_path):
    (tmp_path / "notes.avi").write_text("no film")
    with pytest.raises(MediaError, match="not a recording"):
        write_copy(tmp_path / "notes.avi", tmp_path / "copy.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.avi"]


@pytest.mark.parametrize("rows", [480, 720])
@pytest.mark.parametrize("of_live", [False, True], ids=["copy", "session"])
def test_colours_that_are_written_are_read_again(tmp_path, rows, of_live):
    colours, path = np.eye(3, dtype=np.uint8) * 255, tmp_path / "a.mp4"
    frames = [np.full((rows, rows * 3 // 2, 3), colour, np.uint8) for colour in colours]
    if of_live:
        session = SessionVideo(frames[0].shape[1], rows)
        for number, frame in enumerate(frames):
            session.add(frame, number / 25)
        path.write_bytes(session.finish())
    else:
        with Mp4Writer(path, 25.0, None) as writer:
            for number, frame in enumerate(frames):
                writer.add(frame, number / 25)
    with Video(path, 0) as video:
        read = [sample.image.reshape(-1, 3).mean(axis=0) for sample in video]
    np.testing.assert_allclose(read, colours, atol=6)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_range) == (1 if rows == 720 else 6, 1)
