"""What a report says in sentences: how it was made, how far it goes, and what it must not be used for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from typing import Final

from fer_core.classification.cards import ModelCard
from fer_core.classification.metrics import EmotionFigures
from fer_core.emotions import EMOTIONS
from fer_core.request import AnalysisRequest, percent
from fer_core.timeline.statistics.summaries import VALENCE_FORMULA
from fer_core.timeline.table import Timeline

DETECTOR_NAMES: Final = {
    "haar": "Haar cascades, then a trained face check",
    "blazeface": "BlazeFace, doubtful finds confirmed by a trained face check",
    "mtcnn": "MTCNN",
}
_DETECTORS: Final = {
    "haar": "Faces were proposed by Haar cascades (Viola & Jones, 2001) and confirmed by a small trained network",
    "blazeface": "Faces were found by BlazeFace (Bazarevsky et al., 2019); doubtful ones were confirmed by a small "
    "trained network",
    "mtcnn": "Faces were found by MTCNN (Zhang et al., 2016)",
}
_SMOOTHING: Final = {
    "exponential": "smoothed per person by an exponential average of the log-probabilities (time constant {})",
    "median": "smoothed per person by a running median of the log-probabilities (scaled to a time constant of {})",
    "hmm": "smoothed per person: labels by a hidden Markov model with Viterbi decoding, probabilities by exponential "
    "averages of what came before and after (both scaled to a time constant of {})",
    "none": "not smoothed",
}

_LIMITS: Final = (
    "A face shows an expression; what a person feels is another question. People smile without joy and are angry with "
    "a straight face, and cultures and persons differ (Barrett et al., 2019).",
    "The seven classes are those of the training data. Whatever else a face shows is read as one of them. The "
    "probabilities say how a photograph with such a face would be labelled, by people who saw nothing but that face.",
    "Faces in profile, covered, very small, blurred or badly lit are unlike what the model learnt from. {}",
    "Persons are told apart by place and looks within this one recording. After long absences or cuts, one person can "
    "appear under two numbers.",
    f"Valence is derived from the probabilities ({VALENCE_FORMULA}); nobody measured it. Samples of one recording are "
    "not independent of each other, so no significance may be computed from their number.",
)

_FOR_WHOM: Final = "how well the model does for people of different ages, sexes and skin colours is not known."
_OF_OWN: Final = f"Fear and disgust are often missed. FER2013 does not say who is in it, so {_FOR_WHOM}"
_OF_OTHERS: Final = f"Besides, {_FOR_WHOM}"

MUST_NOT: Final = (
    "to judge people at work, in hiring or in education; in the European Union that is prohibited (Regulation (EU) "
    "2024/1689, Article 5(1)(f))",
    "to diagnose, to treat or to triage: it is no medical device",
    "to decide about anybody's rights, benefits, credit, insurance, asylum or freedom, or whether they tell the truth",
    "on people who do not know of it or have not agreed to it",
)

_LANDMARKS: Final = (
    "Head pose, gaze, openness of eyes and mouth were measured by a mesh of 468 landmarks (Kartynnik et al., 2019) and "
    "those of the irises (Ablavatski et al., 2020); blinks are closures of at most 0.6 s against the usual openness of "
    "the person's eyes (after Soukupova & Cech, 2016), from the first closed sample to the last one and one interval "
    "longer, counted from 12 samples a second on. Movements are distances of "
    "landmarks against the person's resting face: geometry, not trained action units. Samples with a talking mouth or "
    "a covered face count as poor."
)
_REFERENCES: Final = {
    "Ablavatski": "Ablavatski, A., Vakunov, A., Grishchenko, I., Raveendran, K. & Zhdanovich, M. (2020). Real-time "
    "pupil tracking from monocular video for digital puppetry. arXiv:2006.11341.",
    "Barrett": "Barrett, L. F., Adolphs, R., Marsella, S., Martinez, A. M. & Pollak, S. D. (2019). Emotional "
    "expressions reconsidered. Psychological Science in the Public Interest, 20(1), 1–68.",
    "Bazarevsky": "Bazarevsky, V., Kartynnik, Y., Vakunov, A., Raveendran, K. & Grundmann, M. (2019). BlazeFace: "
    "sub-millisecond neural face detection on mobile GPUs. arXiv:1907.05047.",
    "Kartynnik": "Kartynnik, Y., Ablavatski, A., Grishchenko, I. & Grundmann, M. (2019). Real-time facial surface "
    "geometry from monocular video on mobile GPUs. arXiv:1907.06724.",
    "Soukupova": "Soukupova, T. & Cech, J. (2016). Real-time eye blink detection using facial landmarks. 21st Computer "
    "Vision Winter Workshop.",
    "Barsoum": "Barsoum, E., Zhang, C., Canton Ferrer, C. & Zhang, Z. (2016). Training deep networks for facial "
    "expression recognition with crowd-sourced label distribution. ICMI.",
    "Goodfellow": "Goodfellow, I. J. et al. (2013). Challenges in representation learning: a report on three machine "
    "learning contests. ICONIP.",
    "Guo": "Guo, C., Pleiss, G., Sun, Y. & Weinberger, K. Q. (2017). On calibration of modern neural networks. ICML.",
    "Viola": "Viola, P. & Jones, M. (2001). Rapid object detection using a boosted cascade of simple features. CVPR.",
    "Viterbi": "Viterbi, A. (1967). Error bounds for convolutional codes and an asymptotically optimum decoding "
    "algorithm. IEEE Transactions on Information Theory, 13(2), 260–269.",
    "Zhang": "Zhang, K., Zhang, Z., Li, Z. & Qiao, Y. (2016). Joint face detection and alignment using multitask "
    "cascaded convolutional networks. IEEE Signal Processing Letters, 23(10), 1499–1503.",
}


def sampling(request: AnalysisRequest) -> str:
    """How often the recording was looked at."""
    return f"{request.fps:g} samples a second" if request.fps else "every frame"


def smoothing(request: AnalysisRequest) -> str:
    """What was done to the probabilities over time."""
    words = _SMOOTHING.get(request.smoothing, f"smoothed ({request.smoothing}, {{}})")
    return words.format(f"{request.time_constant_s:g} s")


def reading_facts(request: AnalysisRequest, card: ModelCard | None = None) -> list[tuple[str, str]]:
    """Names and values of what was chosen for reading, for a cover; the model is "–" where it is not named."""
    return [
        ("Model", f"{card.title} ({card.name})" if card else request.model or "–"),
        ("Runs on", request.engine),
        ("Faces", DETECTOR_NAMES.get(request.detector.name, request.detector.name)),
        ("Sampling", sampling(request)),
        ("Over time", smoothing(request)),
        ("Uncertain", f"below {percent(request.threshold)}"),
    ]


def methods(timeline: Timeline, card: ModelCard | None = None) -> list[str]:
    """The methods section, a paragraph each, ready for a paper."""
    measured = [_LANDMARKS] if has_landmarks(timeline) else []
    accuracy = accuracy_of(card)
    return [*reading_methods(timeline.request, card), *measured, *([accuracy] if accuracy else [])]


def limits(cards: Iterable[ModelCard | None]) -> list[str]:
    """How far the readings go, a sentence or a few each.

    Args:
        cards: of the models that read; None for one whose card is not at hand.
    """
    known = _OF_OWN if all(_is_own(card) for card in cards) else _OF_OTHERS
    return [text.format(known) for text in _LIMITS]


def reading_methods(request: AnalysisRequest, card: ModelCard | None = None) -> list[str]:
    """How a recording was sampled, read and judged, a paragraph each."""
    detector_name = request.detector.name
    detector = _DETECTORS.get(detector_name, f'Faces were found by the detector "{detector_name}"')
    model = (
        f'"{request.model}"' if card is None else f"{card.title} ({card.name}, {card.parameters / 1e6:.1f} M weights)"
    )
    return [
        f"The recording was sampled at {sampling(request)} by presentation time. {detector}, and followed over time "
        f"by where they are, how large they are and what they look like.{_part(request)}",
        f"Each face was cut out, scaled and read by the model {model}, {_learnt_from(card)} "
        f"{smoothing(request)}; the raw values are in the data files.",
        "A reading whose highest probability is below "
        f"{percent(request.threshold)} counts as uncertain, and as no emotion. A sample stands for the time until "
        "the next one, at most for one and a half of the usual interval or a quarter of a second, whichever is longer, "
        "and never beyond the end of the recording; shares are shares of the time that a person was seen.",
    ]


def _learnt_from(card: ModelCard | None) -> str:
    """What the model learnt from and how its outputs became probabilities, up to the words of smoothing."""
    seven = f"probabilities of seven expressions: {', '.join(EMOTIONS)}. These were"
    if card is None:
        return f"whose card is not at hand, so what it learnt from is not said here. It gave {seven}"
    if card.imported is not None:
        calibrated = (
            "calibrated by temperature scaling (Guo et al., 2017)" if card.temperature != 1 else "not calibrated"
        )
        return f"which others trained on: {card.training_data}. Its outputs were {calibrated}; they are {seven}"
    start = f" {card.training_data.partition('. ')[2]}." if ". " in card.training_data else ""
    return (
        "as a grey picture. It was trained on FER2013 (Goodfellow et al., 2013) with the votes of FER+ (Barsoum et "
        f"al., 2016).{start} Its outputs were calibrated by temperature scaling (Guo et al., 2017) to {seven}"
    )


def _is_own(card: ModelCard | None) -> bool:
    """Whether a model is known to be one of this project, which all learnt from FER2013."""
    return card is not None and card.imported is None


def validity_line(model: str, card: ModelCard | None, emotion: str) -> str:
    """How well a model reads an emotion, in a sentence to be shown with a figure.

    Args:
        model: name of the model.
        card: of the model; None where it is not installed.
        emotion: one of the seven, or "uncertain".
    """
    title = card.title if card else model
    measured = card.metrics.get("PrivateTest") if card else None
    if emotion not in EMOTIONS:
        return accuracy_of(card) or f"How often {title} is right was not measured."
    figures = (measured.per_class or {}).get(emotion) if measured else None
    if figures is None or figures.recall is None or figures.precision is None or figures.support is None:
        return f"How well {title} reads {emotion} was not measured."
    return (
        f"{title} finds {figures.recall:.0%} of the {figures.support:,} faces of FER2013 PrivateTest that are labelled "
        f"{emotion}; {figures.precision:.0%} of the faces that it reads as {emotion} are labelled so. That is how "
        "people labelled photographs, not what was felt."
    )


def has_landmarks(timeline: Timeline) -> bool:
    """Whether the landmarks of any face were measured."""
    return "yaw_deg" in timeline.frame and bool(timeline.frame["yaw_deg"].notna().any())


def _part(request: AnalysisRequest) -> str:
    if request.region is None:
        return ""
    x, y, width, height = astuple(request.region)
    return (
        f" Faces were looked for in a part of the picture alone: from {x:.0%} to {x + width:.0%} of its width and from "
        f"{y:.0%} to {y + height:.0%} of its height."
    )


def accuracy_of(card: ModelCard | None) -> str:
    """What was measured of the model, in a sentence; empty where that is not known."""
    measured = card.metrics.get("PrivateTest") if card else None
    if measured is None or measured.accuracy is None or measured.accuracy_ci95 is None:
        return ""
    low, high = measured.accuracy_ci95
    recalls = ", ".join(_recalls(measured.per_class or {}))
    return (
        f"On the {measured.n:,} faces of FER2013 PrivateTest the model is right {measured.accuracy:.1%} of the "
        f"time (95 % interval {low:.1%} to {high:.1%})" + (f"; it finds {recalls} of each class." if recalls else ".")
    )


def _recalls(per_class: Mapping[str, EmotionFigures]) -> Iterator[str]:
    for name in EMOTIONS:
        if name in per_class and (recall := per_class[name].recall) is not None:
            yield f"{name} {recall:.0%}"


def references(timeline: Timeline, card: ModelCard | None = None) -> list[str]:
    """What the paragraphs cite, by name of the first author."""
    request, own = timeline.request, _is_own(card)
    left_out = {
        *(() if own else ("Barsoum", "Goodfellow")),
        "Guo" if not own and (card is None or card.temperature == 1) else "",
        *(() if has_landmarks(timeline) else ("Ablavatski", "Kartynnik", "Soukupova")),
        "Bazarevsky" if request.detector.name != "blazeface" else "",
        "Viola" if request.detector.name != "haar" else "",
        "Zhang" if request.detector.name != "mtcnn" else "",
        "Viterbi" if request.smoothing != "hmm" else "",
    }
    return [text for name, text in sorted(_REFERENCES.items()) if name not in left_out]
