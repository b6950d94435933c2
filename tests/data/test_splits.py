"""Splits and epoch orders: complete, disjoint, seeded; degrees over a part."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data import (
    GraphDataset,
    degree_histogram,
    epoch_order,
    mutag_x_split,
    random_split,
    subsampled_split,
    with_explained_part,
)
from gnnjax.errors import DataError
from tests.random_graphs import random_dataset


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


@pytest.fixture(scope="module")
def molecules():
    """20 graphs of two edges each: of class 0, 1, 0, 1, ..., of which 0 .. 9 have a signal edge."""
    edge_labels = np.zeros((20, 2), np.uint8)
    edge_labels[:10, 1] = 1
    return GraphDataset(
        name="molecules",
        task="binary",
        n_node=np.full(20, 2),
        n_edge=np.full(20, 2),
        nodes=np.zeros((40, 1), np.float32),
        senders=np.tile(np.array([0, 1], np.int32), 20),
        receivers=np.tile(np.array([1, 0], np.int32), 20),
        labels=(np.arange(20) % 2).astype(np.float32)[:, None],
        edge_labels=edge_labels.ravel(),
    )


class TestMutagX:
    def test_trains_on_four_fifths_and_tests_on_class_0_with_signal(self, molecules):
        split = mutag_x_split(molecules, seed=3)
        assert (len(split["train"]), len(split["valid"])) == (16, 4)
        np.testing.assert_array_equal(np.sort([*split["train"], *split["valid"]]), np.arange(20))
        assert split["test"].tolist() == [0, 2, 4, 6, 8]

    def test_another_seed_leaves_the_test_part(self, molecules):
        first, again, other = (mutag_x_split(molecules, seed=seed) for seed in (0, 0, 1))
        np.testing.assert_array_equal(first["train"], again["train"])
        assert first["train"].tolist() != other["train"].tolist()
        np.testing.assert_array_equal(first["test"], other["test"])

    def test_permutes_as_random_split_does(self, molecules):
        np.testing.assert_array_equal(mutag_x_split(molecules, seed=5)["train"], random_split(20, seed=5)["train"])

    def test_needs_edge_labels(self, molecules):
        with pytest.raises(DataError, match="molecules: this split needs edge labels, the dataset has none"):
            mutag_x_split(dataclasses.replace(molecules, edge_labels=None), seed=0)


class TestExplainedPart:
    def test_holds_the_test_graphs_with_signal_in_their_order(self, molecules):
        splits = {"train": np.arange(3), "test": np.array([12, 9, 3, 15, 4])}
        explained = with_explained_part(molecules, splits)
        assert list(explained) == ["train", "test", "explained"]
        assert explained["explained"].tolist() == [9, 3, 4]
        assert explained["test"] is splits["test"]
        assert "explained" not in splits

    def test_needs_edge_labels(self, molecules):
        with pytest.raises(DataError, match="needs edge labels"):
            with_explained_part(dataclasses.replace(molecules, edge_labels=None), {"test": np.arange(3)})


class TestSubsampled:
    splits = {"train": np.arange(100, 150), "test": np.arange(7)}  # noqa: RUF012

    def test_draws_disjoint_parts_of_the_training_part(self):
        split = subsampled_split(self.splits, seed=0, num_train=30, num_valid=15)
        assert list(split) == ["train", "valid", "test"]
        drawn = np.concatenate([split["train"], split["valid"]])
        assert (len(split["train"]), len(split["valid"]), len(set(drawn.tolist()))) == (30, 15, 45)
        assert set(drawn.tolist()) <= set(range(100, 150))
        assert split["test"] is self.splits["test"]

    def test_takes_both_ends_of_the_seeds_permutation(self):
        order = 100 + np.random.RandomState(4).permutation(50)
        split = subsampled_split(self.splits, seed=4, num_train=3, num_valid=2)
        assert split["train"].tolist() == order[:3].tolist()
        assert split["valid"].tolist() == order[-2:].tolist()

    def test_may_use_every_graph_but_not_more(self):
        split = subsampled_split(self.splits, seed=0, num_train=40, num_valid=10)
        assert sorted([*split["train"], *split["valid"]]) == list(range(100, 150))
        with pytest.raises(DataError, match=r"has 50 graphs, 40 \+ 11 are asked for"):
            subsampled_split(self.splits, seed=0, num_train=40, num_valid=11)

    def test_no_validation_graphs_are_none_and_not_all(self):
        assert len(subsampled_split(self.splits, seed=0, num_train=40, num_valid=0)["valid"]) == 0


class TestDegreeHistogram:
    def test_of_a_star_and_a_chain(self):
        dataset = GraphDataset(
            name="star and chain",
            task="binary",
            n_node=np.array([4, 3]),
            n_edge=np.array([3, 2]),
            nodes=np.zeros((7, 1), np.float32),
            senders=np.array([1, 2, 3, 0, 1], np.int32),
            receivers=np.array([0, 0, 0, 1, 2], np.int32),
            labels=np.zeros((2, 1), np.float32),
        )
        assert degree_histogram(dataset, np.array([0])).tolist() == [3, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        assert degree_histogram(dataset, np.array([1])).tolist() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 0]
        assert degree_histogram(dataset, np.array([1, 0, 1])).tolist() == [5, 4, 0, 1, 0, 0, 0, 0, 0, 0]

    def test_grows_with_the_largest_degree(self):
        dataset = random_dataset(0, 1, max_nodes=40)
        degrees = np.bincount(dataset.receivers, minlength=int(dataset.n_node[0]))
        histogram = degree_histogram(dataset, np.array([0]))
        assert len(histogram) == degrees.max() + 1 > 10
        assert histogram.tolist() == [int((degrees == degree).sum()) for degree in range(len(histogram))]
