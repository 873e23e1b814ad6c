import numpy as np
import pytest

from fer_core.training.augmentation import Augmentation, plain

STILL = {"rotation_deg": 0.0, "scale": 0.0, "shift": 0.0, "light": 0.0, "erase": 0.0}
FACES = np.random.default_rng(0).integers(40, 200, (64, 48, 48), dtype=np.uint8)


def augmented(images=FACES, size=48, seed=0, **changes):
    return Augmentation(**{**STILL, **changes})(images, size, np.random.default_rng(seed))


def test_shape_type_and_range():
    faces = Augmentation()(FACES, 36, np.random.default_rng(0))
    assert faces.shape == (64, 36, 36, 1) and faces.dtype == np.float32
    assert faces.min() >= 0 and faces.max() <= 255


def test_without_any_amount_half_are_mirrored_and_nothing_else():
    faces = augmented()[..., 0]
    same = np.array([np.array_equal(a, b) for a, b in zip(faces, FACES, strict=True)])
    mirrored = np.array([np.array_equal(a, b[:, ::-1]) for a, b in zip(faces, FACES, strict=True)])
    assert (same ^ mirrored).all() and 16 < mirrored.sum() < 48


@pytest.mark.parametrize(
    "change", [{"rotation_deg": 20}, {"scale": 0.3}, {"shift": 0.2}, {"light": 0.5}, {"erase": 1.0}]
)
def test_every_amount_changes_the_faces(change):
    assert not np.array_equal(augmented(**change), augmented())


def test_shifted_faces_keep_their_brightness():
    assert augmented(shift=0.3).mean() == pytest.approx(FACES.mean(), rel=0.02)


def test_erasing_covers_2_to_20_percent():
    flat = np.full((200, 48, 48), 100, np.uint8)
    covered = (augmented(flat, erase=1.0) != 100).mean(axis=(1, 2, 3))
    assert covered.min() > 0.005 and covered.max() < 0.25


def test_the_same_seed_gives_the_same_faces():
    every = {"rotation_deg": 20, "scale": 0.2, "shift": 0.2, "light": 0.3, "erase": 0.5}
    assert np.array_equal(augmented(seed=3, **every), augmented(seed=3, **every))
    assert not np.array_equal(augmented(seed=3, **every), augmented(seed=4, **every))


def test_plain_faces_are_only_resized():
    assert np.array_equal(plain(FACES, 48)[..., 0], FACES)
    assert plain(FACES, 36).shape == (64, 36, 36, 1)
