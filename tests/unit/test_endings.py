"""A disk that is full: what was there stays, nothing is left behind, and one sentence says so."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import pytest

from fer_core import file_lock
from fer_core.cli import main
from fer_core.commands.output import write_file
from fer_core.errors import MediaError
from fer_core.reports.tables import write_csv
from fer_core.temporary import temporary_folder
from fer_core.ui.video.memory import Workspace
from fer_core.whole_file import whole_file, write_whole
from tests.conftest import ROOT
from tests.timelines import synthetic

resource = pytest.importorskip("resource", reason="limits and signals of Unix are needed")

ROOM = 10_000


@pytest.fixture
def full_disk():
    """No file of this process can grow beyond `ROOM` bytes, which ends in the error of a file system without room."""
    before, kept = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, kept)


def test_a_result_of_before_stays_whole(tmp_path, full_disk):
    target = tmp_path / "out" / "faces.json"
    write_file(target, b"of before")
    with pytest.raises(MediaError, match=r"cannot be written .*; choose another place"):
        write_file(target, bytes(ROOM + 1))
    assert target.read_bytes() == b"of before" and list(target.parent.iterdir()) == [target]


def test_a_table_of_before_stays_whole(tmp_path, full_disk):
    write_csv(synthetic(1.0), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(MediaError, match=r"cannot be written .*; choose another place"):
        write_csv(synthetic(60.0), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_half_an_upload_is_not_left_behind(full_disk):
    workspace = Workspace()
    with pytest.raises(MediaError, match="make room there"):
        workspace.store("a.mp4", bytes(ROOM + 1))
    assert list(workspace.path.iterdir()) == []
    workspace.close()


def test_a_killed_process_leaves_no_folder_after_the_next_start(tmp_path):
    killed = """
import os, signal
from fer_core.temporary import new_folder
(new_folder() / "face.mp4").write_bytes(b"a face")
os.kill(os.getpid(), signal.SIGKILL)
"""
    used = tmp_path / f"face-value-{os.getpid()}-used"
    used.mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", killed], env=environment, cwd=ROOT, check=False)
    [left] = set(tmp_path.iterdir()) - {used}
    assert list(left.iterdir()) != []
    subprocess.run([sys.executable, "-c", "from fer_core.temporary import sweep; sweep()"], env=environment, cwd=ROOT)
    assert list(tmp_path.iterdir()) == [used]


def test_without_a_temporary_folder_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(MediaError, match="TMPDIR"), temporary_folder():
        pass


def test_nothing_takes_the_place_of_a_device(tmp_path):

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with whole_file(pipe) as place:
        assert place == pipe
    assert pipe.is_fifo()


@pytest.mark.skipif(sys.platform == "win32", reason="no such place")
def test_a_home_that_cannot_be_written_costs_nothing_and_nobody_a_word(tmp_path):
    home = tmp_path / "home"
    home.write_bytes(b"")  # a file, because nobody keeps root from writing
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(tmp_path)}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR"):
        environment.pop(name, None)
    code = "import sys, fer_core.reports.fonts; from fer_core.cli import main; sys.exit(main(['library', 'list']))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    names = []
    monkeypatch.setattr(os, "fsync", lambda handle: names.append({path.name for path in tmp_path.iterdir()}))
    write_whole(tmp_path / "x.json", "{}")
    assert names == [{".x.json.lock", ".x.json.part"}] and (tmp_path / "x.json").read_text() == "{}"
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_file_that_somebody_writes_is_written_by_nobody_else_meanwhile(tmp_path):
    path = tmp_path / "all.zip"
    with whole_file(path) as part:
        part.write_text("whole")
        with pytest.raises(OSError, match="another program is writing it"), whole_file(path):
            raise AssertionError("two write one file")
        assert part.read_text() == "whole"
    assert path.read_text() == "whole" and list(tmp_path.iterdir()) == [path]


def test_where_there_are_no_locks_files_are_written_all_the_same(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(file_lock, "_lock", refuse)
    write_whole(tmp_path / "x.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="no file that is open is removed there")
def test_a_lock_whose_file_was_removed_meanwhile_is_taken_of_the_new_one(tmp_path, monkeypatch):
    path, lock, held = tmp_path / ".lock", file_lock._lock, []

    def late(handle):  # another process has ended and removed it between opening and locking
        if not held:
            path.unlink()
        held.append(handle)
        lock(handle)

    monkeypatch.setattr(file_lock, "_lock", late)
    with file_lock.locked(path, stays=False):
        assert len(held) == 2
        with pytest.raises(file_lock.LockedError), file_lock.locked(path):
            pass
    assert not path.exists()


def test_a_lock_that_is_not_to_stay_is_gone_where_there_are_no_locks(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(file_lock, "_lock", refuse)
    with pytest.raises(OSError, match="has no locks"), file_lock.locked(tmp_path / ".lock", stays=False):
        pass
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "text.mp4").write_text("no recording")
    assert main(["video", str(tmp_path / "text.mp4"), "--out", str(tmp_path / "new")]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]


@pytest.mark.parametrize("system", ["win32", "linux"])
def test_a_lock_that_is_not_to_stay_is_gone_after_an_error(tmp_path, monkeypatch, system):
    monkeypatch.setattr(file_lock, "_lock", lambda handle: None)
    monkeypatch.setattr(file_lock, "sys", SimpleNamespace(platform=system))
    with pytest.raises(MediaError), file_lock.locked(tmp_path / ".lock", stays=False):
        raise MediaError("broken")
    assert list(tmp_path.iterdir()) == []
