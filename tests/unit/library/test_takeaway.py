"""Tables of a study are read back by the programs that they are for."""

import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fer_core.library.observations import MEANINGS
from fer_core.library.takeaway import (
    csv_bytes,
    dictionary,
    meaning,
    notebook,
    parquet_bytes,
    r_script,
    spss_bytes,
    spss_names,
)
from fer_core.timeline.groups.cells import values_of_people


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    records = [
        {
            "subject": f"S{number // 2}",
            "condition": "joke" if number % 2 else "calm",
            "recording": "=Käthe – 面接.mp4" if number == 0 else f"r{number}.mp4",
            "person": 1,
            "seconds": 10.0,
            "uncertain_s": 1.0,
            "excluded_s": 2.0,
            "mean_happy": rng.uniform(),
            "attribute_Alter (Jahre)": None if number == 3 else "31",
        }
        for number in range(8)
    ]
    return pd.DataFrame(records)


def test_csv_and_parquet_hold_every_row(table):
    read = pd.read_csv(io.BytesIO(csv_bytes(table)))
    assert read["recording"][0] == "'=Käthe – 面接.mp4"  # no formula for a spreadsheet
    np.testing.assert_allclose(read["mean_happy"], table["mean_happy"], atol=1e-6)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet_bytes(table))), table)


def test_spss_reads_names_labels_and_gaps(table, tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    (tmp_path / "study.sav").write_bytes(spss_bytes(table))
    read, about = pyreadstat.read_sav(str(tmp_path / "study.sav"))
    assert read["recording"][0] == "=Käthe – 面接.mp4" and read["attribute_Alter_Jahre"][3] == ""
    np.testing.assert_array_equal(read["mean_happy"], table["mean_happy"])
    labels = dict(zip(about.column_names, about.column_labels, strict=True))
    assert labels["seconds"] == MEANINGS["seconds"]


def test_names_for_spss_are_unlike_in_any_case():
    names = spss_names(["a b", "A_B", "1", "ü", "x" * 90, "x" * 91])
    assert len({name.casefold() for name in names}) == 6
    assert all(name[0].isalpha() and name.replace("_", "").isalnum() and len(name) <= 64 for name in names)


def test_every_column_has_a_meaning(table):
    assert dictionary(table)["meaning"].ne("").all()


def test_the_meanings_of_a_row_an_event_name_the_second_before():
    for what in ("baseline", "change", "peak_change", "onset_s", "area"):
        assert "1 s before the event" in meaning(f"{what}_happy") and "at rest" not in meaning(f"{what}_happy")
        assert len(meaning(f"{what}_surprise")) <= 250  # all of it is a label of SPSS
    assert meaning("shown_share_happy") == "shown_s as a share of the seconds that count, 0 to 1; of happy"


def cells_of_notebook(table, folder):
    """The means by condition that the notebook computes from the CSV."""
    (folder / "study.csv").write_bytes(csv_bytes(table))
    document = json.loads(notebook("mean_happy"))
    code = "\n".join("".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code")
    code += "\nprint(cells.to_json())"
    command = [sys.executable, "-c", f"import matplotlib\nmatplotlib.use('Agg')\n{code}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def odd_names(table):
    """Names that programs take for something else: missing values, and numbers that are equal."""
    conditions = {"calm": "None", "joke": "NA"}
    subjects = {"S0": "01", "S1": "1", "S2": "null", "S3": "n/a"}
    return table.assign(condition=table["condition"].map(conditions), subject=table["subject"].map(subjects))


def test_the_notebook_takes_subjects_and_conditions_as_they_are_called(odd_names, tmp_path):
    assert cells_of_notebook(odd_names, tmp_path)["n"] == {"None": 4, "NA": 4}


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_script_for_r_takes_subjects_and_conditions_as_they_are_called(odd_names, tmp_path):
    (tmp_path / "study.csv").write_bytes(csv_bytes(odd_names))
    (tmp_path / "study.R").write_text(r_script("mean_happy") + 'cat("n:", table(people$condition)[c("None", "NA")])')
    done = subprocess.run(["Rscript", "study.R"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "n: 4 4" in done.stdout, done.stderr


def test_the_notebook_repeats_the_means_from_the_csv(table, tmp_path):
    cells = cells_of_notebook(table, tmp_path)
    wanted = table.groupby("condition")["mean_happy"].mean()
    assert cells["mean"] == pytest.approx(wanted.to_dict(), abs=1e-6)
    assert cells["n"] == {"calm": 4, "joke": 4} and cells["excluded"]["calm"] == pytest.approx(1 / 6)
    assert (tmp_path / "study.png").stat().st_size > 1000


@pytest.fixture
def somebody_without_a_value(table):
    """The "joke" of one person has no value, and seconds and exclusions of its own; another has one without, too."""
    again = table.iloc[[1]].assign(mean_happy=float("nan"), seconds=3.0, uncertain_s=3.0)
    changed = table.assign(
        mean_happy=table["mean_happy"].mask(table.index == 7),
        seconds=table["seconds"].mask(table.index == 7, 2.0),
        excluded_s=table["excluded_s"].mask(table.index == 7, 8.0),
    )
    return pd.concat([changed, again], ignore_index=True)


def test_the_notebook_tells_the_data_behind_the_figure_of_the_page(somebody_without_a_value, tmp_path):
    cells = cells_of_notebook(somebody_without_a_value, tmp_path)
    for condition in ("calm", "joke"):
        told = values_of_people(somebody_without_a_value, "mean_happy").cell(condition)
        assert (cells["n"][condition], cells["seconds"][condition]) == (told.n, told.seconds)
        assert cells["uncertain"][condition] == pytest.approx(told.share_uncertain)
        assert cells["excluded"][condition] == pytest.approx(told.share_excluded)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_script_for_r_tells_the_data_behind_the_figure_of_the_page(somebody_without_a_value, tmp_path):
    (tmp_path / "study.csv").write_bytes(csv_bytes(somebody_without_a_value))
    (tmp_path / "study.R").write_text(r_script("mean_happy") + 'cat("seconds:", summary_of("joke")$seconds)')
    done = subprocess.run(["Rscript", "study.R"], cwd=tmp_path, capture_output=True, text=True)
    told = values_of_people(somebody_without_a_value, "mean_happy").cell("joke")
    assert done.returncode == 0 and f"seconds: {told.seconds:.0f}" in done.stdout, done.stderr


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_the_script_for_r_repeats_the_means_from_the_csv(table, tmp_path):
    (tmp_path / "study.csv").write_bytes(csv_bytes(table))
    (tmp_path / "study.R").write_text(r_script("mean_happy"))
    done = subprocess.run(["Rscript", "study.R"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{table.groupby('condition')['mean_happy'].mean()['joke']:.4f}"[:6] in done.stdout
    assert (tmp_path / "study.pdf").exists()
