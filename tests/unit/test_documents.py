"""What the documents say is what the project does."""

import argparse
import importlib.util
import json
import re
from dataclasses import replace

import pytest

from fer_core.cli import parser
from fer_core.plain import as_plain
from tests.conftest import ROOT


def make_tables():
    spec = importlib.util.spec_from_file_location("make_tables", ROOT / "docs" / "make_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["README.md", "MODEL_CARD.md", "docs/reference.md", "docs/batch.md", "docs/performance.md"]
)
def test_figures_are_those_of_the_cards(name):
    module, text = make_tables(), (ROOT / name).read_text(encoding="utf-8")
    assert text == module.with_tables(text, module.documents()[name]), f"{name} is out of date: run `make tables`"


@pytest.mark.parametrize("settings", [{"only": ["start"]}, {"left_out": ["recording"]}])
def test_a_run_of_some_parts_empties_no_other_table(tmp_path, settings):
    module = make_tables()
    [kept] = module.report.newest_first(module.BENCHMARKS)[:1]
    whole = module.report.read(kept)
    (tmp_path / kept.name).write_bytes(kept.read_bytes())
    before = module.performance(tmp_path)
    figures = replace(whole.figures, table=whole.figures.table[:1], against=None)
    part = replace(whole, date="2999-01-01", figures=figures, settings={**whole.settings, **settings})
    (tmp_path / "2999-01-01.json").write_text(json.dumps(as_plain(part)))
    after = module.performance(tmp_path)
    assert {name for name in before if before[name] != after[name]} == {"growth"}
    assert after["growth"].startswith("Measured on 2999-01-01") and "benchmarks/2999-01-01.svg" in after["growth"]


def test_a_run_without_further_options_leaves_their_aims_measured(tmp_path):
    module = make_tables()
    [kept] = module.report.newest_first(module.BENCHMARKS)[:1]
    whole = module.report.read(kept)
    (tmp_path / kept.name).write_bytes(kept.read_bytes())
    before = module.performance(tmp_path)["bars"].splitlines()
    figures = replace(whole.figures, against=None, video=None)
    newer = replace(whole, date="2999-01-01", figures=figures, bars=module.report.bars(figures))
    (tmp_path / "2999-01-01.json").write_text(json.dumps(as_plain(newer)))
    after = module.performance(tmp_path)["bars"].splitlines()
    assert [line.replace(f" ({whole.date}, another run)", "") for line in after] == before
    dated = [line for line in after if whole.date in line]
    assert len(dated) == 5 and all("`fer`" in line or "an hour" in line for line in dated)
    elsewhere = replace(figures, machine=replace(figures.machine, processor="another"))
    (tmp_path / "2999-01-01.json").write_text(json.dumps(as_plain(replace(newer, figures=elsewhere))))
    assert module.performance(tmp_path)["bars"].count("not measured") == 5


def test_every_command_is_in_the_reference():
    [commands] = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    missing = [name for name in commands.choices if f"`python -m fer_core {name}" not in text]
    assert not missing


def test_every_option_that_reads_faces_is_in_the_documents():
    """In its command's row, in the words below the table, or in the command's own document."""
    [commands] = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    reference = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    [shared] = re.findall(r"^How faces are read.*?\n\n", reference, re.MULTILINE | re.DOTALL)
    for name in ("image", "video", "batch", "live"):
        [row] = re.findall(rf"^\| `python -m fer_core {name} .*$", reference, re.MULTILINE)
        own = ROOT / "docs" / f"{name}.md"
        text = row + shared + (own.read_text(encoding="utf-8") if name in ("batch", "live") else "")
        options = {word for action in commands.choices[name]._actions for word in action.option_strings}
        assert options - {"-h", "--help"} - set(re.findall(r"--[a-z-]+", text)) == set(), name


def test_every_make_target_is_in_a_document():
    [targets] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    texts = [path.read_text(encoding="utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]]
    named = " ".join(words for text in texts for words in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", text)).split()
    assert set(targets.split()) - set(named) == set()


def test_every_kind_of_problem_of_the_service_is_in_its_table():
    pytest.importorskip("fastapi", reason="the extra `service` is not installed")
    from fer_core.service.problems import STATUSES

    rows = re.findall(
        r"^\| ([\d, ]+) \| (.*?) \|", (ROOT / "docs/service.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    for kind, status in STATUSES.items():
        assert any(str(int(status)) in numbers and f"`{kind.__name__}`" in kinds for numbers, kinds in rows), kind


def test_every_setting_of_training_is_documented():
    from dataclasses import fields

    from fer_core.training.settings import Settings

    text = Settings.__doc__
    assert [f.name for f in fields(Settings) if not re.search(rf"^ +{f.name}: ", text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "path", [path.relative_to(ROOT).as_posix() for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])]
)
def test_files_that_documents_name_exist(path):
    folder = (ROOT / path).parent
    text = (ROOT / path).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (folder / target).exists(), f"{path} points to {target}"
    for target in re.findall(r"`((?:docs|models|tests|fer_core|pages|assets|haarcascades)/[\w./-]+)`", text):
        assert (ROOT / target).exists(), f"{path} names {target}"


def test_what_documents_import_is_there():
    texts = [path.read_text(encoding="utf-8") for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]]
    lines = {line for text in texts for line in re.findall(r"^(?:from|import) fer_core.*$", text, re.MULTILINE)}
    assert lines
    for line in sorted(lines):
        exec(line, {})


def test_the_deletion_that_is_promised_deletes():
    """Without `--yes` the command only says what it would delete."""
    commands = re.findall(r"`face-value (library delete[^`]*)`", (ROOT / "PRIVACY.md").read_text(encoding="utf-8"))
    assert commands and all(parser().parse_args(command.split()).yes for command in commands)


def test_the_card_in_the_documents_is_one(tmp_path):
    from fer_core.classification.importing import read_given

    [example] = re.findall(r"```json\n(.*?)```", (ROOT / "docs/models.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "card.json"
    path.write_text(example)
    assert read_given(path).name == "theirs"


def test_the_start_of_face_resnet_is_fetched_as_written():
    from fer_core.evaluation.recipes import FETCH_FACE

    text = (ROOT / "docs/training.md").read_text(encoding="utf-8")
    assert FETCH_FACE in " ".join(text.replace("\\\n", " ").split())


def test_how_often_the_label_is_the_majority_of_the_raters():
    from fer_core.classification import load_card
    from fer_core.emotions import EMOTIONS, RATER_CLASSES
    from fer_core.evaluation import read_evaluation
    from fer_core.evaluation.datasets import emotion_row

    data = read_evaluation(load_card("custom_cnn")).data
    rows = [(emotion_row(name), column) for column, name in enumerate(RATER_CLASSES)]
    tables = data.labels_and_raters.values()
    alike = sum(table[row][column] for table in tables for row, column in rows if row is not None)
    share = f"{100 * alike / sum(sum(map(sum, table)) for table in tables):.0f} %"
    assert len(EMOTIONS) == sum(row is not None for row, _ in rows)
    for name in ("MODEL_CARD.md", "README.md", "docs/teaching.md"):
        assert re.search(rf"FER2013's (?:own )?label equals (?:that majority|it) on {share}", (ROOT / name).read_text())
