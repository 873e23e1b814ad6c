"""Every network keeps one contract, whatever is inside."""

import keras
import numpy as np
import pytest

from fer_core.networks.litert import LiteRtModel
from fer_core.training.architectures import ARCHITECTURES, build
from fer_core.training.conversion import to_litert, with_class_maps
from fer_core.training.starting import copy_weights

NAMES = ("custom_cnn", "hybrid", "vgg16", "resnet50v2", "face_resnet")
MAP_SIDE = {
    ("custom_cnn", 2): 6,
    ("custom_cnn", 1): 6,
    ("hybrid", 2): 6,
    ("hybrid", 1): 6,
    ("vgg16", 2): 3,
    ("vgg16", 1): 3,
    ("resnet50v2", 2): 3,
    ("resnet50v2", 1): 6,
    ("face_resnet", 2): 3,
    ("face_resnet", 1): 6,
}
FACES = np.random.default_rng(0).uniform(0, 255, (3, 48, 48, 1)).astype(np.float32)


def test_every_architecture_is_tested():
    assert {*NAMES, "tiny"} == set(ARCHITECTURES)


@pytest.mark.parametrize(("name", "stem_stride"), MAP_SIDE)
def test_contract(name, stem_stride):
    model = build(name, stem_stride=stem_stride)
    outputs = {key: np.array(value) for key, value in with_class_maps(model)(FACES).items()}
    side = MAP_SIDE[name, stem_stride]
    assert outputs["emotion"].shape == (3, 7) and outputs["raters"].shape == (3, 8)
    assert outputs["class_maps"].shape == (3, side, side, 7)
    largest = max(1.0, float(np.abs(outputs["class_maps"]).max()))  # untrained networks can say anything
    np.testing.assert_allclose(outputs["class_maps"].mean(axis=(1, 2)), outputs["emotion"], atol=1e-4 * largest)
    assert model(FACES[:, :36, :36])["emotion"].shape == (3, 7)


@pytest.mark.parametrize("name", NAMES)
def test_the_quicker_layers_have_the_same_weights(name):
    model, quick = build(name), build(name, quick=True)
    assert [w.shape for w in model.weights] == [w.shape for w in quick.weights]
    quick.set_weights(model.get_weights())
    np.testing.assert_allclose(np.array(quick(FACES)["emotion"]), np.array(model(FACES)["emotion"]), atol=1e-4)


@pytest.mark.parametrize(("quantize", "drift"), [("none", 1e-3), ("float16", 2e-2)])
@pytest.mark.parametrize("name", NAMES)
def test_litert_says_the_same(name, quantize, drift, tmp_path):
    faces = np.concatenate([FACES, np.zeros_like(FACES[:1])])  # some faces of FER2013 are black throughout
    model = with_class_maps(build(name))
    expected = np.array(model(faces)["emotion"])
    to_litert(model, tmp_path / "model.tflite", 48, quantize)
    run_litert = LiteRtModel(tmp_path / "model.tflite")
    for n in (4, 1):
        got = run_litert(faces[-n:])["emotion"]
        np.testing.assert_allclose(got, expected[-n:], atol=drift * max(1, np.abs(expected).max()))


def test_the_hybrids_hand_made_features_stay_as_they_are():
    fixed = [layer for layer in build("hybrid").layers if layer.name in ("gradients", "patterns")]
    assert len(fixed) == 2 and not any(layer.trainable_weights for layer in fixed)


def test_a_trained_trunk_starts_a_hybrid():
    trunk, hybrid = build("custom_cnn"), build("hybrid")
    taken, layers = copy_weights(trunk, hybrid)
    assert taken == len([layer for layer in trunk.layers if layer.weights]) < layers
    np.testing.assert_array_equal(hybrid.layers[2].get_weights()[0], trunk.layers[2].get_weights()[0])


def test_the_same_architecture_starts_whole():
    trained, fresh = with_class_maps(build("custom_cnn")), build("custom_cnn")
    taken, layers = copy_weights(trained, fresh)
    assert taken == layers
    np.testing.assert_allclose(np.array(fresh(FACES)["emotion"]), np.array(trained(FACES)["emotion"]), atol=1e-5)


def test_imagenet_weights_fit_the_whole_body():
    """Colour filters become grey ones; the layers come in the order of Keras's own ResNet50V2."""
    original = keras.applications.ResNet50V2(include_top=False, weights=None, input_shape=(None, None, 3))
    model = build("resnet50v2")
    taken, layers = copy_weights(original, model)
    assert taken == len([layer for layer in original.layers if layer.weights]) == layers - 2
    colour = original.get_layer("conv1_conv").get_weights()[0]
    np.testing.assert_allclose(
        model.get_layer("stem").get_weights()[0][..., 0, :], colour.sum(axis=2) * (65 / 127.5), rtol=1e-5
    )
    last = original.get_layer("conv5_block3_3_conv").get_weights()[0]
    assert any(w.shape == last.shape and np.array_equal(w, last) for w in model.get_weights())
