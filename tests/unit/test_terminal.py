"""What the commands write to a terminal, whatever the names of files, the encoding and the other end of the pipe."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_core.cli import main
from fer_core.commands import verify
from fer_core.commands.output import progress_line, say
from fer_core.commands.video import CHECKPOINT
from fer_core.jobs import Progress
from tests.conftest import PORTRAIT, ROOT
from tests.videos import write_sound_only

ESCAPE = "\x1b[2J\x1b]0;title\x07‮gnp"


def run(*arguments: str, encoding: str = "utf-8") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "fer_core", *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )


@pytest.fixture
def odd_picture(tmp_path) -> Path:
    path = tmp_path / f"田中 {ESCAPE}.jpg"
    path.write_bytes(PORTRAIT.read_bytes())
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="such names do not exist there")
def test_a_name_with_control_characters_and_foreign_letters(odd_picture):
    for encoding in ("utf-8", "cp1252"):
        done = run("image", str(odd_picture), encoding=encoding)
        assert done.returncode == 0 and done.stderr == b""
        assert done.stdout.count(b"\n") == 2 and not set(done.stdout) & {0x1B, 0x07}
        assert b"happy" in done.stdout


@pytest.mark.parametrize(
    "command", [["image"], ["video", "--out", "x"], ["verify", "--video", "x"], ["evaluate", "--json", "-", "--data"]]
)
def test_names_that_are_not_there_reach_the_terminal_harmless(capsys, command):
    try:
        status = main([*command, f"no\n{ESCAPE}"])
    except SystemExit as end:
        status = int(end.code or 0)
    err = capsys.readouterr().err
    assert status == 3 and err.count("\n") == 1 and not set(err) & {"\x1b", "\x07", "\u202e"}


def test_wrong_usage_reaches_the_terminal_harmless(capsys):
    with pytest.raises(SystemExit):
        main(["models", "list", f"--{ESCAPE}"])
    assert not set(capsys.readouterr().err) & {"\x1b", "\x07", "\u202e"}


def test_what_is_said_never_stands_behind_a_line_of_progress(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    line = progress_line("the work")
    line.report(Progress(0.25))
    for text in ("stopped.", "more"):
        say(text)
    first, second, third, _ = capsys.readouterr().err.split("\n")
    assert first.startswith("\r 25% of the work") and (second, third) == ("stopped.", "more")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of a shell")
@pytest.mark.parametrize("command", [["models", "list"], ["image", str(PORTRAIT), "--json", "-"]])
def test_a_closed_pipe_ends_quietly(command):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "fer_core", *command], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, timeout=120
    )
    os.close(writer)
    assert done.stderr == b"" and done.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_without_room_is_said_in_a_sentence():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fer_core", "models", "list"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        assert done.returncode == 3 and done.stderr.startswith(b"error: ") and done.stderr.count(b"\n") == 1
        told = subprocess.run(
            [sys.executable, "-m", "fer_core", "verify", "no.zip", "--video", "x"], cwd=ROOT, stderr=full, timeout=60
        )
        assert told.returncode == 3


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's redirections")
def test_messages_never_go_where_results_do():
    shell = f"{sys.executable} -m fer_core verify no.zip --video x 2>&-"
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == 3 and done.stdout == b""


def test_a_signal_ends_a_command_in_order(monkeypatch, capsys):
    before = signal.getsignal(signal.SIGTERM)
    cleared = []

    def work(_) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # somebody is impatient
            cleared.append(True)
        return 0

    monkeypatch.setattr(verify, "_verify", work)
    assert main(["verify", "a.zip", "--video", "b.mp4"]) == 128 + signal.SIGTERM and cleared == [True]
    assert capsys.readouterr().err == "stopped.\n" and signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["video", "clip.mp4", "--out"], "--out"),
        (["batch", "clip.mp4", "--out"], "--out"),
        (["image", "a.png", "--annotate"], "--annotate"),
    ],
)
def test_a_file_in_the_place_of_the_folder_is_said_and_kept(capsys, tmp_path, arguments, option):
    picture = tmp_path / "holiday.jpg"
    picture.write_bytes(PORTRAIT.read_bytes())
    for place in (picture, picture / "results"):
        assert main([*arguments, str(place)]) == 3
        err = capsys.readouterr().err
        assert f"name another one with {option}" in err and "remove" not in err and err.count("\n") == 1
    assert picture.read_bytes() == PORTRAIT.read_bytes()


def test_a_refused_recording_leaves_nothing_behind(capsys, tmp_path):
    sound = write_sound_only(tmp_path / "sound.m4a")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("keep")
    for folder in (tmp_path / "new", mine):
        assert main(["video", str(sound), "--out", str(folder)]) == 3
    assert "no picture" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert not (mine / CHECKPOINT).exists() and (mine / "notes.txt").exists()
