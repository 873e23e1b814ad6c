"""What must not get slow unnoticed: ratios of processor time, the least of several tries, with wide margins.

Never times, which say more of the machine than of the code. Both sides of a ratio take turns and compute on one thread.
"""

import time

import cv2
import numpy as np
import pytest

from fer_core.classification.classifier import EmotionClassifier
from fer_core.diagnostics.benchmarks.networks import bare_call, networks_of
from fer_core.diagnostics.benchmarks.pictures import portrait_frame
from fer_core.face.measuring import FaceMeasurer
from fer_core.imaging.crops import cut, network_input
from fer_core.media.samples import PORTRAIT_FACE
from fer_core.networks import cores
from fer_core.networks.files import MODELS_DIR
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Face
from fer_core.testing import fake_pipeline
from tests.videos import write_video

MODEL = "custom_cnn"


def ratio(slow, quick, tries=7):
    """Processor time of one work over that of another, each the least of several tries."""
    slow(), quick()
    least = [float("inf")] * 2
    for _ in range(tries):
        for side, work in enumerate((slow, quick)):
            began_s = time.process_time()
            work()
            least[side] = min(least[side], time.process_time() - began_s)
    return least[0] / least[1]


@pytest.fixture(autouse=True)
def _one_thread(all_cores, monkeypatch):  # after that fixture, which takes limits away
    monkeypatch.setattr(cores, "_share", 1)
    cv_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(cv_threads)


@pytest.fixture(scope="module")
def classifier():
    return EmotionClassifier.load(MODEL)


@pytest.fixture(scope="module")
def face():
    return cut(portrait_frame(), PORTRAIT_FACE.moved(64, 0))


def test_the_classifier_is_little_more_than_its_network(classifier, face):
    given = network_input([face] * 4, classifier.card.side_px)
    if classifier.card.flip_average:
        given = np.concatenate([given, given[:, :, ::-1]])
    bare = bare_call(MODELS_DIR / MODEL / "model.tflite", given, threads=1)
    assert ratio(lambda: classifier.classify([face] * 4), bare) < 2  # 1.06 when this was written, as all these figures


def test_a_batch_costs_no_more_than_its_faces_one_by_one(classifier, face):
    together = lambda: classifier.classify([face] * 16)  # noqa: E731
    assert ratio(together, lambda: [classifier.classify([face]) for _ in range(16)], tries=3) < 1.5  # 0.83


def test_a_picture_is_little_more_than_its_networks():
    pipeline = EmotionPipeline.load(MODEL)
    work = lambda: pipeline.analyze_image(portrait_frame())  # noqa: E731
    assert ratio(work, networks_of(work)) < 3.5  # 1.6


def test_measuring_is_little_more_than_its_networks():
    measurer, picture = FaceMeasurer(), portrait_frame()
    work = lambda: measurer(picture, [Face(PORTRAIT_FACE.moved(64, 0), 1.0)])  # noqa: E731
    assert ratio(work, networks_of(work)) < 3  # 1.25


def test_samples_cost_and_not_frames(tmp_path, decoded_here):
    """Of thirty frames a second four are read: every other frame is decoded and nothing else."""
    path = tmp_path / "a second.mp4"
    write_video(path, [portrait_frame()] * 30, rate=30)
    pipeline = fake_pipeline([PORTRAIT_FACE])

    def read(fps):
        return lambda: sum(1 for _ in pipeline.iter_video(path, fps=fps))

    assert (read(4)(), read(0)()) == (4, 30)
    assert ratio(read(4), read(0), tries=2) < 0.7  # 0.2
