"""Splits of nodes: the paper's own, and random ones that keep their promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data import PAPER_NUM_NODES, check_node_splits, paper_node_splits, random_node_splits

# The first training nodes of the first split, in the order in which the paper's notebook draws them.
FIRST_NODES = {
    "cora": [1808, 1918, 891, 2052],
    "citeseer": [736, 2582, 2332, 283],
    "chameleon": [1613, 2048, 495, 1130],
    "squirrel": [534, 986, 979, 1555],
    "cornell": [115, 104, 93, 23],
    "texas": [138, 108, 44, 1],
    "wisconsin": [68, 90, 225, 236],
}


def notebook_orders() -> dict[str, list[np.ndarray]]:
    """The shuffled nodes of each dataset's ten splits."""
    random = np.random.RandomState(0)
    orders = {}
    for name in FIRST_NODES:
        orders[name] = []
        for _ in range(10):
            nodes = np.arange(PAPER_NUM_NODES[name])
            random.shuffle(nodes)
            orders[name].append(nodes)
    return orders


class TestPaper:
    def test_published_first_indices(self):
        orders = notebook_orders()
        assert {name: order[0][:4].tolist() for name, order in orders.items()} == FIRST_NODES

    @pytest.mark.parametrize("name", FIRST_NODES)
    def test_parts_of_the_shuffled_nodes(self, name):
        num_nodes = PAPER_NUM_NODES[name]
        num_train, num_valid = int(0.4 * num_nodes), int(0.3 * num_nodes)
        splits = paper_node_splits(name)
        for split, order in enumerate(notebook_orders()[name]):
            parts = np.split(order, [num_train, num_train + num_valid])
            for part, nodes in zip(("train", "valid", "test"), parts, strict=True):
                np.testing.assert_array_equal(np.flatnonzero(splits[part][split]), np.sort(nodes))
        assert splits["train"][0, FIRST_NODES[name]].all()

    def test_sizes(self):
        splits = paper_node_splits("texas")
        assert {part: mask.shape for part, mask in splits.items()} == dict.fromkeys(
            ("train", "valid", "test"), (10, 183)
        )
        assert [mask[3].sum() for mask in splits.values()] == [73, 54, 56]

    def test_unknown_dataset(self):
        with pytest.raises(ValueError, match=r"no splits of 'pubmed', only of cora, .*; use random_node_splits"):
            paper_node_splits("pubmed")


class TestRandom:
    @given(st.integers(3, 60), st.floats(0.05, 0.9), st.floats(0.05, 0.9), st.integers(1, 4), st.integers(0, 2**32 - 1))
    def test_every_node_is_in_one_part_of_the_promised_size(self, num_nodes, train, valid, num_splits, seed):
        sizes = [int(train * num_nodes), int(valid * num_nodes)]
        if min(sizes) < 1 or sum(sizes) >= num_nodes:
            with pytest.raises(ValueError, match=f"of {num_nodes} nodes leave a part empty"):
                random_node_splits(num_nodes, (train, valid), num_splits, seed)
            return
        splits = random_node_splits(num_nodes, (train, valid), num_splits, seed)
        check_node_splits(splits, num_nodes)
        np.testing.assert_array_equal(splits["train"].sum(axis=1), sizes[0])
        np.testing.assert_array_equal(splits["valid"].sum(axis=1), sizes[1])
        np.testing.assert_array_equal(np.sum([*splits.values()], axis=0), np.ones((num_splits, num_nodes)))

    def test_the_seed_decides(self):
        first, again, other = (random_node_splits(50, seed=seed) for seed in (3, 3, 4))
        np.testing.assert_array_equal(first["train"], again["train"])
        assert (first["train"] != other["train"]).any()
        assert len(np.unique(first["train"], axis=0)) == 10

    def test_seed_0_gives_the_papers_first_dataset(self):
        for part, mask in random_node_splits(2708).items():
            np.testing.assert_array_equal(mask, paper_node_splits("cora")[part])

    def test_no_split(self):
        with pytest.raises(ValueError, match="num_splits must be at least 1, is 0"):
            random_node_splits(10, num_splits=0)
