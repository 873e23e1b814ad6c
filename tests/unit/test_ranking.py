"""Which model to take, and why."""

import pytest

from fer_core.classification.imported import Head, Imported, Preprocessing
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.ranking import advice, short_titles, standings
from fer_core.evaluation.significance import Comparison
from fer_core.networks.files import FileRecord
from fer_core.testing import fake_card


def card(name, accuracy=None, parameters=1_000_000, title=None, **more):
    figures = (
        {
            "n": 3589,
            "accuracy": accuracy,
            "accuracy_ci95": [accuracy - 0.015, accuracy + 0.015],
            "accuracy_deduplicated": accuracy - 0.01,
            "macro_f1": 0.6,
            "ece": 0.02,
        }
        if accuracy
        else {}
    )
    metrics = {"PrivateTest": figures} if accuracy else {}
    return fake_card(name=name, title=title or name.capitalize(), parameters=parameters, metrics=metrics, **more)


def pair(first, second, difference, p):
    return Comparison(first, second, 3589, 0.7, 0.7 - difference, 50, 30, difference, [0.0, 0.02], p, p)


def test_models_stand_in_the_order_of_their_accuracy_and_unmeasured_ones_last():
    rows = standings([card("low", 0.6), card("none"), card("high", 0.7)], "PrivateTest", {"low": 3.0})
    assert [row.name for row in rows] == ["high", "low", "none"]
    assert rows[0].latency_ms is None and rows[1].latency_ms == 3.0
    assert rows[0].without_copies == pytest.approx(0.69) and rows[0].accuracy_ci95 == pytest.approx((0.685, 0.715))
    assert rows[2].accuracy is None and rows[2].n is None


def test_copies_of_training_faces_can_be_left_out_of_the_order():
    known = card("heart", 0.72)
    without = {"accuracy_deduplicated": 0.6, "accuracy_deduplicated_ci95": (0.58, 0.62), "n_deduplicated": 3304}
    figures = known.metrics["PrivateTest"].model_copy(update=without)
    learnt_by_heart = known.model_copy(update={"metrics": {"PrivateTest": figures}})
    first, second = standings([learnt_by_heart, card("honest", 0.7)], "PrivateTest", {}, without_copies=True)
    assert (first.name, second.name) == ("honest", "heart")
    assert (second.accuracy, second.accuracy_ci95, second.n) == (0.6, (0.58, 0.62), 3304)


def test_an_ensemble_is_as_large_as_its_members():
    network = {
        "model.tflite": FileRecord(sha256="0" * 64, bytes=1000),
        "model.keras": FileRecord(sha256="0" * 64, bytes=9),
    }
    cards = [
        card("a", 0.6, files=network),
        card("b", 0.6, files=network),
        card("ab", 0.7, members={"a": "x", "b": "y"}),
    ]
    sizes = {row.name: row.size_bytes for row in standings(cards, "PrivateTest", {})}
    assert sizes == {"a": 1000, "b": 1000, "ab": 2000}


@pytest.mark.parametrize(
    ("titles", "short"),
    [
        (["Custom CNN (residual)"], ["Custom CNN"]),
        (["VGG16 with batch normalisation", "ResNet50V2 for small faces"], ["VGG16", "ResNet50V2"]),
        (["Ensemble of 3 networks"], ["Ensemble of 3 networks"]),
        (["CNN (one)", "CNN (two)"], ["CNN (m0)", "CNN (m1)"]),  # the same otherwise
    ],
)
def test_short_titles(titles, short):
    cards = [fake_card(name=f"m{i}", title=title) for i, title in enumerate(titles)]
    assert list(short_titles(cards).values()) == short


def test_without_figures_there_is_no_advice():
    assert advice(standings([card("a")], "PrivateTest", {}), []) is None


def test_the_only_model_is_taken():
    found = advice(standings([card("a", 0.7), card("b")], "PrivateTest", {}), [])
    assert (
        found.name == "a"
        and "only model with figures: 70.0 % of 3,589 faces, 95 % interval 68.5 to 71.5" in found.reason
    )


def test_an_established_lead_decides_whatever_it_costs():
    rows = standings([card("slow", 0.72), card("quick", 0.70)], "PrivateTest", {"slow": 20.0, "quick": 2.0})
    found = advice(rows, [pair("Slow", "Quick", 0.02, 0.001)])
    assert found.name == "slow"
    assert "2.0 points behind (more than luck, p = 0.001); they take 20.0 ms and 2.0 ms a face here" in found.reason


def test_where_the_lead_can_be_luck_the_quicker_one_is_taken():
    rows = standings([card("slow", 0.705), card("quick", 0.70)], "PrivateTest", {"slow": 20.0, "quick": 2.0})
    found = advice(rows, [pair("Slow", "Quick", 0.005, 0.3)])
    assert found.name == "quick"
    assert "its lead of 0.5 points over Quick can be luck (p = 0.3), and Quick takes 2.0 ms" in found.reason


def test_without_times_the_smaller_one_of_equals_is_taken():
    rows = standings([card("large", 0.705, 9_000_000), card("small", 0.70, 1_000_000)], "PrivateTest", {})
    found = advice(rows, [pair("Small", "Large", -0.005, 0.3)])  # in whatever order they were compared
    assert found.name == "small" and "has 1.0 million weights instead of 9.0" in found.reason


def test_a_lead_that_was_not_tested_is_said_to_be():
    rows = standings([card("a", 0.705), card("b", 0.70)], "PrivateTest", {"a": 20.0, "b": 2.0})
    found = advice(rows, [])
    assert found.name == "a" and "not tested" in found.reason


def test_it_is_said_how_far_the_default_is_from_what_is_advised():
    rows = standings([card("slow", 0.72), card("quick", 0.7)], "PrivateTest", {"slow": 4.0, "quick": 1.0})
    found = advice(rows, [pair("Slow", "Quick", 0.02, 0.001)], "quick")
    distance = "is 2.0 points behind (more than luck, p = 0.001)"
    assert found.name == "slow"
    assert found.reason.endswith(f"The default ★, Quick, {distance}; it takes 1.0 ms a face here instead of 4.0 ms.")
    found = advice(rows, [pair("Slow", "Quick", 0.02, 0.3)], "slow")
    assert found.name == "quick" and "Slow, is 2.0 points ahead (which can be luck" in found.reason
    for default in ("quick", "unmeasured"):
        assert "default" not in advice(rows, [pair("Slow", "Quick", 0.02, 0.3)], default).reason


def test_it_is_said_why_a_default_that_is_as_good_and_quicker_is_not_advised():
    accuracies = {"best": 0.72, "next": 0.71, "quick": 0.70}
    times = {"best": 9.0, "next": 4.0, "quick": 1.0}
    rows = standings([card(name, right) for name, right in accuracies.items()], "PrivateTest", times)
    tests = [pair("Best", "Next", 0.01, 0.3), pair("Best", "Quick", 0.02, 0.04), pair("Next", "Quick", 0.01, 0.3)]
    found = advice(rows, tests, "quick")
    assert found.name == "next"
    assert found.reason.endswith("of 4.0 ms, but the lead of Best over it is more than luck (p = 0.04).")
    found = advice(rows, [*tests[:1], pair("Best", "Quick", 0.02, 0.2), *tests[2:]], "next")
    assert (
        found.name == "quick"
        and "Next, is 1.0 points ahead" in found.reason
        and "but the lead" not in found.reason[-60:]
    )


def test_another_projects_network_is_ranked_but_not_advised():
    theirs = Imported(
        file="model.onnx",
        source="https://example.org/theirs",
        preprocessing=Preprocessing(channels=1),
        emotion=Head(gives="logits", classes=EMOTIONS),
    )
    rows = standings([card("theirs", 0.9, imported=theirs), card("own", 0.7)], "PrivateTest", {})
    assert [(row.name, row.source) for row in rows] == [("theirs", theirs.source), ("own", None)]
    found = advice(rows, [pair("Theirs", "Own", 0.2, 0.0001)])
    assert found.name == "own" and "Theirs" not in found.reason
    assert advice(rows[:1], []) is None
