"""Differences between models and between groups: against hand-counted values and against brute force."""

import math
from dataclasses import fields

import numpy as np
import pytest
from scipy.stats import fisher_exact

from fer_core.errors import ModelError
from fer_core.evaluation import Comparison, compare_models, holm, mcnemar, paired_interval, slices
from fer_core.evaluation.intervals import bootstrap, macro_f1, wilson
from fer_core.evaluation.slices import widest_gap
from tests.predictions import HAPPY, SAD, guesses, said


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (1, 9, 2 * (1 + 10) / 2**10),  # both tails of Binomial(10, 1/2) at 1
        (6, 0, 2 / 2**6),
        (30, 12, 2 * sum(math.comb(42, k) for k in range(13)) / 2**42),
    ],
)
def test_mcnemar_by_hand(only_first, only_second, p_value):
    assert mcnemar(only_first, only_second) == pytest.approx(p_value)
    assert mcnemar(only_second, only_first) == pytest.approx(p_value)


def test_mcnemar_nears_the_chi_squared_test_for_many_faces():
    chi_squared = (abs(260 - 180) - 1) ** 2 / (260 + 180)
    assert mcnemar(260, 180) == pytest.approx(math.erfc(math.sqrt(chi_squared / 2)), rel=0.05)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]),
    ],
)
def test_holm_by_hand(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted)


def test_the_interval_of_a_difference_is_about_that_of_drawing_faces():
    only_first, only_second, n = 60, 30, 400
    score = np.repeat([1, -1, 0], [only_first, only_second, n - only_first - only_second])
    rng = np.random.default_rng(1)
    drawn = np.quantile(rng.choice(score, size=(4000, n)).mean(axis=1), (0.025, 0.975))
    low, high = paired_interval(only_first, only_second, n)
    assert low < drawn[0] and high > drawn[1]
    assert [low, high] == pytest.approx(drawn, abs=0.025)
    assert paired_interval(only_second, only_first, n) == pytest.approx([-high, -low])


def test_the_interval_of_a_difference_holds_0_where_the_test_does():
    n = 14
    for first in range(n + 1):
        for second in range(n + 1 - first):
            low, high = paired_interval(first, second, n)
            assert -1 <= low < high <= 1 and low <= (first - second) / n <= high
            assert (low <= 0 <= high) == (mcnemar(first, second) >= 0.05)


@pytest.mark.parametrize("shares", [(0.13, 0.0), (0.3, 0.05), (0.02, 0.02)])
def test_few_faces_are_not_given_too_narrow_an_interval(shares):
    n, drawn = 30, []
    for first, second, _ in np.random.default_rng(0).multinomial(n, [*shares, 1 - sum(shares)], size=200):
        low, high = paired_interval(int(first), int(second), n)
        drawn.append(low <= shares[0] - shares[1] <= high)
    assert np.mean(drawn) >= 0.95


def test_bootstrap_of_macro_f1_is_that_of_drawing_faces():
    from sklearn.metrics import f1_score

    model = guesses(300, 0.7, seed=3)
    table = np.zeros((7, 7), np.int64)
    np.add.at(table, (model.labels, model.predicted), 1)
    rng = np.random.default_rng(2)
    draws = (rng.integers(0, 300, 300) for _ in range(200))
    values = [f1_score(model.labels[rows], model.predicted[rows], average="macro") for rows in draws]
    assert bootstrap(table)["macro_f1"] == pytest.approx(np.quantile(values, (0.025, 0.975)), abs=0.02)
    assert macro_f1(table) == pytest.approx(f1_score(model.labels, model.predicted, average="macro"))


def test_bootstrap_and_wilson_agree_on_many_faces():
    table = np.diag([700]) + 0
    both = np.array([[700, 0], [300, 0]])
    assert bootstrap(both)["accuracy"] == pytest.approx(wilson(700, 1000), abs=0.004)
    assert bootstrap(table)["accuracy"] == [1.0, 1.0]


def test_two_models_in_one_sentence():
    labels = [HAPPY] * 100
    better, worse = said(labels, [HAPPY] * 90 + [SAD] * 10), said(labels, [HAPPY] * 60 + [SAD] * 40)
    [result] = compare_models({"worse": worse, "better": better})
    assert (result.n, result.only_first, result.only_second) == (100, 0, 30)
    assert result.difference == pytest.approx(-0.3) and result.established
    assert result.p_value == pytest.approx(2 / 2**30) == pytest.approx(result.p_adjusted)
    assert result.accuracy_second - result.accuracy_first == pytest.approx(0.3)
    sentence = result.sentence()
    assert sentence.startswith("better is 30.0 points above worse (95 % interval +")
    assert "more than luck" in sentence and "30 are read right by better alone" in sentence and "p < 0.001" in sentence


def test_luck_is_called_luck():
    labels = [HAPPY] * 100
    a, b = said(labels, [HAPPY] * 52 + [SAD] * 48), said(labels, [SAD] * 50 + [HAPPY] * 50)
    [result] = compare_models({"a": a, "b": b})
    assert not result.established and "not established" in result.sentence()
    assert result.difference_ci95[0] < 0 < result.difference_ci95[1]


def test_equally_good_models_are_called_so():
    labels = [HAPPY] * 40
    a, b = said(labels, [HAPPY] * 20 + [SAD] * 20), said(labels, [SAD] * 20 + [HAPPY] * 20)
    [result] = compare_models({"a": a, "b": b})
    sentence = result.sentence()
    assert sentence.startswith("a and b are right equally often (95 % interval of the difference -")
    assert "of 40 faces, 20 are read right by a alone and 20 by b alone (p = 1)" in sentence


def test_a_small_difference_is_not_called_none():
    labels = [HAPPY] * 4000
    a, b = said(labels, [HAPPY] * 2000 + [SAD] * 2000), said(labels, [SAD] + [HAPPY] * 1998 + [SAD] * 2000 + [HAPPY])
    [result] = compare_models({"a": a, "b": b})
    assert result.sentence().startswith("a is 0.025 points above b")


def test_a_model_beside_itself():
    [result] = compare_models({"a": guesses(50, 0.5, 0), "b": guesses(50, 0.5, 0)})
    assert result.p_value == 1 and "on the same 50 faces" in result.sentence()


def test_three_models_are_corrected_for_three_comparisons():
    labels = [HAPPY] * 40
    models = {
        name: said(labels, [HAPPY] * right + [SAD] * (40 - right)) for name, right in (("a", 40), ("b", 32), ("c", 31))
    }
    results = {(c.first, c.second): c for c in compare_models(models)}
    assert results["a", "c"].p_adjusted == pytest.approx(3 * results["a", "c"].p_value)
    assert "of this pair by itself" in results["a", "b"].sentence()
    assert results["a", "b"].p_adjusted == pytest.approx(2 * results["a", "b"].p_value)
    assert not results["b", "c"].established
    record = results["a", "b"].as_record()
    assert record["sentence"] == results["a", "b"].sentence()
    assert list(record) == [*(field.name for field in fields(Comparison)), "established", "sentence"]


def test_faces_are_paired_by_content_where_the_order_differs():
    whole = guesses(60, 0.6, 0)
    rows = np.random.default_rng(0).permutation(60)[:45]
    part = said(whole.labels[rows], whole.predicted[rows], ids=whole.ids[rows])
    [result] = compare_models({"whole": whole, "part": part})
    assert result.n == 45 and (result.only_first, result.only_second) == (0, 0)


def test_faces_with_another_label_are_not_the_same():
    a, b = said([HAPPY, SAD], [HAPPY, SAD]), said([HAPPY, HAPPY], [HAPPY, HAPPY])
    [result] = compare_models({"a": a, "b": b})
    assert result.n == 1


def test_models_without_a_face_in_common_are_refused():
    with pytest.raises(ModelError, match="same faces"):
        compare_models({"a": said([1], [1], ids=["a"]), "b": said([1], [1], ids=["b"])})


def grouped(sizes_and_right: dict[str, tuple[int, int]]):
    """Predictions, and the group of each face."""
    predicted, values = [], []
    for value, (size, right) in sizes_and_right.items():
        predicted += [HAPPY] * right + [SAD] * (size - right)
        values += [value] * size
    return said([HAPPY] * len(values), predicted), {"group": values}


def test_slices_by_hand():
    result = slices(*grouped({"day": (100, 80), "night": (50, 25), "": (7, 0)}))
    group = result["attributes"]["group"]
    assert group["unknown"] == 7 and set(group["slices"]) == {"day", "night"}
    day = group["slices"]["day"]
    assert day["n"] == 100 and day["accuracy"] == 0.8 and day["macro_f1"] == pytest.approx(2 * 0.8 / 1.8)
    assert day["accuracy_ci95"] == pytest.approx([0.72, 0.87], abs=0.02)
    gap = group["gap"]
    assert (gap["best"], gap["worst"], gap["established"]) == ("day", "night", True)
    assert gap["difference"] == pytest.approx(0.3) and gap["difference_ci95"][0] > 0
    assert gap["sentence"].endswith(": established.") and "30.0 points" in gap["sentence"]


def test_groups_of_numbers_stand_in_the_order_of_the_numbers():
    names = ["31 to 45", "6 to under 22", "22 to under 31", "other"]
    found = slices(*grouped(dict.fromkeys(names, (12, 6))))["attributes"]["group"]["slices"]
    assert list(found) == ["6 to under 22", "22 to under 31", "31 to 45", "other"]


def test_a_group_that_is_read_all_right_is_not_certain_to_be():
    found = slices(*grouped({"all": (12, 12), "rare": (3, 3)}))["attributes"]["group"]["slices"]
    assert found["all"]["accuracy_ci95"] == wilson(12, 12) and found["all"]["macro_f1_ci95"][1] == 1
    assert found["rare"]["accuracy_ci95"] == wilson(3, 3) and found["rare"]["accuracy_ci95"][0] < 0.5
    assert found["rare"]["macro_f1_ci95"] is None  # three faces have no bootstrap to speak of


def test_a_gap_that_may_be_luck_is_not_established():
    gap = slices(*grouped({"a": (20, 12), "b": (20, 10), "c": (20, 11)}))["attributes"]["group"]["gap"]
    assert gap["difference_ci95"][0] < 0 and not gap["established"] and gap["sentence"].endswith("not established.")


def test_p_value_of_two_slices_is_that_of_fisher():
    gap = slices(*grouped({"a": (50, 40), "b": (50, 28)}))["attributes"]["group"]["gap"]
    assert gap["p_value"] == pytest.approx(fisher_exact([[40, 10], [28, 22]])[1], rel=0.2)


def test_small_slices_are_shown_but_do_not_make_the_gap():
    group = slices(*grouped({"a": (100, 60), "b": (100, 58), "rare": (3, 0)}))["attributes"]["group"]
    assert group["slices"]["rare"]["accuracy"] == 0 and group["gap"]["worst"] == "b"
    assert slices(*grouped({"a": (100, 60), "rare": (3, 0)}))["attributes"]["group"]["gap"] is None


def test_equal_slices_have_no_gap_to_speak_of():
    gap = slices(*grouped({"a": (50, 25), "b": (50, 25)}))["attributes"]["group"]["gap"]
    assert gap["difference"] == 0 and gap["p_value"] == 1 and not gap["established"] and gap["best"] != gap["worst"]
    assert gap["sentence"] == "group: groups of at least 10 faces are read right equally often: no difference is seen."


def test_several_attributes_are_corrected_together():
    model, attributes = grouped({"day": (100, 80), "night": (100, 66)})
    alone = slices(model, attributes)["attributes"]["group"]["gap"]
    noise = np.random.default_rng(0).permutation(attributes["group"]).tolist()
    together = slices(model, {**attributes, "noise": noise})["attributes"]
    assert together["group"]["gap"]["p_value"] == alone["p_value"] == alone["p_adjusted"]
    assert together["group"]["gap"]["p_adjusted"] == pytest.approx(2 * alone["p_value"])
    assert not together["noise"]["gap"]["established"]


def test_groups_of_one_accuracy_are_seldom_called_different():
    rng = np.random.default_rng(0)
    p_values = []
    for right in rng.binomial(50, 0.6, size=(80, 4)):
        tables = {group: np.array([[hits, 50 - hits], [0, 0]]) for group, hits in zip("abcd", right, strict=True)}
        p_values.append(widest_gap(tables)["p_value"])
    assert sum(p < 0.05 for p in p_values) <= 9  # 4 expected
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.12)
