"""Other people's networks: read as their cards say, refused where they do not fit, never used by default."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.special import softmax

from fer_core.classification import EmotionClassifier
from fer_core.classification.cards import default_model, load_card
from fer_core.classification.explanation import no_map
from fer_core.classification.imported import Head, Preprocessing
from fer_core.cli import main
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import ModelError, with_extra
from fer_core.evaluation import measure
from fer_core.evaluation.predictions import predict
from fer_core.evaluation.records import read_evaluation, read_predictions, record
from fer_core.networks.files import MODELS_DIR
from tests.conftest import ROOT
from tests.models import face_set

SIDE = 8
THEIRS = ("neutral", "happy", None, "surprise", "sad", "angry", "disgust", "fear")
"""Their order; the third class has no counterpart."""

RNG = np.random.default_rng(1)
WEIGHTS, OFFSET = RNG.normal(0, 2, (3, len(THEIRS))).astype(np.float32), RNG.normal(0, 1, 8).astype(np.float32)
MEAN, DEVIATION = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
FACES = [RNG.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(3)]
ROWS = [THEIRS.index(name) for name in EMOTIONS]


def expected_logits():
    """Of the three faces, straight from the numbers: RGB, 0 to 1, standardised, averaged over the face, weighed."""
    x = (np.stack(FACES)[..., ::-1] / 255 - MEAN) / DEVIATION
    return (x.mean(axis=(1, 2)) @ WEIGHTS + OFFSET)[:, ROWS]


def card(**changes):
    return {
        "name": "theirs",
        "title": "A network of theirs",
        "licence": "Apache-2.0",
        "source": "https://example.org/theirs",
        "training_data": "their own faces",
        "parameters": 32,
        "side_px": SIDE,
        "input": {
            "channels": 3,
            "order": "rgb",
            "layout": "nchw",
            "range": [0, 1],
            "mean": MEAN,
            "deviation": DEVIATION,
        },
        "output": {"output": "scores", "gives": "logits", "classes": THEIRS},
        **changes,
    }


def write_card(folder, **changes):
    path = folder / "theirs.json"
    path.write_text(json.dumps(card(**changes)))
    return path


def write_onnx(path, batch="N", seen=None, ends="Identity"):
    """Mean of each channel, then a weighed sum; also the same at every place, as maps.

    `seen`, (SIDE, SIDE), is how much of each place it sees; `ends` is the operation after the sum. Two more outputs say
    nothing of each face.
    """
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    kernel = WEIGHTS.T.reshape(len(THEIRS), 3, 1, 1)
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["faces", "seen"], ["part"]),
            helper.make_node("Conv", ["part", "kernel", "offset"], ["maps"]),
            helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node(ends, ["flat"], ["scores"]),
        ],
        "theirs",
        [helper.make_tensor_value_info("faces", kind, [batch, 3, SIDE, SIDE])],
        [
            helper.make_tensor_value_info("scores", kind, [batch, len(THEIRS)]),
            helper.make_tensor_value_info("maps", kind, [batch, len(THEIRS), SIDE, SIDE]),
            helper.make_tensor_value_info("version", kind, []),
            helper.make_tensor_value_info("best", onnx.TensorProto.STRING, [1]),
        ],
        [
            helper.make_tensor("kernel", kind, kernel.shape, kernel.ravel()),
            helper.make_tensor("offset", kind, OFFSET.shape, OFFSET),
            helper.make_tensor("seen", kind, (SIDE, SIDE), (np.ones((SIDE, SIDE)) if seen is None else seen).ravel()),
            helper.make_tensor("version", kind, (), [1.0]),
            helper.make_tensor("best", onnx.TensorProto.STRING, (1,), [b"happy"]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="session")
def litert_file(tmp_path_factory):
    """The same network as LiteRT, for faces (1, height, width, 3), with probabilities. Written with TensorFlow."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32)])
    def network(faces):
        return tf.nn.softmax(tf.linalg.matmul(tf.reduce_mean(faces, (1, 2)), WEIGHTS) + OFFSET)

    path = tmp_path_factory.mktemp("litert") / "theirs.tflite"
    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    path.write_bytes(converter.convert())
    return path


LITERT = {
    "input": {**card()["input"], "layout": "nhwc"},
    "output": {"gives": "probabilities", "classes": THEIRS},
}


def install(folder, file, **changes):
    models, described = folder / "models", write_card(folder, **changes)
    return main(["models", "import", str(file), "--card", str(described), "--models", str(models)]), models


@pytest.mark.parametrize("batch", ["N", 1])
def test_an_onnx_network_reads_as_its_card_says(tmp_path, batch):
    status, models = install(tmp_path, write_onnx(tmp_path / "theirs.onnx", batch), class_maps="maps")
    assert status == 0
    classifier = EmotionClassifier.load("theirs", models_dir=models)
    said = classifier.classify(FACES)
    np.testing.assert_allclose(said.probabilities, softmax(expected_logits(), axis=1), atol=1e-5)
    assert said.class_maps.shape == (3, SIDE, SIDE, len(EMOTIONS))
    np.testing.assert_allclose(said.class_maps.mean(axis=(1, 2)), expected_logits(), atol=1e-4)
    assert no_map(classifier.card) is None
    assert set(classifier.files) == {"theirs", "theirs/model.onnx"} and classifier.engine.libraries == ("onnxruntime",)


def test_the_mirror_image_is_read_where_the_card_says_so(tmp_path):
    left = np.zeros((SIDE, SIDE))
    left[:, : SIDE // 2] = 1  # of the mirror image that is the right half, so that both together are half of the whole
    file = write_onnx(tmp_path / "theirs.onnx", seen=left)
    _, models = install(tmp_path, file, class_maps="maps", flip_average=True)
    said = EmotionClassifier.load("theirs", models_dir=models).classify(FACES)
    offset = OFFSET[ROWS]
    both = (expected_logits() - offset) / 2 + offset
    np.testing.assert_allclose(said.probabilities, softmax(both, axis=1), atol=1e-5)
    np.testing.assert_allclose(said.class_maps.mean(axis=(1, 2)), both, atol=1e-4)


@pytest.mark.slow
def test_a_litert_network_without_maps_and_raters(tmp_path, litert_file):
    status, models = install(tmp_path, litert_file, **LITERT)
    assert status == 0
    classifier = EmotionClassifier.load("theirs", models_dir=models)
    said = classifier.classify(FACES)
    np.testing.assert_allclose(said.probabilities, softmax(expected_logits(), axis=1), atol=1e-5)
    assert said.rater_logits.shape == (3, 0) and said.activation(0).shape == (1, 1)
    assert "no map to show" in no_map(classifier.card)


@pytest.mark.slow
def test_what_it_does_not_tell_is_not_measured(tmp_path, litert_file):
    _, models = install(tmp_path, litert_file, **LITERT)
    votes = np.zeros((3, 10), np.float32)
    votes[:, RATER_CLASSES.index("happiness")] = 10
    classifier = EmotionClassifier.load("theirs", models_dir=models)
    figures = measure(predict(classifier, FACES, np.array([0, 1, 2]), votes=votes))
    assert figures["ferplus"] is None and figures["rater_agreement"] is None
    assert figures["accuracy"] == np.mean(expected_logits().argmax(axis=1) == [0, 1, 2])


@pytest.mark.slow
def test_its_records_are_written_and_read(tmp_path, litert_file):
    _, models = install(tmp_path, litert_file, **LITERT)
    card = record("theirs", face_set(), models)
    assert card.maps is None and card.metrics["PrivateTest"].ferplus is None
    said = read_predictions(card, models)["PublicTest"]
    assert said.rater_probabilities.shape == (len(said), 0)
    assert read_evaluation(card, models).splits["PublicTest"].figures["accuracy"] == said.right.mean()


def test_a_network_that_tells_nothing_of_raters_needs_no_votes(tmp_path):
    _, models = install(tmp_path, write_onnx(tmp_path / "theirs.onnx"))
    faces = face_set()
    card = record("theirs", replace(faces, votes=np.zeros_like(faces.votes)), models)
    assert card.metrics["PrivateTest"].accuracy is not None and card.metrics["PrivateTest"].ferplus is None


def test_grey_networks_get_grey_faces():
    faces = np.full((1, 2, 2, 1), 51, np.float32)
    x = Preprocessing(channels=1, range=(-1, 1), mean=(0.5,), deviation=(2,))(faces)
    np.testing.assert_allclose(x, np.full((1, 2, 2, 1), (-1 + 2 * 0.2 - 0.5) / 2), atol=1e-6)


@pytest.mark.slow
def test_it_is_used_only_where_it_is_named(tmp_path, litert_file, capsys):
    _, models = install(tmp_path, litert_file, **LITERT)
    with pytest.raises(ModelError, match="installed: theirs"):
        default_model(models)
    with pytest.raises(ModelError, match=r"no model\.keras"):
        EmotionClassifier.load("theirs", "keras", models)


@pytest.mark.slow
def test_the_command_that_an_import_names_finds_it_in_a_folder_of_its_own(tmp_path, capsys):
    install(tmp_path, write_onnx(tmp_path / "theirs.onnx"))
    named = capsys.readouterr().err.partition("; next: ")[2].strip()
    assert named.startswith("FER_MODELS_DIR=") and named.endswith(" --model theirs --record --data PATH")
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "1.png").write_bytes(cv2.imencode(".png", FACES[0])[1].tobytes())
    measured = named.replace("--record --data PATH", f"--json - --data {shlex.quote(str(tmp_path))}")
    listed = named.partition(" evaluate ")[0] + " models list"
    said = [
        subprocess.run(
            command.replace("python", shlex.quote(sys.executable), 1),
            shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120,
        )
        for command in (measured, listed)
    ]  # fmt: skip
    assert [done.returncode for done in said] == [0, 0], [done.stderr for done in said]
    assert list(json.loads(said[0].stdout)["models"]) == ["theirs"] and said[1].stdout.startswith(
        "theirs\tnot measured"
    )


@pytest.mark.slow
def test_preprocessing_is_part_of_what_it_is(tmp_path, litert_file):
    _, models = install(tmp_path, litert_file, **LITERT)
    other = {**LITERT, "name": "other", "input": {**LITERT["input"], "range": [0, 255]}}
    install(tmp_path, litert_file, **other)
    assert load_card("theirs", models).files == load_card("other", models).files
    assert load_card("theirs", models).identity != load_card("other", models).identity


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "../theirs"}, "name: String should match pattern"),
        ({"side_px": 2 * SIDE}, f"({2 * SIDE}, {2 * SIDE}, 3) but of ({SIDE}, {SIDE}, 3); correct its card"),
        ({"input": {**LITERT["input"], "range": [1, 1]}}, "all faces look alike to the network"),
        ({"input": {**LITERT["input"], "deviation": 1e300}}, "all faces look alike to the network"),
        ({"side_px": 0}, "side_px: Input should be greater than 0"),
        ({"input": {"channels": 2}}, "input.channels"),
        ({"input": {"channels": 1, "mean": [0, 0, 0]}}, "mean and deviation have one number"),
        ({"input": {"channels": 3, "deviation": [1, 0, 1]}}, "input.deviation"),
        (
            {"output": {"gives": "logits", "classes": ["happy", "sad"]}},
            "the card: the classes must name each of these once: angry, disgust",
        ),
        ({"input": {"channels": 1}}, "does not take an input of shape"),
        ({"output": {"gives": "logits", "classes": EMOTIONS}}, "gives 8 values a face and its card names 7 classes"),
        ({"output": {"output": "none", "gives": "logits", "classes": THEIRS}}, "must name one of them"),
        ({"class_maps": "none"}, "must name one of them"),
        ({"made_up": 1}, "made_up"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(tmp_path, litert_file, capsys, changes, words):
    status, models = install(tmp_path, litert_file, **{**LITERT, **changes})
    assert status == 3 and words in capsys.readouterr().err
    assert not models.exists() or not list(models.iterdir())


def test_logits_are_not_taken_for_probabilities(tmp_path, capsys):
    wrong = {**card()["output"], "gives": "probabilities"}
    status, models = install(tmp_path, write_onnx(tmp_path / "theirs.onnx"), output=wrong)
    assert status == 3 and 'correct "gives" to "logits"' in capsys.readouterr().err
    assert not list(models.iterdir())


def test_probabilities_are_not_taken_for_logits(tmp_path, capsys):
    status, models = install(tmp_path, write_onnx(tmp_path / "theirs.onnx", ends="Softmax"))
    assert status == 3 and 'correct "gives" to "probabilities"' in capsys.readouterr().err
    assert not list(models.iterdir())


@pytest.mark.parametrize("ends", ["Softmax", "Sigmoid"])
def test_probabilities_that_are_called_so_are_taken(tmp_path, ends):
    right = {**card()["output"], "gives": "probabilities"}
    assert install(tmp_path, write_onnx(tmp_path / "theirs.onnx", ends=ends), output=right)[0] == 0


def test_what_a_head_of_raters_gives_is_looked_at_too():
    head = Head(gives="logits", classes=RATER_CLASSES)
    with pytest.raises(ModelError, match="sum to 1"):
        head.check({"only": np.full((2, len(RATER_CLASSES)), 1 / len(RATER_CLASSES), np.float32)})


@pytest.mark.slow
def test_a_taken_name_is_refused(tmp_path, litert_file, capsys):
    install(tmp_path, litert_file, **LITERT)
    assert install(tmp_path, litert_file, **LITERT)[0] == 3
    assert 'a model "theirs" already' in capsys.readouterr().err


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.h5"])
def test_files_that_can_hold_code_are_not_opened(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(b"anything")
    assert install(tmp_path, tmp_path / name)[0] == 3
    assert "neither .onnx nor .tflite" in capsys.readouterr().err


def test_nonsense_is_no_network(tmp_path, capsys):
    file = tmp_path / "theirs.tflite"
    file.write_bytes(b"nonsense" * 9)
    assert install(tmp_path, file, **LITERT)[0] == 3
    assert f"{file} is not a readable LiteRT model" in capsys.readouterr().err


def test_the_size_of_a_face_is_the_one_that_a_litert_file_fixes(tmp_path, capfd):
    """A network of this project: its mean over space would answer for any size."""
    file = MODELS_DIR / default_model() / "model.tflite"
    grey = {"input": {"channels": 1}, "output": {"output": "none", "gives": "logits", "classes": EMOTIONS}}
    status, models = install(tmp_path, file, side_px=64, **grey)
    assert status == 3 and "(64, 64, 1) but of (48, 48, 1); correct its card" in capfd.readouterr().err
    assert not list(models.iterdir())
    assert install(tmp_path, file, side_px=48, **grey)[0] == 3
    told = capfd.readouterr().err
    assert f" ({len(EMOTIONS)},)" in told and "must name one of them" in told and told.count("\n") == 1


def test_mean_and_deviation_are_one_number_or_one_a_channel():
    plain, listed = (
        Preprocessing(channels=3, mean=3, deviation=2.5),
        Preprocessing(channels=3, mean=(3,), deviation=(2.5,)),
    )
    assert plain == listed and Preprocessing.model_validate_json(plain.model_dump_json()) == listed


def test_a_missing_runtime_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "theirs.onnx").write_bytes(b"anything")
    assert install(tmp_path, tmp_path / "theirs.onnx")[0] == 3
    assert with_extra("onnx") in capsys.readouterr().err
