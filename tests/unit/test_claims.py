"""Claims have a source, and measurements an interval."""

import json

import pytest

from fer_core.errors import DatasetError
from fer_core.evaluation.claims import CLAIMS_FILE, read_claims


def test_every_claim_says_where_it_stands_and_whether_it_holds():
    found = read_claims()
    accuracies = [claim.accuracy for claim in found.claims]
    assert accuracies == sorted(accuracies, reverse=True)
    assert {0.78, 0.7682, 0.754, 0.7414, 0.7328, 0.666, 0.52, 0.39} <= set(accuracies)
    assert all(claim.source and claim.why and claim.measured_on for claim in found.claims)
    assert len({claim.work for claim in found.claims}) == len(found.claims)


def test_a_claim_has_an_address_unless_nobody_can_look_it_up():
    without = [claim for claim in read_claims().claims if claim.link is None]
    assert len(without) == 5 and all(claim.source.startswith("project description") for claim in without)
    assert {claim.reproducible for claim in without} == {"no"}


def test_what_was_measured_here_has_an_interval():
    [package] = read_claims().measured_here
    low, high = package.accuracy_ci95
    assert low == pytest.approx(0.6383, abs=5e-4) and high == pytest.approx(0.6694, abs=5e-4)  # Wilson, 2347 of 3589


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["claims"][0].pop("source"),  # a claim without a source
        lambda value: value["claims"][0].update(accuracy=78),  # percent
        lambda value: value["claims"][0].update(link="http://example.org"),
        lambda value: value.update(more=1),
    ],
)
def test_a_table_that_is_not_valid_is_refused(tmp_path, change):
    value = json.loads(CLAIMS_FILE.read_text(encoding="utf-8"))
    change(value)
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(DatasetError, match="restore it"):
        read_claims(path)


def test_a_missing_table_is_said(tmp_path):
    with pytest.raises(DatasetError, match="missing"):
        read_claims(tmp_path / "none.json")
