"""The Gini coefficient against its definition by pairs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.explain.gini import gini


@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=20).filter(lambda values: sum(values) > 1e-3))
def test_is_half_the_relative_mean_difference(values):
    values = np.array(values)
    difference = np.abs(values[:, None] - values).mean()
    assert gini(values) == pytest.approx(difference / (2 * values.mean()), abs=1e-9)


@pytest.mark.parametrize(("values", "expected"), [([2, 2, 2], 0), ([0, 0, 0, 8], 0.75), ([1, 3], 0.25), ([5], 0)])
def test_by_hand(values, expected):
    assert gini(np.array(values)) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[], [0.0, 0.0]])
def test_is_nan_where_there_is_nothing_to_share(values):
    assert math.isnan(gini(np.array(values)))


@pytest.mark.parametrize("values", [[1.0, -1.0], [1.0, np.nan], [[1.0]]])
def test_refuses(values):
    with pytest.raises(ValueError, match="Gini"):
        gini(np.array(values))
