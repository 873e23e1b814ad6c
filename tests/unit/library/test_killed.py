"""A library is whole however its users end, and however many there are."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from fer_core.library.library import Library
from tests.conftest import ROOT

KEEPING = """
import sys
from pathlib import Path
from fer_core.library.library import Library
from tests.unit.library.killed import study
folder, database, first = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with Library.open(folder, database) as library:
    for number in range(first, first + 7):
        name = library.keep(study(number))
        if number % 5 == 0:
            library.delete_analysis(name)
        library.set_tags(f"{first + 1:064x}", [str(number)]) if number > first else None
        library.keep(study(7))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked, which this system cannot")
@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing_and_leaves_nothing_half(tmp_path):
    command = [sys.executable, "-m", "tests.unit.library.killed", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    kept, leftovers = map(int, done.stdout.split())
    assert kept >= 20 and leftovers > 0, "the kills came when nothing was being written; this run shows nothing"


def test_two_processes_at_once_lose_nothing(database, tmp_path):
    place = str(database)

    def keep(first):
        command = [sys.executable, "-c", KEEPING, str(tmp_path), place, str(first)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    with ThreadPoolExecutor() as pool:
        for done in pool.map(keep, (100, 1000)):
            assert done.returncode == 0, done.stderr
    with Library.open(tmp_path, database) as library:
        kept = {entry.recording_id: entry for entry in library.entries()}
        wanted = {number for first in (100, 1000) for number in range(first, first + 7) if number % 5}
        assert set(kept) == {f"{number:064x}" for number in {*wanted, 7}}
        assert library.store.names() == {entry.analysis for entry in kept.values()}
        assert kept[f"{101:064x}"].tags == ("106",)
        assert library.open_study(kept[f"{7:064x}"].analysis).notes.names == {1: "P7"}
