"""Figures of the Models page: what is drawn is what was measured, and the words say the same."""

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from fer_core.charts import confusion, data_set, explanations, model_curves, models
from fer_core.charts.looks import looks_of_models
from fer_core.classification.explanation import Deletion
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.evaluation import curves, error_if_calibrated, measure
from fer_core.evaluation.claims import read_claims
from fer_core.evaluation.ranking import standings
from fer_core.evaluation.recipes import Earlier
from fer_core.testing import fake_card
from tests.predictions import HAPPY, SAD, guesses, said

PREDICTIONS = {"Good <b>": guesses(400, 0.8, 1), "Bad": guesses(400, 0.4, 2)}
FIGURES = {name: measure(one) for name, one in PREDICTIONS.items()}
CURVES = {name: curves(one) for name, one in PREDICTIONS.items()}
CLASSES = {name: figures["per_class"] for name, figures in FIGURES.items()}
AREAS = {name: {e: entry["auc"] for e, entry in classes.items()} for name, classes in CLASSES.items()}
LOOKS = looks_of_models(PREDICTIONS)
ONE_CLASS = said([HAPPY] * 20, [HAPPY] * 15 + [SAD] * 5)
INK = "#1b2333"


def drawable(figure: go.Figure) -> dict:
    """The figure as the browser gets it."""
    return json.loads(figure.to_json())


def trace(figure: go.Figure, start: str):
    [found] = [one for one in figure.data if (one.name or "").startswith(start)]
    return found


def test_names_of_models_cannot_bring_tags_into_a_chart():
    figure = model_curves.reliability(CURVES, LOOKS, {name: f["ece"] for name, f in FIGURES.items()})
    assert "Good &lt;b&gt;" in figure.data[0].name and "<b>" not in figure.data[0].name


def test_every_figure_can_be_drawn():
    histories = {
        "Bad": pd.DataFrame(
            {"epoch": [0, 1], "seconds": [60, 120]}
            | {name: [0.4, 0.5] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        )
    }
    for figure in (
        confusion.confusion_counts(FIGURES["Bad"]["confusion"], INK),
        confusion.confusion_shares(FIGURES["Bad"]["confusion"], INK),
        confusion.class_bars(CLASSES, LOOKS, "f1"),
        model_curves.coverage(CURVES, LOOKS, {"Bad": 0.5}),
        model_curves.training(histories, LOOKS, "accuracy", "minutes"),
        models.claims_and_measurements(read_claims(), standings([fake_card()], "PrivateTest", {})),
    ):
        assert drawable(figure)["data"]


def test_bubbles_stand_at_time_and_accuracy_with_their_interval():
    figures = {"PrivateTest": {"n": 100, "accuracy": 0.7, "accuracy_ci95": [0.6, 0.78]}}
    cards = [fake_card(name="a", title="A", metrics=figures, parameters=4), fake_card(name="b", title="B")]
    rows = standings(cards, "PrivateTest", {"a": 5.0, "b": 1.0})
    figure = models.accuracy_against_speed(rows, looks_of_models(["A", "B"]))
    bubble = trace(figure, "1 A")
    assert (bubble.x, bubble.y) == ((5.0,), (0.7,))
    assert bubble.error_y.array == pytest.approx([0.08]) and bubble.error_y.arrayminus == pytest.approx([0.1])
    assert not [one for one in figure.data if "B" in (one.name or "")]  # without figures
    assert models.describe_accuracy_against_speed(rows) == "A: 70.0% in 5.0 ms with 0.0 million weights"
    assert "No model has both" in models.accuracy_against_speed(rows[1:], {}).layout.annotations[0].text


def test_bubbles_bear_the_ranks_of_the_table_and_small_ones_stand_before_large_ones():
    cards = [
        fake_card(
            name=name,
            title=name.capitalize(),
            parameters=parameters,
            metrics={"PrivateTest": {"n": 100, "accuracy": accuracy, "accuracy_ci95": [0.6, 0.8]}},
        )
        for name, parameters, accuracy in (("large", 9_000_000, 0.72), ("small", 1_000, 0.7), ("middle", 10**6, 0.71))
    ]
    rows = standings(cards, "PrivateTest", dict.fromkeys(("large", "small", "middle"), 2.0))
    figure = models.accuracy_against_speed(rows, looks_of_models(["Large", "Small", "Middle"]))
    assert [one.name for one in figure.data if one.mode == "markers"] == ["1 Large", "2 Middle", "3 Small"]
    assert {one.text[0]: one.y[0] for one in figure.data if one.mode == "text"} == {
        "<b>1</b>": 0.72,
        "<b>2</b>": 0.71,
        "<b>3</b>": 0.7,
    }
    low, high = (10**bound for bound in figure.layout.xaxis.range)
    assert low < 2.0 < high and any(low < tick < high for tick in figure.layout.xaxis.tickvals)


@pytest.mark.parametrize("milliseconds", [0.11, 1.9, 7.3, 48.0, 730.0])
def test_the_axis_of_times_has_ticks_wherever_a_model_lies(milliseconds):
    card = fake_card(title="A", metrics={"PrivateTest": {"n": 9, "accuracy": 0.7}})
    rows = standings([card], "PrivateTest", {card.name: milliseconds})
    axis = models.accuracy_against_speed(rows, looks_of_models(["A"])).layout.xaxis
    low, high = (10**bound for bound in axis.range)
    assert sum(low <= tick <= high for tick in axis.tickvals) >= 2


def test_claims_and_measurements_are_apart():
    figures = {"PrivateTest": {"n": 100, "accuracy": 0.7, "accuracy_ci95": [0.6, 0.78]}}
    rows = standings([fake_card(title="Own", metrics=figures)], "PrivateTest", {})
    found = read_claims()
    figure = models.claims_and_measurements(found, rows)
    measured = trace(figure, "measured here")
    assert set(measured.y) == {"Own", *(one.work for one in found.measured_here)}
    claimed = [name for one in figure.data if one.name.startswith("claimed") for name in one.y]
    assert sorted(claimed) == sorted(claim.work for claim in found.claims)
    assert not set(measured.y) & set(claimed)
    assert len({one.marker.symbol for one in figure.data}) == len(figure.data)  # told apart without colour
    words = models.describe_claims_and_measurements(found, rows)
    assert "Own 70.0%" in words and "A ResNet-50, comparable open project 78.0% (not reproducible)" in words


def test_a_confusion_matrix_shows_counts_and_shares_of_rows():
    table = measure(said([HAPPY, HAPPY, HAPPY, SAD], [HAPPY, HAPPY, SAD, SAD]))["confusion"]
    heat = confusion.confusion_shares(table, INK).data[0]
    assert heat.customdata[HAPPY][HAPPY] == pytest.approx(200 / 3) and heat.customdata[HAPPY][SAD] == pytest.approx(
        100 / 3
    )
    assert heat.customdata[0].sum() == 0  # nobody is angry here
    counts = confusion.confusion_counts(table, INK)
    assert counts.data[0].customdata[HAPPY].tolist() == [0, 0, 0, 2, 1, 0, 0]
    texts = [text for one in counts.data[1:] for text in one.text]
    assert len(texts) == 49 and sorted(texts, key=int)[-2:] == ["1", "2"]
    words = confusion.describe_confusion("X", table)
    assert "happy 67%" in words and "Most often taken for another: happy for sad 33%" in words


def test_the_difference_of_two_matrices_has_signs():
    tables = [measure(said([HAPPY] * 4, answers))["confusion"] for answers in ([HAPPY] * 4, [HAPPY, SAD, SAD, SAD])]
    figure = confusion.confusion_difference(*tables, INK)
    assert figure.data[0].customdata[HAPPY][HAPPY] == pytest.approx(75)
    texts = [text for one in figure.data[1:] for text in one.text]
    assert {"+75", "-75"} <= set(texts) and texts.count("0") == 47
    words = confusion.describe_difference("A", "B", dict(zip("AB", tables, strict=True)))
    assert words == "Points that A has more or less than B: happy read as happy +75, happy read as sad -75."
    assert "do not differ" in confusion.describe_difference("A", "A", {"A": tables[0]})


def test_numbers_are_legible_on_every_cell():
    weak, strong = confusion.confusion_shares(FIGURES["Good <b>"]["confusion"], INK).data[1:]
    assert weak.textfont.color == INK and strong.textfont.color == "#ffffff"


def test_bars_of_an_emotion_that_does_not_occur_have_no_area():
    classes = {"X": measure(ONE_CLASS)["per_class"]}
    looks = looks_of_models(classes)
    assert list(confusion.class_bars(classes, looks, "auc").data[0].y) == [None] * 7
    assert confusion.describe_classes(classes, "auc") == "X: "
    assert "happy 0.75" in confusion.describe_classes(classes, "recall")


def test_curves_bear_their_area_and_agree_with_it():
    for emotion in (model_curves.MEAN, "sad"):
        figure = model_curves.roc(CURVES, LOOKS, AREAS, emotion)
        for name in CURVES:
            line = trace(figure, model_curves.safe(name))
            area = model_curves.mean_of(AREAS[name], emotion)
            assert line.name.endswith(f"AUC {area:.3f}")
            assert np.trapezoid(line.y, line.x) == pytest.approx(area, abs=0.01)


def test_precision_and_recall_bear_the_average_precision():
    figure = model_curves.precision_recall(CURVES, LOOKS, "happy")
    expected = CURVES["Bad"]["precision_recall"]["happy"]
    line = trace(figure, "Bad")
    assert line.name == f"Bad · AP {expected['average_precision']:.3f}" and list(line.x) == expected["recall"]


def test_the_plot_keeps_its_room_under_a_long_legend():
    heights = []
    for count in (2, 5):
        lines = {f"Model {number}": CURVES["Bad"] for number in range(count)}
        looks = looks_of_models(lines)
        areas = dict.fromkeys(lines, AREAS["Bad"])
        heights.append(model_curves.roc(lines, looks, areas).layout.height)
    assert heights[1] - heights[0] >= 3 * 18


def test_an_emotion_that_does_not_occur_has_no_curve():
    lines, areas = {"X": curves(ONE_CLASS)}, {"X": {e: v["auc"] for e, v in measure(ONE_CLASS)["per_class"].items()}}
    looks = looks_of_models(lines)
    for emotion, words in (
        ("sad", "Needs faces with and without this label"),
        ("happy", "Needs faces with and without this label"),  # which all of them bear
        (model_curves.MEAN, "Needs faces of two labels or more"),
    ):
        figure = model_curves.precision_recall(lines, looks, emotion)
        assert figure.layout.annotations[0].text == words
        assert [one.name for one in model_curves.roc(lines, looks, areas, emotion).data] == ["guessing"]
    assert model_curves.describe_areas("AUC", {"X": None}) == "AUC: "


def test_reliability_has_the_bins_and_their_intervals():
    figure = model_curves.reliability(CURVES, LOOKS, {"Good <b>": 0.1, "Bad": 0.2})
    line, bars = trace(figure, "Bad"), CURVES["Bad"]["reliability"]
    perfect = error_if_calibrated(bars)
    assert line.name == f"Bad · ECE 0.200 (if perfect {perfect:.3f})" and list(line.x) == [
        bar["confidence"] for bar in bars
    ]
    assert (line.y + line.error_y.array).tolist() == pytest.approx([bar["accuracy_ci95"][1] for bar in bars])
    words = f"Calibration error: Bad 0.200 (if perfect {perfect:.3f})"
    assert model_curves.describe_reliability(CURVES, {"Bad": 0.2}) == words


def test_coverage_marks_where_a_model_says_uncertain():
    figure = model_curves.coverage(CURVES, LOOKS, {"Bad": 0.5})
    [star] = [one for one in figure.data if one.mode == "markers"]
    row = min(CURVES["Bad"]["coverage_accuracy"], key=lambda row: abs(row[0] - 0.5))
    assert (star.x[0], star.y[0]) == (row[1], row[2])
    assert "75% right with" in model_curves.describe_coverage(CURVES)


def test_a_model_that_is_never_as_sure_as_demanded_has_no_star():
    unsure = {"Bad": curves(said([HAPPY] * 10, [HAPPY] * 9 + [SAD], confidence=0.3))}
    [all_in_one_point] = model_curves.coverage(unsure, LOOKS, {"Bad": 0.5}).data
    assert len(all_in_one_point.x) > 1 and all_in_one_point.mode == "lines+markers"
    never = {"Bad": curves(said([HAPPY] * 10, [HAPPY] * 9 + [SAD], confidence=0.15))}
    [only] = model_curves.coverage(never, LOOKS, {"Bad": 0.5}).data
    assert (list(only.x), list(only.y)) == ([1.0], [0.9]) and "markers" in only.mode
    assert model_curves.describe_coverage(never) == "Bad: 75% right with 100% kept, 85% right with 100% kept"


def test_training_and_validation_are_told_apart_by_their_lines():
    rows = pd.DataFrame(
        {
            "epoch": [0, 1],
            "seconds": [60, 180],
            "loss": [3, 2],
            "accuracy": [0.3, 0.5],
            "val_loss": [3, 2.5],
            "val_accuracy": [0.35, 0.3],
        }
    )
    figure = model_curves.training({"Bad": rows}, LOOKS, "accuracy")
    assert [(one.name, one.line.dash, list(one.y)) for one in figure.data] == [
        ("Bad, training", "dot", [0.3, 0.5]),
        ("Bad", "solid", [0.35, 0.3]),
    ]
    assert [one.showlegend for one in figure.data] == [False, True]
    assert len({one.legendgroup for one in figure.data}) == 1  # they come and go together
    assert list(figure.data[0].x) == [1, 2]
    assert list(model_curves.training({"Bad": rows}, LOOKS, "loss", "minutes").data[0].x) == [1, 3]
    assert model_curves.describe_training({"Bad": rows}) == (
        "Bad: 2 epochs, validation accuracy 30.0% at the end, at most 35.0%"
    )


def test_a_course_begins_where_the_weights_that_it_went_on_from_ended():
    rows = pd.DataFrame({"epoch": [0, 1], "seconds": [60, 180], "accuracy": [0.3, 0.5], "val_accuracy": [0.35, 0.3]})
    before = {"Bad": Earlier(28, 96.5)}
    of_epochs = model_curves.training({"Bad": rows}, LOOKS, "accuracy", before=before)
    assert [list(one.x) for one in of_epochs.data] == [[29, 30]] * 2
    of_minutes = model_curves.training({"Bad": rows}, LOOKS, "accuracy", "minutes", before)
    assert [list(one.x) for one in of_minutes.data] == [[97.5, 99.5]] * 2
    assert "Bad: 2 epochs after 28 earlier ones, validation" in model_curves.describe_training({"Bad": rows}, before)


def test_courses_of_models_are_told_apart_without_colour():
    rows = pd.DataFrame({"epoch": [0, 1], "seconds": [60, 180], "accuracy": [0.3, 0.5], "val_accuracy": [0.35, 0.3]})
    figure = model_curves.training(dict.fromkeys(LOOKS, rows), LOOKS, "accuracy")
    symbols = {one.legendgroup: one.marker.symbol for one in figure.data if "markers" in one.mode}
    assert symbols == {title: look.symbol for title, look in LOOKS.items()} and len(set(symbols.values())) == 2


def test_robustness_starts_with_the_clean_faces():
    kind = {"unit": "degrees", "levels": [0, 5, 10], "accuracy": [0.7, 0.6, 0.2], "accuracy_ci95": [[0.6, 0.8]] * 3}
    records = {"Bad": {"n": 10, "kinds": {"rotation": kind}}}
    figure = model_curves.robust(records, LOOKS, "rotation")
    assert list(figure.data[0].y) == [0.7, 0.6, 0.2] and figure.layout.xaxis.ticktext == ("0", "5", "10")
    assert model_curves.describe_robust(records, "rotation") == "Bad: 70%, 60%, 20%"
    assert "No model was tested" in model_curves.robust({}, LOOKS, "rotation").layout.annotations[0].text


def test_probabilities_stand_side_by_side():
    given = {"Bad": np.eye(7, dtype=np.float32)[SAD], "Good <b>": np.full(7, 1 / 7, np.float32)}
    figure = explanations.probabilities_by_model(given, LOOKS)
    assert len(figure.data) == 2 and figure.data[0].x[SAD] == 1
    assert len({one.marker.pattern.shape for one in figure.data}) == 2  # told apart without colour
    assert "Bad: angry 0%" in explanations.describe_probabilities_by_model(given)


def test_the_split_of_the_raters_has_eight_classes():
    shares = {"Bad": np.eye(8)[RATER_CLASSES.index("contempt")]}
    figure = explanations.raters_by_model(shares, LOOKS)
    assert len(figure.data[0].y) == 8 and figure.data[0].x[-1] == 1
    assert explanations.describe_raters_by_model(shares).endswith("contempt 100%")


def test_a_deletion_curve_has_the_map_and_what_chance_does():
    found = Deletion(
        "sad", np.array([0, 0.5, 1]), np.array([0.9, 0.1, 0.1]), np.array([[0.9, 0.8, 0.1], [0.9, 0.6, 0.1]])
    )
    figure = explanations.deletion_curve(found, LOOKS["Bad"])
    assert list(trace(figure, "their mean").y) == pytest.approx([0.9, 0.7, 0.1])
    assert list(trace(figure, "the map").y) == [0.9, 0.1, 0.1]
    band = trace(figure, "random orders")
    assert max(band.y[:3] - band.y[:2:-1]) == pytest.approx(0.2)


def test_shares_of_emotions_by_split():
    counts = {"train": dict.fromkeys(EMOTIONS, 10) | {"happy": 40}, "test": dict.fromkeys(EMOTIONS, 0)}
    figure = data_set.class_shares(counts)
    assert trace(figure, "train (100)").y[HAPPY] == 0.4 and list(trace(figure, "test (0)").y) == [0] * 7
    assert "happy 40" in data_set.describe_class_shares(counts)


def test_labels_beside_raters():
    table = np.zeros((7, 8), int)
    table[HAPPY, RATER_CLASSES.index("happiness")], table[HAPPY, RATER_CLASSES.index("neutral")] = 3, 1
    figure = data_set.labels_and_raters(table.tolist(), INK)
    assert figure.data[0].customdata[HAPPY][RATER_CLASSES.index("happiness")] == 75
    assert "happy: happiness 75%, neutral 25%" in data_set.describe_labels_and_raters(table.tolist())


def test_an_emotion_without_faces_is_not_reported_as_never_found():
    table = np.zeros((7, 7), int)
    table[3, 3], table[3, 4], table[4, 4] = 8, 2, 5
    words = confusion.describe_confusion("Mine", table.tolist())
    assert "found of each emotion: happy 80%, sad 100%." in words and "disgust" not in words.split("Most often")[0]
    texts = [text for trace in confusion.confusion_shares(table.tolist(), "#000").data[1:] for text in trace.text]
    assert texts.count("–") == 5 * 7 and "80" in texts
    classes = {
        name: {"support": int(row.sum()), "f1": 0.0, "recall": 0.0, "precision": 0.0, "auc": None}
        for name, row in zip(EMOTIONS, table, strict=True)
    }
    [bars] = confusion.class_bars({"Mine": classes}, {"Mine": looks_of_models(["Mine"])["Mine"]}, "f1").data
    assert [value is None for value in bars.y] == [name not in ("happy", "sad") for name in EMOTIONS]


def test_counts_under_the_pointer_are_exact():
    [heat, *_] = confusion.confusion_counts((12_345 * np.eye(7, dtype=int)).tolist(), "#000").data
    assert "customdata:,d" in heat.hovertemplate
