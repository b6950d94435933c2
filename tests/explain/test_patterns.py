"""Diagonals and columns of attention graphs, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.patterns import key_concentration, reference_nodes, self_attention_share
from tests.explain.attention_graphs import INVALID, attention_graphs

# Columns sum to 0.5, 1.5, 1.
ATTENTION = np.array([[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]])
MAKE = pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])


@MAKE
class TestByHand:
    def test_self_attention_share(self, make):
        assert self_attention_share(make(ATTENTION)) == pytest.approx(2.5 / 3)

    def test_reference_nodes(self, make):
        reference = reference_nodes(make(ATTENTION), 2)
        np.testing.assert_array_equal(reference.nodes, [1, 2])
        np.testing.assert_allclose(reference.mean_attention, [0.5, 1 / 3])

    def test_key_concentration(self, make):
        share, gini = key_concentration(make(ATTENTION), 1)
        assert share == 0.5
        assert gini == pytest.approx(2 / 9)

    def test_of_equals_the_lower_id_comes_first(self, make):
        np.testing.assert_array_equal(reference_nodes(make(np.eye(4)), 3).nodes, [0, 1, 2])

    def test_one_reference_node_takes_all(self, make):
        attention = np.zeros((4, 4))
        attention[:, 2] = 1
        assert key_concentration(make(attention), 1) == (1, 0.75)
        assert self_attention_share(make(attention)) == 0.25

    def test_without_any_attention(self, make):
        assert math.isnan(self_attention_share(make(np.zeros((2, 2)))))
        assert all(math.isnan(number) for number in key_concentration(make(np.zeros((2, 2))), 1))
        assert reference_nodes(make(np.zeros((2, 2))), 1).mean_attention == [0]


@given(attention=attention_graphs(), data=st.data())
def test_the_top_share_is_that_of_the_reference_nodes(attention, data):
    count = data.draw(st.integers(1, len(attention)))
    taken = reference_nodes(attention, count).mean_attention.sum() * len(attention)
    if attention.any():
        assert key_concentration(attention, count).top_share == pytest.approx(taken / attention.sum(dtype=float))


@pytest.mark.parametrize("function", [self_attention_share, reference_nodes, key_concentration])
@pytest.mark.parametrize(("matrix", "message"), INVALID)
def test_refuses(function, matrix, message):
    with pytest.raises(ValueError, match=message):
        function(matrix)


@pytest.mark.parametrize("function", [reference_nodes, key_concentration])
@pytest.mark.parametrize("count", [0, 4])
def test_refuses_a_count(function, count):
    with pytest.raises(ValueError, match=f"count is {count}, but there are 3 nodes"):
        function(ATTENTION, count)
