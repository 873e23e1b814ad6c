import numpy as np
import pytest
import scipy.special

from fer_core.logits import log_mean, log_softmax, softmax

LOGITS = {
    "usual": np.random.default_rng(0).normal(0, 4, (50, 7)),
    "float32": np.random.default_rng(1).normal(0, 4, (50, 7)).astype(np.float32),
    "too large for exp": np.array([[1e4, 1e4 - 1, 0.0], [-1e4, 0.0, 3.0]]),
    "one row": np.array([0.0, 1.0, 2.0]),
}


@pytest.mark.parametrize("name", LOGITS)
@pytest.mark.parametrize(
    ("ours", "theirs"), [(softmax, scipy.special.softmax), (log_softmax, scipy.special.log_softmax)]
)
def test_equal_to_scipy_to_the_last_bit(ours, theirs, name):
    given = LOGITS[name]
    np.testing.assert_array_equal(ours(given), theirs(given, axis=-1))
    assert ours(given).dtype == given.dtype


@pytest.mark.parametrize("name", ["usual", "float32", "too large for exp"])
def test_log_mean_is_the_logarithm_of_the_mean(name):
    given = LOGITS[name]
    expected = scipy.special.logsumexp(given, axis=0) - np.log(len(given))
    np.testing.assert_allclose(log_mean(given), expected, rtol=1e-6)
