"""Curves of people: aligned, averaged, compared by clusters (against mne), correlated (against BrainIAK's numbers)."""

from dataclasses import replace

import numpy as np
import pytest

from fer_core.charts.people import mean_curves
from fer_core.errors import TimelineError
from fer_core.timeline.groups import clusters
from fer_core.timeline.groups.clusters import compare_curves
from fer_core.timeline.groups.curves import Curves, aligned, mean_curve, of_subjects
from fer_core.timeline.groups.methods import methods_paragraph
from fer_core.timeline.groups.permutation import paired_t, welch_t
from fer_core.timeline.groups.synchrony import leave_one_out, synchrony
from fer_core.timeline.notes import Span
from fer_core.timeline.statistics.person_samples import Counting, samples_of_people
from tests.timelines import of_rows, reading, synthetic


def curves(values, names="S"):
    values = np.asarray(values, float)
    time_s = 0.25 * np.arange(values.shape[1])
    subjects = tuple(f"{names}{place:02d}" for place in range(len(values)))
    coverage = np.tile([10.0, 1.0, 0.0], (len(values), 1))
    return Curves("happy", time_s, values, subjects, (1,) * len(values), coverage, np.isfinite(values).astype(np.int64))


def smooth(rng, people, steps, width=5):
    """Noise that is as sluggish as faces are."""
    noise = rng.normal(size=(people, steps + width))
    return np.apply_along_axis(np.convolve, 1, noise, np.ones(width) / np.sqrt(width), "valid")[:, :steps]


def person(values, excluded=()):
    rows = of_rows([reading(0.5 * place, 1, "happy", value) for place, value in enumerate(values)]).frame
    [found] = samples_of_people(rows, Counting(tuple(excluded)))
    return found


def test_curves_are_the_mean_of_held_samples_around_the_moments():
    people = {"A": person([0.2, 0.4, 0.6, 0.8, 1.0, 1.0]), "B": person([0.5] * 6)}
    found = aligned(people, {"A": [1.0, 2.0], "B": [1.0]}, "happy", (-0.5, 1.0), step_s=0.5)
    assert found.time_s.tolist() == [-0.25, 0.25, 0.75] and found.subjects == ("A", "B")
    assert found.values[0] == pytest.approx([(0.4 + 0.8) / 2, (0.6 + 1.0) / 2, (0.8 + 1.0) / 2])
    assert found.moments == (2, 1) and found.cell.n == 2 and found.cell.seconds == pytest.approx(4.5)
    finer = aligned(people, {"A": [1.0]}, "happy", (0.0, 0.5), step_s=0.25)
    assert finer.values[0] == pytest.approx([0.6, 0.6])  # a sample stands until the next one
    coarser = aligned(people, {"A": [0.0]}, "happy", (0.25, 1.0), step_s=0.75)
    assert coarser.values[0, 0] == pytest.approx((0.2 + 2 * 0.4) / 3)
    risen = aligned(people, {"A": [1.0]}, "happy", (0.0, 1.0), step_s=0.5, baseline_s=1.0)
    assert risen.values[0] == pytest.approx([0.6 - 0.3, 0.8 - 0.3])


def test_what_does_not_count_leaves_a_gap_and_is_reported():
    people = {"A": person([0.2, 0.4, 0.6, 0.8], [Span(0.5, 1.0)]), "B": person([0.5] * 2)}
    found = aligned(people, {"A": [0.0], "B": [0.0], "C": [0.0]}, "happy", (0.0, 2.0), step_s=0.5)
    np.testing.assert_allclose(found.values, [[0.2, np.nan, 0.6, 0.8], [0.5, 0.5, np.nan, np.nan]])
    assert found.cell.share_excluded == pytest.approx(0.5 / 3.0)


def test_a_moment_without_a_level_before_it_adds_no_seconds():
    people = {"A": person([0.2, 0.4, 0.6, 0.8])}
    whole, late = (
        aligned(people, {"A": moments_s}, "happy", (0.0, 1.0), step_s=0.5, baseline_s=0.5)
        for moments_s in ([0.0, 1.0], [1.0])
    )
    assert whole.moments == late.moments == (1,) and whole.cell == late.cell


def test_rates_of_recordings_do_not_matter():
    fast, slow = (next(samples_of_people(synthetic(people=1, fps=fps).frame, Counting())) for fps in (8.0, 4.0))
    both = aligned({"fast": fast, "slow": slow}, {"fast": [0.0], "slow": [0.0]}, "happy", (0.0, 10.0), step_s=0.5)
    assert np.abs(both.values[0] - both.values[1]).max() < 0.08


def test_the_band_is_over_people():
    rng = np.random.default_rng(0)
    values = 0.5 + 0.1 * rng.normal(size=(40, 30))
    values[3:, 29] = np.nan
    mean = mean_curve(curves(values))
    np.testing.assert_allclose(mean.mean[:29], values[:, :29].mean(axis=0))
    half = 1.96 * values[:, :29].std(axis=0, ddof=1) / np.sqrt(40)
    np.testing.assert_allclose((mean.high - mean.low)[:29] / 2, half, rtol=0.12)
    assert mean.n[29] == 3 and np.isnan(mean.mean[29])  # three people are no average
    assert "n = 40" in mean.sentence() and mean.people == "n = 40"
    values[10:, 15:] = np.nan
    fewer = mean_curve(curves(values))
    assert fewer.people == "n = 10 to 40" and "changes over time (n = 10 to 40)" in fewer.sentence()


def test_a_persons_curve_counts_each_moment_alike_as_the_table_does():
    nine, one = np.full((1, 4), 0.2), np.full((1, 4), 0.8)
    counts = np.repeat([[9], [1]], 4, axis=1)
    both = replace(curves(np.concatenate([nine, one])), moments=(9, 1), counts=counts)
    found = of_subjects(both, {"S00": "anna", "S01": "anna"})
    np.testing.assert_allclose(found.values, 0.26)
    assert found.moments == (10,) and found.cell.n == 1 and found.cell.seconds == 20


def test_a_moment_with_a_hole_counts_where_it_has_a_value():
    people = {"r1": person([0.2, 0.2, 0.2, 0.4], [Span(0.5, 1.0)]), "r2": person([0.8] * 4)}
    found = aligned(people, {"r1": [0.0, 1.0], "r2": [0.0]}, "happy", (0.0, 1.0), step_s=0.5)
    anna = of_subjects(found, {"r1": "anna", "r2": "anna"})
    np.testing.assert_allclose(anna.values[0], [(0.2 + 0.2 + 0.8) / 3, (0.4 + 0.8) / 2])
    assert anna.counts.tolist() == [[3, 2]] and anna.moments == (3,)


def test_where_no_moment_has_enough_people_nothing_is_said_to_be_tested():
    values = np.random.default_rng(0).normal(size=(10, 5))
    values[np.arange(10) % 5, np.arange(10) % 5] = np.nan  # each of five people misses a moment of five
    with pytest.raises(TimelineError, match="At no moment"):
        compare_curves(curves(values[:5], "A"), curves(values[5:], "B"))
    values[:, 4] = 1.0
    found = compare_curves(curves(values[:5], "A"), curves(values[5:], "B"))
    assert found.tested == 1 and "Tested were 1 of 5 moments" in found.sentence()
    with pytest.raises(TimelineError, match="has 4 people; groups under 5"):
        mean_curve(curves(values[:4]))


def test_the_band_has_a_gap_where_the_mean_has_one():
    values = np.tile(np.linspace(0.1, 0.9, 12), (6, 1))
    values[2:, 5:8] = np.nan  # fewer than five people
    found = mean_curve(curves(values))
    band = mean_curves({"film": found}, (), "happy").data[0]
    gap = found.time_s[5:8]
    assert np.isnan(np.asarray(band.x, float)).sum() == 1 and not np.isin(np.asarray(band.x, float), gap).any()


def test_t_is_that_of_scipy_also_where_somebody_is_missing():
    from scipy import stats

    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, 7))
    values[2, 3] = np.nan
    ones = np.ones((1, 12))
    np.testing.assert_allclose(
        paired_t(values, ones)[0], stats.ttest_1samp(values, 0, nan_policy="omit").statistic.astype(float)
    )
    group = np.arange(12)[None] < 5
    theirs = stats.ttest_ind(values[:5], values[5:], equal_var=False, nan_policy="omit").statistic
    np.testing.assert_allclose(welch_t(values, group)[0], np.asarray(theirs, float))


def one(thresholds) -> float:
    """The threshold of all moments; they differ only where people are missing."""
    (threshold,) = set(np.asarray(thresholds, float).tolist())
    return threshold


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_clusters_within_people_are_those_of_mne(seed):
    mne_stats = pytest.importorskip("mne.stats")
    rng = np.random.default_rng(seed)
    first, second = smooth(rng, 9, 40), smooth(rng, 9, 40)
    first[:, 15:25] += 1.0
    ours = compare_curves(curves(first), curves(second))
    t, found, p_values, _ = mne_stats.permutation_cluster_1samp_test(
        first - second, threshold=one(ours.threshold), n_permutations="all", out_type="mask", tail=0, verbose="error"
    )
    np.testing.assert_allclose(ours.t, t)
    masses = [t[where].sum() for where in found]
    assert sorted(cluster.mass for cluster in ours.clusters) == pytest.approx(sorted(masses))
    assert ours.exact and ours.arrangements == 2**9
    for cluster in ours.clusters:
        place = int(np.argmin(np.abs(np.array(masses) - cluster.mass)))
        assert cluster.p_value == pytest.approx(p_values[place], abs=2 / 2**8)


def test_clusters_between_groups_are_those_of_mne():
    mne_stats = pytest.importorskip("mne.stats")
    rng = np.random.default_rng(4)
    first, second = smooth(rng, 10, 40), smooth(rng, 11, 40)
    first[:, 15:25] += 1.2
    ours = compare_curves(curves(first), curves(second, "T"))

    def welch(a, b):
        return welch_t(np.concatenate([a, b]), np.arange(len(a) + len(b))[None] < len(a))[0]

    t, found, p_values, _ = mne_stats.permutation_cluster_test(
        [first, second],
        threshold=one(ours.threshold),
        n_permutations=500,
        stat_fun=welch,
        tail=0,
        out_type="mask",
        seed=0,
        verbose="error",
    )
    np.testing.assert_allclose(ours.t, t)
    masses = {round(float(t[where].sum()), 6): p for where, p in zip(found, p_values, strict=True)}
    assert {round(cluster.mass, 6) for cluster in ours.clusters} == set(masses)
    for cluster in ours.clusters:
        assert cluster.p_value == pytest.approx(masses[round(cluster.mass, 6)], abs=0.04)


def test_a_cluster_by_hand():
    """Six people differ by about 1 in three of five steps: 1 of 2**6 arrangements and its mirror are as extreme."""
    spread = np.linspace(-0.2, 0.2, 6)[:, None]
    difference = np.concatenate([spread, 1 + spread[::-1], 1 + spread, 1 + spread, 0 * spread], axis=1)
    ours = compare_curves(curves(difference), curves(np.zeros((6, 5))))
    [cluster] = ours.clusters
    assert (cluster.start_s, cluster.end_s) == (0.125, 0.875) and cluster.p_value == ours.p_value == 2 / 64
    assert cluster.mass == pytest.approx(ours.t[1:4].sum()) and ours.t[4] == 0
    assert "differ somewhere in the tested time, not when" in ours.sentence()


def test_what_is_no_difference_makes_no_cluster_that_matters():
    rng = np.random.default_rng(0)
    ours = compare_curves(curves(smooth(rng, 20, 60)), curves(smooth(rng, 20, 60), "T"))
    assert ours.design == "between" and not ours.exact and ours.p_value > 0.05 and "not established" in ours.sentence()
    same = compare_curves(curves(np.ones((8, 10))), curves(np.ones((8, 10))))
    assert same.clusters == () and same.p_value == 1.0


def test_moments_with_too_few_people_are_not_tested():
    rng = np.random.default_rng(0)
    first = rng.normal(2, 0.1, (8, 6))
    first[4:, 2] = np.nan
    ours = compare_curves(curves(first), curves(np.zeros((8, 6))))
    assert ours.t[2] == 0 and [(cluster.start_s, cluster.end_s) for cluster in ours.clusters] == [
        (-0.125, 0.375),
        (0.625, 1.375),
    ]


def test_people_who_saw_the_same_move_together():
    rng = np.random.default_rng(0)
    common = smooth(rng, 1, 200)
    together = synchrony(curves(common + smooth(rng, 8, 200)), ["film.mp4"] * 8)
    assert together.p_value == 0.001 and together.interval[0] < together.mean < together.interval[1]
    assert together.mean == pytest.approx(np.sqrt(1 / (2 * (1 + 1 / 7))), abs=0.08)  # by the reliability of a mean of 7
    assert abs(together.null_mean) < 0.1 and set(together.by_person) == {f"S{n:02d}" for n in range(8)}
    alone = synchrony(curves(smooth(np.random.default_rng(1), 8, 200)), ["film.mp4"] * 8)
    assert alone.p_value > 0.05 and "p = " in alone.sentence()


def test_correlations_are_those_of_brainiak():
    """`brainiak.isc.isc` of BrainIAK 0.12 gave these numbers for the same data."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=60)
    data = common[:, None] + rng.normal(size=(60, 5))
    theirs = [0.6409942, 0.63669075, 0.56410764, 0.44391756, 0.49656226]
    assert leave_one_out(data.T) == pytest.approx(theirs, abs=1e-7)
    mean = synchrony(curves(data.T), ["film"] * 5).mean
    assert mean == pytest.approx(0.56122772, abs=1e-7)


@pytest.mark.parametrize(
    ("values", "stimuli", "words"),
    [
        (np.ones((6, 40)), ["a"] * 5 + ["b"], "one stimulus that everybody saw"),
        (np.ones((6, 40)), [""] * 6, "one stimulus that everybody saw"),
        (np.ones((6, 40)), ["a"] * 6, '"S00" does not vary'),
        (np.ones((4, 40)), ["a"] * 4, "groups under 5"),
        (np.random.default_rng(0).normal(size=(6, 10)), ["a"] * 6, "Only 10 moments"),
    ],
)
def test_synchrony_is_refused_where_it_would_mean_nothing(values, stimuli, words):
    with pytest.raises(TimelineError, match=words):
        synchrony(curves(values), stimuli)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("joy", (0.0, 1.0)), 'no emotion "joy"'),
        (("happy", (1.0, 1.0)), "0 steps"),
        (("happy", (0.0, 1.0), 0.0), "0 steps"),
        (("happy", (0.0, 1e6), 0.01), "100000000 steps"),
        (("happy", (50.0, 60.0)), "Nobody has a sample"),
    ],
)
def test_windows_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(TimelineError, match=words):
        aligned({"A": person([0.5] * 4)}, {"A": [0.0]}, *arguments)


def test_curves_of_other_axes_or_few_people_are_not_compared():
    with pytest.raises(TimelineError, match="other axes"):
        compare_curves(curves(np.ones((6, 4))), curves(np.ones((6, 5))))
    with pytest.raises(TimelineError, match="within people has 4 people"):
        compare_curves(curves(np.ones((4, 4))), curves(np.ones((4, 4))))
    with pytest.raises(TimelineError, match="second group of curves has 3 people"):
        compare_curves(curves(np.ones((6, 4))), curves(np.ones((3, 4)), "T"))


def test_whoever_lacks_a_condition_is_not_counted_and_named():
    rng = np.random.default_rng(0)
    ten, six = smooth(rng, 10, 30), smooth(rng, 6, 30)
    found = compare_curves(curves(ten), curves(six))
    assert found.design == "within" and found.cell_first.n == found.cell_second.n == 6
    assert found.left_out == ("S06", "S07", "S08", "S09") and "missing: S06, S07, S08, S09." in found.sentence()


def test_methods_name_the_papers_and_that_clusters_say_that_not_when():
    rng = np.random.default_rng(0)
    results = [
        mean_curve(curves(smooth(rng, 6, 30))),
        compare_curves(curves(smooth(rng, 6, 30)), curves(smooth(rng, 6, 30))),
        synchrony(curves(smooth(rng, 6, 30)), ["film"] * 6),
    ]
    words = methods_paragraph(results)
    for part in ("Maris & Oostenveld, 2007", clusters.THAT_NOT_WHEN, "999 circular shifts", "exact", "bands of 2,000"):
        assert part in words
