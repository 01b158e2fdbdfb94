"""Distributions by their quantiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from distsp.base.errors import InputError
from distsp.rng.distributions import Normal, Uniform, values

U = np.array([1e-12, 0.1, 0.5, 0.9, 1 - 1e-12])


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_uniform(low, width):
    got = Uniform(low=low, high=low + width).quantile(U)
    np.testing.assert_allclose(got, stats.uniform(low, width).ppf(U), rtol=1e-12, atol=1e-9)
    assert (got >= low).all()
    assert (got <= low + width).all()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_normal(mean, std):
    got = Normal(mean=mean, std=std).quantile(U)
    np.testing.assert_allclose(got, stats.norm(mean, std).ppf(U), rtol=1e-12, atol=1e-9)


def test_one_value_for_all():
    assert values(2.5, U).tolist() == [2.5] * 5
    assert values(Normal(mean=3.0, std=0.0), U).tolist() == [3.0] * 5


def test_low_above_high():
    with pytest.raises(InputError, match=r"low, 2.0, must not be above high, 1.0"):
        Uniform.check("d", {"low": 2.0, "high": 1.0})
