"""What is taken for an attention graph, an input graph and classes, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.checks import (
    adjacency_matrix,
    attention_matrix,
    class_labels,
    dense_attention_matrix,
    off_diagonal,
)
from tests.explain.attention_graphs import INVALID, attention_graphs, graphs


class TestAttentionMatrix:
    @pytest.mark.parametrize(("matrix", "message"), INVALID)
    def test_refuses(self, matrix, message):
        with pytest.raises(ValueError, match=message):
            attention_matrix(matrix)

    def test_adds_up_what_a_sparse_matrix_stores_twice_and_leaves_it_alone(self):
        stored = sparse.csr_array((np.array([0.25, 0.5, 0.25]), np.array([1, 0, 1]), np.array([0, 3, 3])), shape=(2, 2))
        matrix = attention_matrix(stored)
        np.testing.assert_array_equal(matrix.data, [0.5, 0.5])
        np.testing.assert_array_equal(matrix.indices, [0, 1])
        assert stored.nnz == 3

    @pytest.mark.parametrize("make", [sparse.coo_array, sparse.csc_matrix, sparse.csr_array])
    def test_takes_every_sparse_format(self, make):
        dense = np.array([[0.5, 0.5], [0, 1]])
        np.testing.assert_array_equal(attention_matrix(make(dense)).toarray(), dense)

    @pytest.mark.parametrize("dtype", [int, bool, np.float16, np.longdouble])
    def test_makes_other_numbers_single_precision(self, dtype):
        assert attention_matrix(np.eye(2, dtype=dtype)).dtype == np.float32

    def test_dense_refuses_sparse(self):
        with pytest.raises(ValueError, match="toarray"):
            dense_attention_matrix(sparse.eye_array(3))


class TestAdjacencyMatrix:
    @given(edges=st.integers(1, 6).flatmap(graphs), make=st.sampled_from([np.asarray, sparse.csr_array]))
    def test_sets_clears_or_leaves_the_diagonal(self, edges, make):
        identity = np.eye(len(edges), dtype=bool)
        for dtype in (bool, np.float32, int):
            matrix = make(edges.astype(dtype))
            np.testing.assert_array_equal(adjacency_matrix(matrix).toarray(), edges | identity)
            np.testing.assert_array_equal(adjacency_matrix(matrix, self_loops=False).toarray(), edges & ~identity)
            np.testing.assert_array_equal(adjacency_matrix(matrix, self_loops=None).toarray(), edges)

    def test_stored_zeros_and_repeated_edges(self):
        stored = sparse.coo_array((np.array([1, 1, 0]), (np.array([0, 0, 1]), np.array([1, 1, 0]))), shape=(2, 2))
        matrix = adjacency_matrix(stored, self_loops=False)
        assert matrix.nnz == 1
        assert matrix.dtype == bool
        assert matrix[0, 1]

    @pytest.mark.parametrize("shape", [(2, 3), (4,), (0, 0)])
    def test_refuses(self, shape):
        with pytest.raises(ValueError, match="shape"):
            adjacency_matrix(np.ones(shape))

    def test_refuses_another_number_of_nodes(self):
        with pytest.raises(ValueError, match="3 nodes, the attention graph 4"):
            adjacency_matrix(np.eye(3), 4)


class TestClassLabels:
    @pytest.mark.parametrize("labels", [[0, 1], [0, 1, -1], [0.0, 1.0, 2.0], [[0, 1, 2]]])
    def test_refuses(self, labels):
        with pytest.raises(ValueError, match="labels must be 3 integers"):
            class_labels(np.array(labels), 3)


@given(attention=attention_graphs())
def test_off_diagonal_is_the_same_dense_and_sparse(attention):
    expected = attention * (1 - np.eye(len(attention)))
    np.testing.assert_array_equal(off_diagonal(attention), expected)
    np.testing.assert_array_equal(off_diagonal(sparse.csr_array(attention)).toarray(), expected)
