"""Statistics over people: against hand-worked examples, scipy, statsmodels, and studies with known effects."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fer_core.errors import TimelineError
from fer_core.timeline.groups import effects, permutation
from fer_core.timeline.groups.cells import Cell, values_of_people
from fer_core.timeline.groups.conditions import compare, shares_by_condition, together
from fer_core.timeline.groups.corrections import benjamini_hochberg, holm
from fer_core.timeline.groups.methods import methods_paragraph
from fer_core.timeline.groups.mixed import mixed_model
from fer_core.timeline.groups.outcome import one_family, outcome
from fer_core.timeline.groups.power import detectable, power_line, power_of
from tests.conftest import ROOT


def study(effect, people=12, events=4, design="within", seed=0):
    """Events of people in two conditions; every person has a level of their own."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(people * (1 if design == "within" else 2)):
        level = rng.normal(0.4, 0.1)
        conditions = ("calm", "joke") if design == "within" else (("calm", "joke")[number % 2],)
        rows += [
            {
                "subject": f"S{number:02d}",
                "condition": condition,
                "mean_happy": level + effect * (condition == "joke") + rng.normal(0, 0.05),
                "seconds": 2.0,
                "uncertain_s": 0.5,
                "excluded_s": 1.0,
            }
            for condition in conditions
            for _ in range(events)
        ]
    return pd.DataFrame(rows)


def test_the_person_is_the_unit_however_many_events_there_are():
    rows = [("A", "x", 1.0), ("A", "x", 3.0), ("A", "x", np.nan), ("B", "x", 10.0), ("C", "x", np.nan)]
    table = pd.DataFrame(rows, columns=["subject", "condition", "value"]).assign(
        seconds=2.0, uncertain_s=1.0, excluded_s=[0, 0, 4.0, 0, 9.0]
    )
    values = values_of_people(table, "value")
    assert values.of("x").to_dict() == {"A": 2.0, "B": 10.0}  # C has no value, and A one, not three
    assert values.cell("x") == Cell(2, 6.0, 0.5, pytest.approx(4 / 10))  # A's third row is in no mean
    assert values.cell("x").sentence() == "n = 2, 6 s, 50% uncertain, 40% excluded"


def test_within_people_by_hand():
    """Differences 1 to 5: mean 3, SD 1.58; all of one sign is 1 of 2**5 arrangements, and so is its mirror."""
    rows = [(f"S{n}", name, n * (name == "b")) for n in range(1, 6) for name in ("a", "b")]
    values = values_of_people(pd.DataFrame(rows, columns=["subject", "condition", "v"]), "v")
    result = compare(values, "b", "a")
    assert (result.design, result.cell_first.n, result.difference) == ("within", 5, 3.0)
    assert result.effect == pytest.approx(3 / np.sqrt(2.5)) and result.effect_name == "dz"
    assert (result.p_value, result.arrangements, result.exact) == (2 / 32, 32, True)


def test_between_groups_by_hand():
    """Groups that do not overlap: 1 of the 252 ways to divide ten people in two, and its mirror."""
    rows = [(f"S{n}", "low" if n < 5 else "high", float(n)) for n in range(10)]
    values = values_of_people(pd.DataFrame(rows, columns=["subject", "condition", "v"]), "v")
    result = compare(values, "high", "low")
    assert (result.design, result.difference, result.p_value, result.exact) == ("between", 5.0, 2 / 252, True)
    factor = 1 - 3 / (4 * 8 - 1)  # Hedges' approximation of J
    assert result.effect == pytest.approx(factor * 5 / np.sqrt(2.5), rel=1e-3)
    same = compare(
        values_of_people(pd.DataFrame(rows).set_axis(["subject", "condition", "v"], axis=1).assign(v=1), "v"),
        "high",
        "low",
    )
    assert same.p_value == 1.0 and np.isnan(same.effect) and same.difference == 0.0
    apart = [(f"S{n}", "low" if n < 5 else "high", float(n >= 5)) for n in range(10)]
    values = values_of_people(pd.DataFrame(apart, columns=["subject", "condition", "v"]), "v")
    assert compare(values, "high", "low").p_value == 2 / 252  # nothing varies within, and yet all differ


@pytest.mark.parametrize("n", [8, 13])
def test_permutation_of_signs_is_that_of_scipy(n):
    differences = np.random.default_rng(n).normal(0.3, 1, n)
    theirs = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert permutation.paired(differences).p_value == pytest.approx(theirs.pvalue)


def test_permutation_of_groups_is_that_of_scipy():
    rng = np.random.default_rng(3)
    first, second = rng.normal(0.5, 1, 6), rng.normal(0, 2, 7)

    def welch(a, b, axis=-1):
        return stats.ttest_ind(a, b, axis=axis, equal_var=False).statistic

    theirs = stats.permutation_test((first, second), welch, n_resamples=np.inf, vectorized=True)
    above = (np.abs(theirs.null_distribution) >= abs(theirs.statistic) * (1 - 1e-9)).mean()
    ours = permutation.independent(first, second)
    assert ours.p_value == pytest.approx(above) and ours.exact


def test_random_arrangements_are_close_to_t_and_never_give_zero():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.6, 1, 30), rng.normal(0, 1, 30)
    ours = permutation.independent(first, second)
    assert not ours.exact and ours.arrangements == 10_000
    assert ours.p_value == pytest.approx(stats.ttest_ind(first, second, equal_var=False).pvalue, abs=0.01)
    assert permutation.paired(np.full(40, 1.0) + rng.normal(0, 0.1, 40)).p_value == 1 / 10_000


@pytest.mark.parametrize(
    ("ours", "samples"),
    [
        (effects.dz, (np.random.default_rng(0).normal(0.5, 1, 15),)),
        (effects.mean_of, (np.random.default_rng(1).exponential(1, 20),)),
        (effects.hedges_g, (np.random.default_rng(2).normal(1, 1, 12), np.random.default_rng(3).normal(0, 2, 14))),
    ],
)
def test_bootstrap_intervals_are_those_of_scipy(ours, samples):
    theirs = stats.bootstrap(
        samples, lambda *x, axis: ours(*x), n_resamples=effects.RESAMPLES, method="BCa", vectorized=True, rng=7
    ).confidence_interval
    assert effects.bootstrap_interval(ours, *samples, seed=7) == pytest.approx(tuple(theirs))


def test_what_does_not_vary_has_no_interval():
    assert np.isnan(effects.bootstrap_interval(effects.mean_of, np.full(6, 2.0))).all()
    assert np.isnan(effects.bootstrap_interval(effects.mean_of, np.array([0.3 - 0.1, 0.5 - 0.3, 0.9 - 0.7]))).all()
    assert np.isnan(effects.bootstrap_interval(effects.dz, np.full(6, 2.0))).all()


def test_differences_that_are_equal_but_for_rounding_have_no_effect_size():
    equal = np.array([0.3 - 0.1, 0.5 - 0.3, 0.9 - 0.7, 0.8 - 0.6])
    assert equal.std() > 0 and np.isnan(effects.dz(equal))
    assert np.isnan(effects.hedges_g(np.array([0.1 + 0.2, 0.3, 0.3]), np.array([0.3, 0.3, 0.1 + 0.2])))
    assert effects.dz(np.array([1e-6, 2e-6, 3e-6])) == pytest.approx(2)


def test_corrections_are_those_of_hand_and_statsmodels():
    p_values = [0.01, 0.04, 0.03, 0.005]
    assert holm(p_values) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(p_values) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert holm([]) == benjamini_hochberg([]) == []
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    many = np.random.default_rng(0).uniform(0, 0.2, 30)
    assert holm(many) == pytest.approx(multitest.multipletests(many, method="holm")[1])
    assert benjamini_hochberg(many) == pytest.approx(multitest.multipletests(many, method="fdr_bh")[1])


@pytest.mark.parametrize(("effect", "n", "m"), [(0.8, 15, None), (0.5, 34, None), (0.5, 64, 64), (1.2, 9, 14)])
def test_power_is_that_of_statsmodels(effect, n, m):
    power = pytest.importorskip("statsmodels.stats.power")
    theirs = power.TTestPower() if m is None else power.TTestIndPower()
    sizes = {"nobs": n} if m is None else {"nobs1": n, "ratio": m / n}
    assert power_of(effect, n, m) == pytest.approx(theirs.power(effect, alpha=0.05, **sizes), abs=1e-6)
    assert detectable(n, m) == pytest.approx(theirs.solve_power(power=0.8, alpha=0.05, **sizes), abs=1e-4)


@pytest.mark.parametrize("n", [6, 7, 9])
def test_the_stated_effect_is_seen_in_four_of_five_studies_by_the_test_itself(n):
    stated = float(re.search(r"dz = ([\d.]+)", power_line(n))[1])
    studies = np.random.default_rng(5).normal(stated, 1, (600, n))
    assert np.mean([permutation.paired(differences).p_value <= 0.05 for differences in studies]) == pytest.approx(
        0.8, abs=0.05
    )


@pytest.mark.parametrize(
    ("n", "m", "family", "reached"),
    [
        (5, None, 1, False),
        (6, None, 1, True),
        (8, None, 7, False),
        (9, None, 7, True),
        (5, 5, 1, True),
        (5, 5, 7, False),
    ],
)
def test_what_so_few_people_cannot_show_is_said(n, m, family, reached):
    words = power_line(n, m, family)
    assert ("one sees an effect" in words) is reached and ("no effect, however large" in words) is not reached
    alike = np.arange(1.0, n + 1)
    least = permutation.paired(alike) if m is None else permutation.independent(alike, alike + 100)
    assert (least.p_value * family <= 0.05) is reached


def test_power_in_words():
    assert power_of(0, 20) == pytest.approx(0.05)
    assert detectable(64, 64) == pytest.approx(0.499, abs=1e-3)  # Cohen (1988): d = 0.5 needs 64 in each group
    assert "n = 12 one sees an effect of dz = 0.89" in power_line(12)
    assert "without correction for 7 comparisons" in power_line(12, family=7)
    with pytest.raises(TimelineError, match="at least two"):
        detectable(1)


@pytest.mark.parametrize("design", ["within", "between"])
def test_a_known_effect_is_found_and_none_is_not(design):
    size = 0.25 if design == "between" else 0.1
    found = compare(values_of_people(study(size, design=design), "mean_happy"), "joke", "calm")
    assert found.design == design and found.p_value < 0.01
    assert found.difference_interval[0] < size < found.difference_interval[1]
    assert found.effect_interval[0] < found.effect < found.effect_interval[1]
    none = compare(values_of_people(study(0.0, design=design, seed=1), "mean_happy"), "joke", "calm")
    assert none.p_value > 0.05 and none.difference_interval[0] < 0 < none.difference_interval[1]
    assert found.cell_first.share_uncertain == 0.25 and found.cell_first.share_excluded == pytest.approx(1 / 3)
    assert found.cell_first.seconds == 12 * 4 * 2


def test_whoever_lacks_a_condition_is_left_out_and_named():
    table = study(0.1)
    table = table[~((table["subject"] == "S03") & (table["condition"] == "calm"))]
    result = compare(values_of_people(table, "mean_happy"), "joke", "calm")
    assert result.left_out == ("S03",) and result.cell_first.n == result.cell_second.n == 11


def test_several_comparisons_give_both_corrections():
    rng = np.random.default_rng(0)
    names = {"calm": 0.0, "joke": 0.3, "sad": 0.05}
    rows = [(f"S{n}", name, level + rng.normal(0, 0.1)) for n in range(10) for name, level in names.items()]
    table = pd.DataFrame(rows, columns=["subject", "condition", "v"]).assign(seconds=2.0, uncertain_s=0, excluded_s=0)
    family = outcome(table, "v").comparisons
    assert [(each.first, each.second) for each in family] == [("calm", "joke"), ("calm", "sad"), ("joke", "sad")]
    assert [each.p_holm for each in family] == pytest.approx(holm([each.p_value for each in family]))
    assert all(each.p_value <= each.p_benjamini_hochberg <= each.p_holm for each in family)
    assert "by Holm and" in family[0].sentence() and "for 3 comparisons" in family[0].sentence()
    assert together(family[:1])[0].sentence().count("p =") + together(family[:1])[0].sentence().count("p <") == 1


def test_a_pair_that_cannot_be_compared_does_not_hide_the_others():
    rng = np.random.default_rng(0)
    who = {"a": range(10), "b": range(10), "c": range(9, 19)}
    rows = [(f"S{n}", name, rng.normal()) for name, numbers in who.items() for n in numbers]
    table = pd.DataFrame(rows, columns=["subject", "condition", "v"]).assign(seconds=2.0, uncertain_s=0, excluded_s=0)
    found = outcome(table, "v")
    assert [(each.first, each.second, each.cell_first.n) for each in found.comparisons] == [("a", "b", 10)]
    assert '"a" and "c" within people' in found.not_compared and '"b" and "c" within people' in found.not_compared
    assert one_family([found])[0].comparisons[0].family == 1


def test_shares_by_condition():
    table = pd.DataFrame(
        [(f"S{n}", "a" if n < 6 else "b", 0.1 * n, 1 - 0.1 * n) for n in range(9)],
        columns=["subject", "condition", "happy", "uncertain"],
    )
    happy_a, happy_b, *_ = shares_by_condition(table, ["happy", "uncertain"])
    assert happy_a.share == pytest.approx(0.25) and happy_a.interval[0] < 0.25 < happy_a.interval[1]
    assert happy_b.cell.n == 3 and np.isnan(happy_b.interval).all() and "fewer than 5" in happy_b.note


@pytest.mark.parametrize(
    ("table", "first", "second", "words"),
    [
        (study(0.1, people=4), "joke", "calm", "within people has 4 people; groups under 5 are not compared"),
        (study(0.1, people=4, design="between"), "joke", "calm", '"joke" has 4 people; groups under 5'),
        (study(0.1), "joke", "joke", "with itself"),
        (study(0.1), "joke", "fun", 'no condition "fun"; choose one of: calm, joke'),
        (study(0.1).drop(columns="subject"), "joke", "calm", 'no column "subject"'),
        (study(0.1).assign(condition=None), "joke", "calm", "no subject or no condition"),
        (study(0.1).assign(mean_happy=np.nan), "joke", "calm", "Nobody has a value"),
    ],
)
def test_what_cannot_be_compared_is_refused(table, first, second, words):
    with pytest.raises(TimelineError, match=words):
        compare(values_of_people(table, "mean_happy"), first, second)


def test_mixed_models_find_a_known_effect_and_show_convergence():
    pytest.importorskip("statsmodels")
    model = mixed_model(study(0.1, people=20, events=6), "mean_happy", "calm")
    [intercept, joke] = model.terms
    assert (intercept.name, joke.name) == ("intercept", "joke")
    assert joke.interval[0] < 0.1 < joke.interval[1] and joke.p_value < 0.001 and model.p_condition < 0.001
    assert np.sqrt(model.subject_variance) == pytest.approx(0.1, rel=0.4)
    assert np.sqrt(model.residual_variance) == pytest.approx(0.05, rel=0.2)
    assert model.converged and model.sentence().startswith("The model converged") and model.cell.n == 20
    # In a balanced design the fixed effect is the mean of the people's differences.
    means = study(0.1, people=20, events=6).pivot_table(index="subject", columns="condition", values="mean_happy")
    assert joke.estimate == pytest.approx((means["joke"] - means["calm"]).mean(), abs=1e-6)


def test_mixed_models_and_means_tell_the_same_of_the_data_behind_them():
    pytest.importorskip("statsmodels")
    table = study(0.1, people=6, events=5).assign(seconds=2.0, uncertain_s=0.5, excluded_s=0.0)
    table.loc[0, ["mean_happy", "uncertain_s"]] = np.nan, 2.0  # without a value, and uncertain throughout
    table.loc[1, ["mean_happy", "seconds", "uncertain_s", "excluded_s"]] = np.nan, 0.0, 0.0, 2.0  # excluded whole
    values = values_of_people(table, "mean_happy")
    both = [values.cell(condition) for condition in values.conditions]
    whole = mixed_model(table, "mean_happy").cell
    assert whole.seconds == sum(cell.seconds for cell in both) == 2.0 * (len(table) - 2)
    assert whole.share_uncertain == pytest.approx(0.25)
    assert whole.share_excluded == pytest.approx(2.0 / (whole.seconds + 2.0))


@pytest.mark.parametrize(
    ("table", "reference", "words"),
    [
        (study(0.1, people=4), None, "groups under 5"),
        (study(0.1).query("condition == 'calm'"), None, "at least two conditions"),
        (study(0.1), "fun", "choose one of: calm, joke"),
        (study(0.1).drop(columns="condition"), None, 'no column "condition"'),
    ],
)
def test_mixed_models_refuse_what_makes_no_sense(table, reference, words):
    pytest.importorskip("statsmodels")
    with pytest.raises(TimelineError, match=words):
        mixed_model(table, "mean_happy", reference)


def test_the_methods_paragraph_says_what_was_done_with_versions():
    values = values_of_people(study(0.1), "mean_happy")
    words = methods_paragraph(together([compare(values, "calm", "joke")]))
    for part in ("The person was the unit", "Cohen's dz", "exact", "BCa", f"numpy {np.__version__}", "dz = 0.89"):
        assert part in words
    assert "Holm" not in words and "mixed" not in words


@pytest.mark.parametrize(
    ("people", "compared", "intervals"),
    [(6, 1, "Intervals of means and of differences"), (6, 0, "Intervals of means are"), (4, 0, "")],
)
def test_the_methods_paragraph_is_about_means_too_and_says_of_what_they_are(people, compared, intervals):
    table = study(0.1)
    table = table[table["subject"].isin(sorted(table["subject"].unique())[:people])]
    found = outcome(table if compared else table[table["condition"] == "calm"], "mean_happy")
    assert len(found.comparisons) == compared
    words = methods_paragraph([*found.means, *found.comparisons], "recordings")
    assert "The person was the unit" in words and "values of recordings were averaged" in words
    assert "5,000 draws; Efron, 1987" in words if intervals else "BCa" not in words
    assert intervals in words and "events" not in words


def test_neither_scipy_stats_nor_statsmodels_is_loaded_before_it_is_needed():
    groups = sorted((ROOT / "fer_core" / "timeline" / "groups").glob("[a-z]*.py"))
    names = ["fer_core.timeline.statistics.per_event", *(f"fer_core.timeline.groups.{path.stem}" for path in groups)]
    code = (  # without what the package itself imports
        "import sys, types; sys.modules['fer_core'] = types.ModuleType('fer_core')\n"
        f"sys.modules['fer_core'].__path__ = ['fer_core']\nimport {', '.join(names)}\n"
        "print({'scipy.stats', 'statsmodels', 'streamlit', 'cv2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert len(names) > 10 and done.stdout.strip() == "set()", done.stderr[-500:]
