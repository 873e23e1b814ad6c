"""A disk that is full: what was there stays, nothing is left behind, and one sentence says so."""

import os
import resource
import signal

import pytest

from fer_core.commands.output import write_file
from fer_core.errors import MediaError
from fer_core.reports.tables import write_csv
from fer_core.ui.video.memory import Workspace
from fer_core.whole_file import whole_file
from tests.timelines import synthetic

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


def test_nothing_takes_the_place_of_a_device(tmp_path):

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with whole_file(pipe) as place:
        assert place == pipe
    assert pipe.is_fifo()
