"""The command that measures how often group statistics are wrong where there is no effect."""

import json

import numpy as np
import pytest

from fer_core.cli import main
from fer_core.diagnostics import null_study as module
from fer_core.diagnostics.null_study import TESTS, NullRate, null_study, simulated


def test_simulated_faces_have_levels_and_rhythms_of_their_own():
    values = simulated(np.random.default_rng(0), 200, 100)
    assert values.min() > 0 and values.max() < 1
    means = values.mean(axis=1)
    after = [np.corrcoef(curve[:-1], curve[1:])[0, 1] for curve in values]
    assert means.std() > 0.1 and 0.6 < np.median(after) < 0.9


def test_the_command_writes_a_rate_a_test(tmp_path, capsys, monkeypatch):
    quick = {name: test for name, test in TESTS.items() if "time courses" not in name and "mixed" not in name}
    monkeypatch.setattr(module, "TESTS", quick)
    assert main(["null-study", "--studies", "3", "--people", "6", "--json", str(tmp_path / "null.json")]) == 0
    written = json.loads((tmp_path / "null.json").read_text())
    assert [test["name"] for test in written["tests"]] == list(quick) and written["people"] == 6
    assert len(capsys.readouterr().out.splitlines()) == len(quick)
    assert main(["null-study", "--studies", "2", "--json", "-"]) == 0
    assert len(json.loads(capsys.readouterr().out)["tests"]) == len(quick)


def test_a_test_that_is_always_wrong_shows(monkeypatch):
    monkeypatch.setattr(module, "TESTS", {"always": lambda rng, people: 0.01, "never": lambda rng, people: 0.06})
    always, never = null_study(40)
    assert (always.rejected, always.rate, never.rejected) == (40, 1.0, 0)
    assert always.interval[0] > 0.9 and "40 of 40" in str(always) and isinstance(never, NullRate)


def test_the_same_seed_gives_the_same_rates(monkeypatch):
    monkeypatch.setattr(module, "TESTS", {name: TESTS[name] for name in ("two groups", "synchrony")})
    assert [rate.rejected for rate in null_study(4, 6, 1)] == [rate.rejected for rate in null_study(4, 6, 1)]


@pytest.mark.parametrize("arguments", [["--people", "4"], ["--studies", "0"], ["--studies", "many"]])
def test_wrong_numbers_are_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["null-study", *arguments])
    assert stopped.value.code == 2 and "Traceback" not in capsys.readouterr().err
