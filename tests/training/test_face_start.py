"""A `face_resnet` that starts from a face recognition network says what that network says."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from fer_core.errors import DatasetError
from fer_core.evaluation.recipes import FACE_FOLDER
from fer_core.networks.files import sha256
from fer_core.training import face_start
from fer_core.training.architectures import build
from fer_core.training.starting import sources, start_from
from tests.training.faces import SETTINGS, made_faces

SHAPES = [(7, 7, 3, 32)]
for before, width, blocks in ((32, 32, 3), (32, 64, 4), (64, 128, 3), (128, 256, 3), (256, 256, 1)):
    SHAPES += [(3, 3, before, width), *[(3, 3, width, width)] * (2 * blocks - 1)]
FACES = made_faces(8, "train", 3).images


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Made files of the right form: 8-bit values with a scale and a least value of each tensor, and float32 ones."""
    rng, entries, data = np.random.default_rng(5), [], b""
    for number, shape in enumerate(SHAPES):
        spread = 1.5 / np.sqrt(np.prod(shape[:3]))
        for part, size, low, high in (
            ("conv/filters", shape, -spread, spread),
            ("conv/bias", shape[-1:], -0.1, 0.1),
            ("scale/weights", shape[-1:], 0.5, 1.5),
            ("scale/biases", shape[-1:], -0.2, 0.2),
        ):
            entry = {"name": f"layer{number:02}/{part}", "shape": list(size)}
            if part == "conv/filters" and shape[-1] == 64:
                data += rng.uniform(low, high, size).astype("<f4").tobytes()
            else:
                entry["quantization"] = {"dtype": "uint8", "scale": (high - low) / 255, "min": low}
                data += rng.integers(0, 256, size, dtype=np.uint8).tobytes()
            entries.append(entry)
    path = tmp_path_factory.mktemp("start") / "made.bin"
    path.write_bytes(data)
    face_start.manifest_of(path).write_text(json.dumps([{"weights": entries}]))
    return path


def convolved(x, layer, stride=1, padded=True):
    """Cross-correlation as the formula has it, then scale and offset; x (height, width, in)."""
    size = layer.kernel.shape[0]
    if padded:
        missing = [max(0, (-(-n // stride) - 1) * stride + size - n) for n in x.shape[:2]]
        x = np.pad(x, [(m // 2, m - m // 2) for m in missing] + [(0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))[::stride, ::stride]
    return layer.scale * (np.einsum("abihw,hwio->abo", windows, layer.kernel) + layer.bias) + layer.offset


def halved(x):
    """The mean of two by two cells; at the edge of an odd map, of the cells that there are."""
    x = np.pad(x, [(0, n % 2) for n in x.shape[:2]] + [(0, 0)], mode="edge")
    return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4


def doubled(face):
    """Bilinear enlargement in which pixels are squares: new centres lie a quarter of a pixel beside the old ones."""
    for axis in (0, 1):
        face = np.moveaxis(face, axis, 0)
        padded = np.concatenate([face[:1], face, face[-1:]])
        near_before, near_after = 0.25 * padded[:-2] + 0.75 * face, 0.75 * face + 0.25 * padded[2:]
        face = np.moveaxis(np.stack([near_before, near_after], axis=1).reshape(-1, *face.shape[1:]), 0, axis)
    return face


def reference(face, given):
    """The last feature map of the original network for one grey face, uint8 (48, 48), by numpy alone."""
    x = (doubled(face.astype(np.float64))[..., None] - face_start.COLOUR_MEANS) / 255
    x = np.maximum(convolved(x, given[0], stride=2, padded=False), 0)
    x = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(0, 1))[::2, ::2].max(axis=(-2, -1))
    place = 1
    for width, blocks in ((32, 3), (64, 4), (128, 3), (256, 3)):
        for block in range(blocks):
            stride = 2 if width > 32 and block == 0 else 1
            shortcut = halved(x) if stride == 2 else x
            shortcut = np.pad(shortcut, [(0, 0), (0, 0), (0, width - x.shape[-1])])
            x = np.maximum(convolved(x, given[place], stride), 0)
            x = np.maximum(convolved(x, given[place + 1]) + shortcut, 0)
            place += 2
    return x


@pytest.mark.parametrize("quick", [False, True])
def test_the_network_begins_as_the_original(weights, quick):
    model = build("face_resnet", quick=quick)
    assert start_from(model, str(weights), FACES) == f"started from {weights}: 54 of 56 layers"
    given = face_start.read_layers(weights)
    expected = np.stack([reference(face, given) for face in FACES[:2]])
    kernel, bias = model.get_layer("emotion").get_weights()
    got = model.predict(FACES[:2, ..., None].astype(np.float32), verbose=0)["emotion"]
    assert np.abs(expected).max() > 0.5
    np.testing.assert_allclose(got, expected.mean(axis=(1, 2)) @ kernel + bias, rtol=1e-3, atol=1e-3)


def test_training_begins_with_the_statistics_of_the_faces(weights):
    """Normalised by their own batch, the faces that were measured give what they give at rest."""
    model = build("face_resnet", dropout=0)
    start_from(model, str(weights), FACES)
    x = FACES[..., None].astype(np.float32)
    at_rest, in_training = (
        keras.ops.convert_to_numpy(model(x, training=training)["emotion"]) for training in (False, True)
    )
    np.testing.assert_allclose(in_training, at_rest, rtol=1e-2, atol=1e-2)


def test_a_run_remembers_the_file(weights):
    settings = replace(SETTINGS, start=str(weights))
    assert sources(settings) == {f"start {weights}": sha256(weights)}


def test_missing_weights_name_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match="npm pack @vladmandic/face-api"):
        start_from(build("face_resnet"), "face", FACES)


def test_other_contents_are_refused(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / FACE_FOLDER
    folder.mkdir(parents=True)
    (folder / face_start.WEIGHTS).write_bytes(weights.read_bytes())
    (folder / face_start.MANIFEST).write_bytes(face_start.manifest_of(weights).read_bytes())
    with pytest.raises(DatasetError, match="SHA-256 differs"):
        face_start.weights_file("face")


def test_a_damaged_file_is_refused(weights, tmp_path):
    short = tmp_path / "short.bin"
    short.write_bytes(weights.read_bytes()[:1000])
    face_start.manifest_of(short).write_bytes(face_start.manifest_of(weights).read_bytes())
    with pytest.raises(DatasetError, match="cannot be read"):
        face_start.read_layers(short)


def test_another_network_is_refused(weights):
    with pytest.raises(DatasetError, match="only those of a network of its layout"):
        start_from(build("vgg16"), str(weights), FACES)
