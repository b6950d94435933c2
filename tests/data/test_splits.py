"""Splits and epoch orders: complete, disjoint, seeded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data import epoch_order, random_split


@given(st.integers(10, 300), st.integers(0, 2**32 - 1))
def test_split_is_a_partition_of_the_documented_sizes(num_graphs, seed):
    split = random_split(num_graphs, seed=seed)
    assert list(split) == ["train", "valid", "test"]
    assert len(split["train"]) == int(0.8 * num_graphs)
    assert len(split["valid"]) == int(0.1 * num_graphs)
    np.testing.assert_array_equal(np.sort(np.concatenate(list(split.values()))), np.arange(num_graphs))


def test_split_depends_on_the_seed_alone():
    first, again, other = (random_split(100, seed=seed)["train"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("num_graphs", "train", "valid"), [(9, 0.8, 0.1), (10, 0.9, 0.1), (10, 0.0, 0.5), (10, -0.5, 0.5)]
)
def test_split_refuses_an_empty_part(num_graphs, train, valid):
    with pytest.raises(ValueError, match=f"of {num_graphs} graphs leave a part empty"):
        random_split(num_graphs, seed=0, train=train, valid=valid)


def test_epoch_order_permutes_afresh_in_each_epoch():
    indices = np.arange(100, 150)
    orders = [epoch_order(indices, seed=seed, epoch=epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), indices)
    assert len({order.tobytes() for order in orders}) == len(orders)
    np.testing.assert_array_equal(orders[1], epoch_order(indices, seed=0, epoch=1))


def test_split_of_a_seed_is_the_published_one():
    """`numpy.random.seed(seed)`, then `numpy.random.shuffle(arange(1000))`, as the original draws it."""
    assert random_split(1000, seed=0)["train"][:5].tolist() == [993, 859, 298, 553, 672]
    assert random_split(1000, seed=2)["test"][:5].tolist() == [993, 56, 19, 958, 86]
