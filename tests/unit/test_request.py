"""A request is a value: it is checked when it is made, and comes back from JSON and pickle as it was."""

import json
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_core.errors import RequestError
from fer_core.readings import Box
from fer_core.request import FASTEST, SMOOTHINGS, AnalysisRequest, DetectorChoice, Region

WHOLE = AnalysisRequest()
COMPLETE = AnalysisRequest("custom_cnn", DetectorChoice("haar", {"search_px": 320}), "litert", 2.0, "hmm", 0.5, 0.6)

shares = st.floats(0, 0.5)
parameters = st.dictionaries(
    st.text(max_size=8), st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8), max_size=4
)
requests = st.builds(
    AnalysisRequest,
    model=st.none() | st.text(max_size=12),
    detector=st.builds(DetectorChoice, st.text(max_size=12), parameters),
    engine=st.sampled_from(["litert", "keras"]),
    fps=st.floats(0, FASTEST),
    smoothing=st.sampled_from(SMOOTHINGS),
    time_constant_s=st.floats(0, 1e6),
    uncertain_below=st.none() | st.floats(0, 1),
    region=st.none() | st.builds(Region, shares, shares, shares.filter(bool), shares.filter(bool)),
)


def kinds(request: AnalysisRequest) -> dict[str, type]:
    """Of the detector's parameters: 1, 1.0 and True are equal, and are not the same."""
    return {name: type(value) for name, value in request.detector.parameters.items()}


@given(requests)
def test_a_request_survives_json(request):
    again = AnalysisRequest.from_json(json.loads(json.dumps(request.to_json())))
    assert again == request and again.digest == request.digest and kinds(again) == kinds(request)


@given(requests)
def test_a_request_survives_pickle(request):
    again = pickle.loads(pickle.dumps(request))
    assert again == request and hash(again) == hash(request)


@given(requests)
def test_smoothing_and_threshold_do_not_decide_what_is_read(request):
    other = replace(request, smoothing="median", time_constant_s=9.0, uncertain_below=0.9)
    assert other.reading == request.reading and other.reading.digest == request.reading.digest
    assert request.reading.reading == request.reading


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "hybrid"},
        {"detector": DetectorChoice("mtcnn")},
        {"detector": DetectorChoice("haar", {"search_px": 160})},
        {"engine": "keras"},
        {"fps": 8.0},
        {"smoothing": "median"},
        {"time_constant_s": 1.0},
        {"uncertain_below": 0.7},
        {"region": Region(0, 0, 0.5, 1)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_choice_makes_another_request(changes):
    other = replace(COMPLETE, **changes)
    assert other != COMPLETE and other.digest != COMPLETE.digest and other.to_json() != COMPLETE.to_json()


def test_equal_requests_have_one_digest():
    whole, broken = AnalysisRequest(fps=2, time_constant_s=1), AnalysisRequest(fps=2.0, time_constant_s=1.0)
    assert whole == broken and whole.digest == broken.digest
    assert (
        AnalysisRequest(region=Region(0, 0, 1, 1)).digest == AnalysisRequest(region=Region(0.0, 0.0, 1.0, 1.0)).digest
    )


def test_a_bare_name_stands_for_a_detector_as_it_is():
    assert AnalysisRequest(detector="mtcnn").detector == DetectorChoice("mtcnn", {})


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"smoothing": "soothing"}, "choose one of: exponential, median, hmm, none"),
        ({"fps": -1}, "Samples a second"),
        ({"fps": FASTEST + 1}, "Samples a second"),
        ({"fps": float("nan")}, "Samples a second"),
        ({"time_constant_s": -0.1}, "time constant"),
        ({"time_constant_s": float("nan")}, "time constant"),
        ({"time_constant_s": float("inf")}, "time constant"),
        ({"uncertain_below": -0.1}, "a probability"),
        ({"uncertain_below": 1.1}, "a probability"),
        ({"uncertain_below": float("nan")}, "a probability"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choices, words):
    with pytest.raises(RequestError, match=words):
        AnalysisRequest(**choices)


@pytest.mark.parametrize(
    "shares",
    [(0, 0, 0, 1), (0, 0, 1, 0), (-0.1, 0, 0.5, 0.5), (0.6, 0, 0.5, 1), (0, 0.6, 1, 0.5), (0, 0, float("nan"), 1)],
)
def test_a_region_outside_the_picture_is_refused(shares):
    with pytest.raises(RequestError, match="within the picture"):
        Region(*shares)


def test_a_region_in_pixels():
    assert Region(0.5, 0, 0.5, 1).box(641, 360) == Box(320, 0, 321, 360)
    assert Region(0, 0, 1 / 3, 1).box(300, 100) == Box(0, 0, 100, 100)


@given(st.builds(Region, shares, shares, shares.filter(bool), shares.filter(bool)), st.integers(1, 4000))
def test_a_region_is_at_least_a_pixel_and_never_leaves_the_picture(region, side):
    box = region.box(side, side)
    assert min(box.x, box.y) >= 0 and min(box.width, box.height) >= 1
    assert box.x + box.width <= side and box.y + box.height <= side


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        "haar",
        {"more": 1},
        {"fps": "fast"},
        {"fps": None},
        {"detector": "haar"},
        {"detector": {"name": 3}},
        {"detector": {"name": "haar", "parameters": {"search_px": [1]}}},
        {"region": [0, 0, 1, 1]},
        {"region": {"x": 0, "y": 0, "width": 2, "height": 1}},
        {"smoothing": "soothing"},
        {"uncertain_below": 2},
    ],
    ids=str,
)
def test_json_of_another_kind_is_refused_with_a_sentence(plain):
    with pytest.raises(RequestError) as refused:
        AnalysisRequest.from_json(plain)
    assert "\n" not in str(refused.value)


def test_only_a_complete_request_has_a_threshold():
    assert COMPLETE.threshold == 0.6
    with pytest.raises(ValueError, match="does not name a threshold"):
        _ = WHOLE.threshold
