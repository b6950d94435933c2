"""Products of sparse matrices, exact and pruned, against dense ones. Entries are small integers: sums are exact."""

import tracemalloc
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from gnnjax.explain import pruned_product as module
from gnnjax.explain.pruned_product import expected_entries, pruned_product


@st.composite
def chains(draw, max_factors=4):
    """Matrices of one size with empty rows, full rows and many equal entries."""
    size = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = (draw(st.integers(1, max_factors)), size, size)
    present = rng.random(shape) < rng.choice([0, 0.2, 1], (*shape[:2], 1))
    return rng.integers(1, 4, shape).astype(np.float32) * present


@pytest.fixture(params=[1, 2**16], ids=["one row a block", "one block"])
def block_size(request, monkeypatch):
    monkeypatch.setattr(module, "_LEAST_ENTRIES", request.param)
    monkeypatch.setattr(module, "_BYTES_AT_A_TIME", 60 * request.param)


def largest_by_sorting(row, k):
    """The row with only its `k` largest positive entries, equal ones by column."""
    kept = np.zeros_like(row)
    order = np.argsort(-row, kind="stable")[:k]
    kept[order] = row[order]
    return kept


def star(num_nodes):
    """Everything is joined to node 0, whose square has all entries."""
    matrix = np.eye(num_nodes, dtype=np.float32)
    matrix[0] = matrix[:, 0] = 1
    return csr_array(matrix)


@pytest.mark.usefixtures("block_size")
class TestPrunedProduct:
    @given(chain=chains())
    def test_without_pruning_equals_the_dense_product(self, chain):
        product, dropped = pruned_product([csr_array(factor) for factor in chain])
        np.testing.assert_array_equal(product.toarray(), reduce(np.matmul, chain))
        np.testing.assert_array_equal(dropped, 0)
        assert product.has_canonical_format
        assert product.dtype == np.float32

    @given(chain=chains(max_factors=2), k=st.integers(1, 5))
    def test_keeps_exactly_the_largest_entries(self, chain, k):
        exact = reduce(np.matmul, chain)
        product, dropped = pruned_product([csr_array(factor) for factor in chain], top_k=k)
        expected = np.stack([largest_by_sorting(row, k) for row in exact])
        np.testing.assert_array_equal(product.toarray(), expected)
        np.testing.assert_array_equal(np.diff(product.indptr), np.minimum(k, (exact > 0).sum(axis=1)))
        np.testing.assert_array_equal(dropped, (exact - expected).sum(axis=1))

    @given(chain=chains(max_factors=2), threshold=st.integers(1, 20), k=st.none() | st.integers(1, 5))
    def test_keeps_exactly_what_reaches_the_threshold(self, chain, threshold, k):
        exact = reduce(np.matmul, chain)
        product, dropped = pruned_product([csr_array(factor) for factor in chain], threshold=threshold, top_k=k)
        expected = np.where(exact >= threshold, exact, 0)
        if k is not None:
            expected = np.stack([largest_by_sorting(row, k) for row in expected])
        np.testing.assert_array_equal(product.toarray(), expected)
        np.testing.assert_array_equal(dropped, (exact - expected).sum(axis=1))

    @given(chain=chains(), k=st.none() | st.integers(1, 5), threshold=st.none() | st.integers(1, 20))
    def test_dropped_is_the_error_of_any_number_of_factors(self, chain, k, threshold):
        exact = reduce(np.matmul, chain)
        product, dropped = pruned_product([csr_array(factor) for factor in chain], top_k=k, threshold=threshold)
        assert (product.toarray() <= exact).all()
        np.testing.assert_array_equal(dropped, np.abs(exact - product.toarray()).sum(axis=1))
        if k is not None:
            assert (np.diff(product.indptr) <= k).all()


def test_of_equal_entries_those_of_the_smaller_columns_are_kept():
    product, dropped = pruned_product([csr_array(np.array([[2, 1, 3, 2, 2], [1, 1, 1, 1, 1]], np.float32))], top_k=3)
    np.testing.assert_array_equal(product.toarray(), [[2, 0, 3, 2, 0], [1, 1, 1, 0, 0]])
    np.testing.assert_array_equal(dropped, [3, 2])


def test_memory_is_that_of_the_pruned_result(monkeypatch):
    """The full product has 640 000 entries of 8 bytes each; pruning them at once needs 38 MB."""
    monkeypatch.setattr(module, "_LEAST_ENTRIES", 1)
    monkeypatch.setattr(module, "_BYTES_AT_A_TIME", 10**6)
    factor = star(800)
    tracemalloc.start()
    product, _ = pruned_product([factor, factor], top_k=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert product.nnz == 3 * 800
    assert peak < 2.5e6


class TestBlockBounds:
    """Rows of the star's square have 100 entries, made of 100 terms for the hub's neighbors and 298 for the hub."""

    def test_blocks_end_before_they_grow_too_large(self, monkeypatch):
        monkeypatch.setattr(module, "_LEAST_ENTRIES", 1)
        bounds = module._block_bounds(star(100), star(100), entries=500, num_threads=2)
        np.testing.assert_array_equal(bounds[:4], [0, 3, 5, 8])
        assert bounds[-1] == 100
        assert len(bounds) == 1 + 100 * 100 / 250

    def test_every_thread_has_its_block(self, monkeypatch):
        monkeypatch.setattr(module, "_LEAST_ENTRIES", 1)
        bounds = module._block_bounds(star(100), star(100), entries=10**9, num_threads=4)
        np.testing.assert_array_equal(bounds, [0, 25, 50, 75, 100])

    def test_small_products_are_one_block(self):
        np.testing.assert_array_equal(module._block_bounds(star(100), star(100), 10**9, 4), [0, 100])


class TestExpectedEntries:
    @given(chain=chains(), k=st.none() | st.integers(1, 5))
    def test_is_an_upper_bound_where_that_is_enough(self, chain, k):
        factors = [csr_array(factor) for factor in chain]
        assert expected_entries(factors, top_k=k) >= pruned_product(factors, top_k=k)[0].nnz

    def test_the_bound_is_exact_where_no_two_walks_meet(self):
        cycle = csr_array(np.eye(7, dtype=np.float32)[np.roll(np.arange(7), 1)])
        assert expected_entries([cycle, cycle, cycle]) == 7

    def test_else_rows_are_sampled(self):
        """1000 nodes of 30 neighbors in 20 groups: a row's 900 walks end at no more than 50 nodes."""
        rng = np.random.default_rng(0)
        groups = np.arange(1000) % 20
        factor = csr_array(((groups[:, None] == groups) * rng.random((1000, 1000)) > 0.4).astype(np.float32))
        exact = (factor @ factor).nnz
        bound = expected_entries([factor, factor])
        assert bound > 15 * exact
        assert abs(expected_entries([factor, factor], enough=bound / 2) - exact) < 0.05 * exact
        assert expected_entries([factor, factor], enough=bound) == bound

    def test_of_nothing(self):
        assert expected_entries([csr_array((3, 3), dtype=np.float32)] * 2, enough=0) == 0
