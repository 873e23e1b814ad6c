"""What the numbers depend on and nobody chooses: said by whoever uses it, and held against what was read before."""

import json
import pickle
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from fer_core.analysis.checkpoint import Checkpoint
from fer_core.analysis.run import completed, provenance_of
from fer_core.classification import EmotionClassifier
from fer_core.classification.cards import list_cards
from fer_core.classification.engines import ENGINES
from fer_core.detection import (
    DETECTORS,
    BlazeFaceDetector,
    HaarDetector,
    MtcnnDetector,
    installed_detectors,
    load_detector,
)
from fer_core.detection.haar import CASCADES, CASCADES_DIR
from fer_core.errors import RequestError
from fer_core.evidence.bundle import write_bundle
from fer_core.evidence.verification import verify
from fer_core.jobs import Monitor
from fer_core.networks.files import MODELS_DIR, FileRecord, sha256
from fer_core.pipeline import EmotionPipeline
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.readings import Box
from fer_core.request import AnalysisRequest, DetectorChoice, Region
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline
from fer_core.timeline.editing.edits import Merge, Name, Smooth, Split
from fer_core.timeline.editing.study import Study
from fer_core.version import __version__
from tests.videos import scene, write_video

FACE = Box(20, 20, 60, 60)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    pictures = [scene((80 + n, 60, 90), width=160, height=120) for n in range(50)]
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", pictures)


@pytest.fixture(scope="module")
def haar() -> HaarDetector:
    return HaarDetector()


def with_fakes(detector, **card) -> EmotionPipeline:
    return EmotionPipeline(detector, EmotionClassifier(FakeEngine("sad"), fake_card(**card)))


# --- the value -------------------------------------------------------------------------------------------------------


def test_it_survives_json_and_pickle():
    made = Provenance({"a": "1" * 64, "ü": "2" * 64}, {"numpy": "2.4.6"})
    assert from_plain(Provenance, json.loads(json.dumps(as_plain(made)))) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_of_what_runs_now_every_version_is_known():
    made = Provenance.of({"b": "2", "a": "1"}, ["ai-edge-litert", "no-such-library"])
    assert list(made.files) == ["a", "b"] and made.versions["fer_core"] == __version__
    for name in ("numpy", "scipy", "pandas", "av", "ai-edge-litert"):
        assert made.versions[name] == version(name)
    assert len([name for name in made.versions if name.startswith("opencv")]) == 1
    assert "no-such-library" not in made.versions


def test_differences_are_named():
    one = Provenance({"a": "1", "b": "2"}, {"numpy": "1", "av": "1"})
    assert one.differences(one) == []
    assert one.differences(Provenance({"a": "1", "b": "3", "c": "4"}, {"numpy": "2", "av": "1"})) == ["b", "c", "numpy"]
    assert one.differences(Provenance()) == Provenance().differences(one) == ["a", "av", "b", "numpy"]


# --- who says what ---------------------------------------------------------------------------------------------------


def hashes_of(folder: Path) -> set[str]:
    return {sha256(path) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", installed_detectors())
def test_a_detector_says_its_files_and_can_be_made_again_from_what_it_says(name):
    detector = load_detector(name)
    assert detector.name == name and set(detector.libraries) <= set(Provenance.of({}, detector.libraries).versions)
    files = {digest for file, digest in detector.files.items() if "." in file}
    assert files <= hashes_of(MODELS_DIR) | hashes_of(CASCADES_DIR)
    assert name == "mtcnn" or detector.files
    again = load_detector(DetectorChoice(name, json.loads(json.dumps(dict(detector.parameters)))))
    assert dict(again.parameters) == dict(detector.parameters) and dict(again.files) == dict(detector.files)


def test_every_detector_of_the_list_has_its_name():
    assert {name: kind.name for name, kind in DETECTORS.items()} == {name: name for name in DETECTORS}
    assert MtcnnDetector.libraries == ("mtcnn", "tensorflow") and MtcnnDetector.files == {}


def test_the_files_of_the_haar_detector_are_cascades_and_face_check(haar):
    assert set(haar.files) == {*CASCADES, "face_check", "face_check.tflite"}
    assert haar.files[CASCADES[0]] == sha256(CASCADES_DIR / CASCADES[0])
    assert haar.files["face_check.tflite"] == sha256(MODELS_DIR / "face_check" / "face_check.tflite")


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [(HaarDetector, {"search_px": 160}), (HaarDetector, {"min_face_px": 60}), (HaarDetector, {"scale_step": 1.2}),
     (BlazeFaceDetector, {"smallest_px": 80})],
)  # fmt: skip
def test_every_parameter_of_a_detector_makes_another_request(kind, parameters):
    plain, other = (completed(with_fakes(made), AnalysisRequest()) for made in (kind(), kind(**parameters)))
    assert other != plain and other.digest != plain.digest
    assert {name: other.detector.parameters[name] for name in parameters} == parameters


def test_engines_say_their_names_and_libraries():
    assert {name: kind.name for name, kind in ENGINES.items()} == {name: name for name in ENGINES}
    assert ENGINES["litert"].libraries == ("ai-edge-litert",) and "tensorflow" in ENGINES["keras"].libraries


def test_a_classifier_says_its_network_and_what_else_decides(models_with_ensemble):
    folder, single, ensemble = models_with_ensemble
    one = EmotionClassifier.load(single, models_dir=folder)
    assert one.files == {
        f"{single}/model.tflite": sha256(folder / single / "model.tflite"),
        single: one.card.identity,
    }
    whole = EmotionClassifier.load(ensemble, models_dir=folder)
    assert set(one.files.items()) < set(whole.files.items()) and whole.files[ensemble] == whole.card.identity
    assert (whole.engine.name, whole.engine.libraries) == ("litert", ("ai-edge-litert",))


@pytest.fixture(scope="module")
def models_with_ensemble():
    """The models that come with the package; an ensemble is among them, or one is not tested."""
    cards = list_cards()
    ensemble = next((card for card in cards if card.members), None)
    if ensemble is None:
        pytest.skip("no ensemble is installed")
    return MODELS_DIR, next(iter(ensemble.members)), ensemble.name


def onnx_card(digest: str, **changes):
    return fake_card(files={"model.onnx": FileRecord(sha256=digest * 64, bytes=1)}, **changes)


def test_two_models_that_have_onnx_files_alone_are_told_apart():
    assert onnx_card("a").identity != onnx_card("b").identity
    assert onnx_card("a").identity == onnx_card("a", metrics={"PublicTest": {"accuracy": 1.0}}).identity
    assert onnx_card("a", temperature=2.0).identity != onnx_card("a").identity
    assert provenance_of(EmotionPipeline(FakeDetector(), EmotionClassifier(FakeEngine(), onnx_card("a")))).differences(
        provenance_of(EmotionPipeline(FakeDetector(), EmotionClassifier(FakeEngine(), onnx_card("b"))))
    ) == ["fake"]


def test_a_timeline_says_all_of_it(haar, film):
    timeline = with_fakes(haar).analyze_video(film, 2.0)
    assert timeline.provenance == provenance_of(with_fakes(haar))
    assert set(timeline.provenance.files) == {"fake", *haar.files}
    assert timeline.request == completed(with_fakes(haar), AnalysisRequest(fps=2.0))
    assert timeline.request.threshold == fake_card().uncertain_below


def test_measured_faces_add_their_networks(film):
    whole = EmotionPipeline.load()
    bare = EmotionPipeline(whole.detector, whole.classifier)
    added = set(provenance_of(whole).files) - set(provenance_of(bare).files)
    assert added == set(whole.measurer.files) - set(whole.detector.files) and added


# --- going on --------------------------------------------------------------------------------------------------------


def test_with_another_detector_nothing_is_gone_on_with_and_that_is_said(film, tmp_path, haar):
    checkpoint = tmp_path / "state.jsonl"
    coarse = with_fakes(HaarDetector(search_px=160, min_face_px=60))
    coarse.analyze_video(film, checkpoint=checkpoint)
    fine = with_fakes(haar)
    assert completed(fine, AnalysisRequest()) != completed(coarse, AnalysisRequest())
    timeline = fine.analyze_video(film, checkpoint=checkpoint)
    assert sum(map(len, fine.classifier.engine.seen)) == timeline.frame["person"].notna().sum()
    [problem] = [each for each in timeline.problems if "not gone on with" in each]
    assert problem == (
        "What was read before was not gone on with: it was read with another detector. All of it was read anew."
    )
    again = with_fakes(haar).analyze_video(film, checkpoint=checkpoint)
    assert not any("not gone on with" in each for each in again.problems)


def read_before(film, path, request=None, **changes) -> None:
    fake_pipeline([FACE]).analyse(film, replace(request or AnalysisRequest(), **changes), checkpoint=path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"fps": 2.0}, "another fps"), ({"region": Region(0, 0, 1, 0.9)}, "another region")],
    ids=["fps", "region"],
)
def test_with_another_request_nothing_is_gone_on_with(film, tmp_path, changes, words):
    read_before(film, tmp_path / "a.jsonl", **changes)
    timeline = fake_pipeline([FACE]).analyse(film, AnalysisRequest(), checkpoint=tmp_path / "a.jsonl")
    assert len(timeline.frame) == 8 and words in timeline.problems[0]


def test_with_other_files_or_versions_nothing_is_gone_on_with(film, tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    with_fakes(FakeDetector([FACE])).analyse(film, AnalysisRequest(), checkpoint=path)
    retrained = with_fakes(FakeDetector([FACE]), temperature=2.0)
    timeline = retrained.analyse(film, AnalysisRequest(), checkpoint=path)
    assert "another version of fake" in timeline.problems[0] and len(retrained.detector.seen) == 8
    monkeypatch.setattr("fer_core.provenance.__version__", "99.0")
    timeline = with_fakes(FakeDetector([FACE]), temperature=2.0).analyse(film, AnalysisRequest(), checkpoint=path)
    assert "another version of fer_core" in timeline.problems[0]


HEADERS = {
    "an older format": ({"format": 1}, "another version of this software"),
    "another recording": ({"sha256": "ff" * 32}, "another recording"),
    "a damaged request": ({"request": 5}, ""),
    "a damaged provenance": ({"provenance": 5}, "damaged"),
    "no provenance": ({"provenance": None}, "damaged"),
}


@pytest.mark.parametrize(("changes", "words"), HEADERS.values(), ids=HEADERS)
def test_a_file_of_another_kind_is_begun_anew(film, tmp_path, changes, words):
    path = tmp_path / "a.jsonl"
    read_before(film, path)
    header, *parts = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(header), **changes}), *parts, ""]), encoding="utf-8")
    pipeline = fake_pipeline([FACE])
    timeline = pipeline.analyse(film, AnalysisRequest(), checkpoint=path)
    assert "not gone on with" in timeline.problems[0] and words in timeline.problems[0]
    assert len(timeline.frame) == len(pipeline.detector.seen) == 8


def test_a_glance_tells_what_a_file_holds(film, tmp_path):
    path = tmp_path / "a.jsonl"
    read_before(film, path, smoothing="median")
    request, until_s = Checkpoint.glance(path)
    assert request == completed(fake_pipeline([FACE]), AnalysisRequest()).reading and until_s > 1.5
    for data in ("", "{", "[]", '{"format": 2}', '{"format": 1, "settings": {}}\n'):
        path.write_text(data)
        assert Checkpoint.glance(path) is None
    assert Checkpoint.glance(tmp_path / "none.jsonl") is None


# --- checking --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("a_word_for_the_report")
def test_a_corrected_recording_is_identical_when_the_corrections_are_made_again(film, tmp_path):
    def analyse(path, request):
        return fake_pipeline([FACE]).analyse(path, request)

    read = analyse(film, AnalysisRequest())
    study = Study(read, (Split(1, 1.0, 2), Name(2, "Zoë"), Merge(2, 1), Split(2, 0.5, 3), Smooth("none", 0.0, 0.6)))
    write_bundle(study, tmp_path / "evidence.zip", date(2026, 11, 1))
    result = verify(tmp_path / "evidence.zip", film, analyse)
    assert (result.verdict, result.confirmed) == ("identical", True), result.findings
    assert any(words.startswith("5 corrections were made again to what was read: ") for words in result.findings)

    def otherwise(path, request):
        return fake_pipeline([FACE], "sad").analyse(path, request)

    assert verify(tmp_path / "evidence.zip", film, otherwise).verdict == "differs"


@pytest.mark.usefixtures("a_word_for_the_report")
def test_corrections_that_do_not_fit_what_is_read_now_are_a_difference(film, tmp_path):
    study = Study(fake_pipeline([FACE]).analyse(film, AnalysisRequest()), (Split(1, 1.0, 2),))
    write_bundle(study, tmp_path / "evidence.zip", date(2026, 11, 1))
    result = verify(tmp_path / "evidence.zip", film, lambda path, request: fake_pipeline([]).analyse(path, request))
    assert result.verdict == "differs" and any("do not fit what is read now" in each for each in result.findings)


def test_a_stopped_reading_is_that_of_its_request_too(film, tmp_path):
    monitor = Monitor()
    monitor.stop()
    timeline = fake_pipeline([FACE]).analyse(film, AnalysisRequest(fps=2.0), monitor)
    assert timeline.request.fps == 2.0 and timeline.stopped_s is not None


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("blazeface", {"smallest_px": "x"}), ("blazeface", {"limits": "x"}), ("haar", {"scale_step": 1.0}),
     ("haar", {"cascades": "/"}), ("blazeface", {"smallest_px": True})],
)  # fmt: skip
def test_parameters_from_a_file_are_numbers_of_the_detectors_own(name, parameters):
    with pytest.raises(RequestError, match="they may be: "):
        load_detector(DetectorChoice(name, parameters))


@pytest.mark.parametrize(
    "damage",
    [
        lambda part: 5,
        lambda part: {"rows": part["rows"]},
        lambda part: {**part, "rows": 5},
        lambda part: {**part, "portraits": {"1": "a face"}},
        lambda part: {**part, "state": {**part["state"], "size": [1]}},
        lambda part: {**part, "memories": {"search": {}, "tracker": None}},
    ],
)
def test_a_checkpoint_line_that_is_no_part_ends_what_is_gone_on_with(film, tmp_path, damage):
    checkpoint = tmp_path / "state.jsonl"
    whole = fake_pipeline([FACE]).analyse(film, AnalysisRequest(fps=4), checkpoint=checkpoint)
    header, part, *_ = checkpoint.read_text().splitlines()
    checkpoint.write_text(f"{header}\n{json.dumps(damage(json.loads(part)))}\n")
    again = fake_pipeline([FACE]).analyse(film, AnalysisRequest(fps=4), checkpoint=checkpoint)
    assert again.frame.equals(whole.frame)
