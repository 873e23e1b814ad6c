"""Batches of changed faces with their targets; the same again for the same settings."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.evaluation.datasets import FACE_PX, FaceSet
from fer_core.training.settings import Settings

Arrays = dict[str, NDArray[np.float32]]
Batch = tuple[NDArray[np.float32], Arrays, Arrays]
Teacher = Callable[[NDArray[np.uint8]], Arrays]
"""Probabilities by head, "emotion" (N, 7) and "raters" (N, 8), for grey faces uint8 (N, 48, 48)."""


class Batches(keras.utils.PyDataset):
    """Batches of changed faces. The changes depend on seed, epoch and place alone, so that a run can be resumed.

    Args:
        faces: the training faces.
        settings: of the run.
        teacher: whose opinion of the face is mixed into the targets (`Settings.teacher_share`). With `teacher_view`
            "same", student and teacher see the same view (Beyer et al., 2022, https://arxiv.org/abs/2106.05237).
        workers: threads that prepare batches.
    """

    def __init__(self, faces: FaceSet, settings: Settings, teacher: Teacher | None = None, workers: int = 1) -> None:
        super().__init__()  # not Keras's own workers: theirs keep batches of the epoch before for the next one
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, "batches") if workers > 1 else None
        self._coming: dict[int, Future[Batch]] = {}
        self.faces, self.settings, self.teacher = faces, settings, teacher
        self.targets, self.weights = targets(faces), sample_weights(faces, settings.balance)
        if teacher and settings.teacher_view == "plain":
            self.targets = _taught(self.targets, _opinions(teacher, faces.images), settings.teacher_share)
            self.teacher = None
        self.epoch = 0
        self.size_px: int | None = None  # not started
        self.order = np.arange(len(faces))

    def __len__(self) -> int:
        """Whole batches an epoch."""
        return len(self.faces) // self.settings.batch

    def start(self, epoch: int, size_px: int) -> None:
        """Begin an epoch with faces of `size_px`."""
        for batch in self._coming.values():
            batch.cancel()
        self._coming = {}
        self.epoch, self.size_px = epoch, size_px
        self.order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.faces))

    def __getitem__(self, index: int) -> Batch:
        """Faces float32 (N, size_px, size_px, 1), targets and sample weights by head."""
        if self._pool is None or self.size_px is None:
            return self._batch(index)
        for ahead in range(index, min(index + 2 * self._workers, len(self))):
            if ahead not in self._coming:
                self._coming[ahead] = self._pool.submit(self._batch, ahead)
        return self._coming.pop(index).result()

    def _batch(self, index: int) -> Batch:
        rows = self.order[index * self.settings.batch : (index + 1) * self.settings.batch]
        rng = np.random.default_rng([self.settings.seed, self.epoch, index])
        # Before the run, TensorFlow looks at two batches to learn their shape; two sizes tell it that the size is free.
        size_px = self.size_px or (FACE_PX, self.settings.small_px)[index % 2]
        target = {head: values[rows] for head, values in self.targets.items()}
        weight = {head: values[rows] for head, values in self.weights.items()}
        if self.teacher is None:
            x = self.settings.augmentation(self.faces.images[rows], size_px, rng)
        else:
            x = self.settings.augmentation(self.faces.images[rows], FACE_PX, rng)
            target = _taught(target, self.teacher(x[..., 0].astype(np.uint8)), self.settings.teacher_share)
            x = _resized(x, size_px)
        if self.settings.mixup:
            x, target, weight = _mixup(x, target, weight, self.settings.mixup, rng)
        return x, target, weight


def targets(faces: FaceSet) -> Arrays:
    """What the two heads shall say: the label, and how the raters' votes split."""
    return {"emotion": faces.one_hot, "raters": faces.rater_shares}


def sample_weights(faces: FaceSet, balance: float = 0.0) -> Arrays:
    """How much each face counts. One without FER+ votes teaches the raters' head nothing.

    Args:
        faces: N faces.
        balance: 0 counts every face alike, 1 every emotion alike.
    """
    share = np.bincount(faces.labels, minlength=faces.one_hot.shape[1])[faces.labels] / len(faces)
    counts = share**-balance
    rated = faces.rater_shares.sum(axis=1) > 0
    return {"emotion": (counts / counts.mean()).astype(np.float32), "raters": rated.astype(np.float32)}


def _opinions(teacher: Teacher, images: NDArray[np.uint8], chunk: int = 256) -> Arrays:
    parts = [teacher(images[start : start + chunk]) for start in range(0, len(images), chunk)]
    return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}


def _taught(target: Arrays, opinion: Arrays, share: float) -> Arrays:
    return {head: _mixed(own, opinion[head], 1 - share) for head, own in target.items()}


def _mixup(
    x: NDArray[np.float32], target: Arrays, weight: Arrays, alpha: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Arrays, Arrays]:
    """Each face blended with another of the batch (Zhang et al., 2018, https://arxiv.org/abs/1710.09412)."""
    share, other = rng.beta(alpha, alpha), rng.permutation(len(x))
    return (
        _mixed(x, x[other], share),
        {head: _mixed(values, values[other], share) for head, values in target.items()},
        {head: _mixed(values, values[other], share) for head, values in weight.items()},
    )


def _mixed(a: NDArray[np.float32], b: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    return (share * a + (1 - share) * b).astype(np.float32)


def _resized(x: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    if x.shape[1] == size_px:
        return x
    small = [cv2.resize(face, (size_px, size_px), interpolation=cv2.INTER_AREA) for face in x]
    return np.stack(small)[..., None]
