"""Counting multiplications: by hand, and over a network whose layers are known."""

import pytest

from fer_core.classification import load_card
from fer_core.classification.imported import Head, Imported, Preprocessing
from fer_core.emotions import EMOTIONS
from fer_core.errors import ModelError
from fer_core.evaluation import costs, multiply_adds
from fer_core.evaluation.cost import operation_multiply_adds, operations
from fer_core.networks.files import MODELS_DIR, FileRecord
from fer_core.testing import fake_card

NETWORK = MODELS_DIR / "custom_cnn" / "model.tflite"


@pytest.mark.parametrize(
    ("name", "inputs", "output", "expected"),
    [
        ("CONV_2D", [(1, 48, 48, 1), (32, 5, 5, 1), (32,)], (1, 24, 24, 32), 24 * 24 * 32 * 25),
        ("CONV_2D", [(1, 6, 6, 64), (128, 3, 3, 16), (128,)], (1, 6, 6, 128), 6 * 6 * 128 * 9 * 16),  # in four groups
        ("DEPTHWISE_CONV_2D", [(1, 12, 12, 8), (1, 3, 3, 8), (8,)], (1, 12, 12, 8), 12 * 12 * 8 * 9),
        ("TRANSPOSE_CONV", [(4,), (16, 2, 2, 8), (1, 5, 5, 8)], (1, 10, 10, 16), 5 * 5 * 8 * 2 * 2 * 16),
        ("FULLY_CONNECTED", [(1, 192), (7, 192), (7,)], (1, 7), 7 * 192),
        ("BATCH_MATMUL", [(1, 4, 36, 24), (1, 4, 24, 36)], (1, 4, 36, 36), 4 * 36 * 36 * 24),
        ("BATCH_MATMUL", [(1, 4, 24, 36), (1, 4, 24, 36)], (1, 4, 36, 36), 4 * 36 * 36 * 24),  # the first transposed
        ("ADD", [(1, 6, 6, 64), (1, 6, 6, 64)], (1, 6, 6, 64), 0),
    ],
)
def test_operations_by_hand(name, inputs, output, expected):
    assert operation_multiply_adds(name, inputs, output) == expected


def test_the_stem_and_heads_of_a_real_network():
    counted = [operation_multiply_adds(*operation) for operation in operations(NETWORK)]
    assert next(count for count in counted if count) == 24 * 24 * 32 * 5 * 5 * 1
    assert counted[-20:].count(192 * 7) + counted[-20:].count(192 * 8) == 2
    assert multiply_adds(NETWORK) == sum(counted)


def test_the_mirror_image_costs_as_much_again():
    card = load_card("custom_cnn")
    assert card.flip_average
    cost = costs(card, MODELS_DIR / "custom_cnn")
    assert cost["multiply_adds"] == 2 * multiply_adds(NETWORK)
    assert cost["parameters"] == card.parameters
    assert cost["file_bytes"]["model.tflite"] == NETWORK.stat().st_size


def test_an_ensemble_costs_what_its_members_cost(tmp_path):
    for name, flip in (("one", False), ("two", True)):
        home = tmp_path / name
        home.mkdir()
        (home / "model.tflite").write_bytes(NETWORK.read_bytes())
        files = {"model.tflite": FileRecord.of(home / "model.tflite")}
        (home / "card.json").write_text(fake_card(name=name, flip_average=flip, files=files).model_dump_json())
    both = fake_card(name="both", members={"one": "0" * 64, "two": "0" * 64})
    assert costs(both, tmp_path / "both")["multiply_adds"] == 3 * multiply_adds(NETWORK)


@pytest.mark.slow
def test_a_file_of_another_project_is_counted_for_one_face_in_its_size(tmp_path):
    import tensorflow as tf

    kernel = tf.ones((3, 3, 3, 5))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    def network(faces):
        return tf.reduce_mean(tf.nn.conv2d(faces, kernel, 1, "VALID"), (1, 2))

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    (tmp_path / "model.tflite").write_bytes(converter.convert())
    imported = Imported(
        file="model.tflite",
        source="elsewhere",
        preprocessing=Preprocessing(channels=3),
        emotion=Head(gives="logits", classes=EMOTIONS),
    )
    files = {"model.tflite": FileRecord.of(tmp_path / "model.tflite")}
    card = fake_card(side_px=20, imported=imported, files=files)
    assert costs(card, tmp_path)["multiply_adds"] == 18 * 18 * 5 * 3 * 3 * 3
    grey = imported.model_copy(update={"preprocessing": Preprocessing(channels=1)})  # which the file does not take
    assert costs(card.model_copy(update={"imported": grey}), tmp_path)["multiply_adds"] is None


def test_what_cannot_be_counted(tmp_path):
    assert costs(fake_card(), tmp_path)["multiply_adds"] is None
    broken = tmp_path / "model.tflite"
    broken.write_bytes(b"no network")
    with pytest.raises(ModelError, match="not a readable LiteRT model"):
        multiply_adds(broken)
