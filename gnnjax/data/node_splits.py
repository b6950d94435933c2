"""Which nodes train, validate and test: ten masks of a graph's nodes, drawn from a seed."""

import numpy as np
from jaxtyping import Bool

from gnnjax.errors import DataError

__all__ = [
    "PAPER_NUM_NODES",
    "PARTS",
    "check_node_splits",
    "node_split_indices",
    "paper_node_splits",
    "random_node_splits",
]

PARTS = ("train", "valid", "test")
# In the order in which the paper's notebook draws them from one generator.
PAPER_NUM_NODES = {
    "cora": 2708,
    "citeseer": 3327,
    "chameleon": 2277,
    "squirrel": 5201,
    "cornell": 183,
    "texas": 183,
    "wisconsin": 251,
}


def random_node_splits(
    num_nodes: int, fractions: tuple[float, float] = (0.4, 0.3), num_splits: int = 10, seed: int = 0
) -> dict[str, Bool[np.ndarray, "splits nodes"]]:
    """Splits `0 .. num_nodes - 1` at random, `num_splits` times, into `int(f n)` train, `int(g n)` valid and the rest.

    Args:
      num_nodes: how many nodes there are.
      fractions: of the training and the validation part, (f, g).
      num_splits: how many splits are drawn, one after the other.
      seed: 0 .. 2^32 - 1, of numpy's legacy generator, which gives the paper's splits.

    Returns:
      `{"train", "valid", "test"}`, each a mask; every node is in one part of each split.

    Raises:
      ValueError: a fraction leaves nothing for a part, or there is to be no split.

    >>> from gnnjax import data
    >>> splits = data.random_node_splits(10, fractions=(0.6, 0.2), num_splits=3)
    >>> {part: masks.sum(axis=1).tolist() for part, masks in splits.items()}
    {'train': [6, 6, 6], 'valid': [2, 2, 2], 'test': [2, 2, 2]}
    """
    return _draw(np.random.RandomState(seed), num_nodes, fractions, num_splits)


def paper_node_splits(name: str) -> dict[str, Bool[np.ndarray, "splits nodes"]]:
    """The ten splits of the Attention Graphs paper: 40 % train, 30 % validate, the rest test.

    One generator with seed 0 serves the seven datasets in the order of `PAPER_NUM_NODES`.

    Args:
      name: one of `PAPER_NUM_NODES`.

    Returns:
      See `random_node_splits`.

    Raises:
      ValueError: the paper does not use this dataset.

    Source: El et al. 2025 (arXiv 2502.12352), its published notebook.

    >>> from gnnjax import data
    >>> splits = data.paper_node_splits("texas")
    >>> splits["train"].shape, {part: int(masks[0].sum()) for part, masks in splits.items()}
    ((10, 183), {'train': 73, 'valid': 54, 'test': 56})
    """
    if name not in PAPER_NUM_NODES:
        raise ValueError(
            f"the paper has no splits of {name!r}, only of {', '.join(PAPER_NUM_NODES)}; use random_node_splits"
        )
    generator = np.random.RandomState(0)
    # One generator drew the splits of all datasets, in this order.
    return {drawn: _draw(generator, size, (0.4, 0.3), 10) for drawn, size in PAPER_NUM_NODES.items()}[name]


def check_node_splits(splits: dict[str, np.ndarray], num_nodes: int, *, name: str = "splits") -> None:
    """Refuses masks with which nothing can be trained or which would test on what was trained on.

    Args:
      splits: `{"train", "valid", "test"}`, each bool `[splits, nodes]`. A node may be in none of the parts.
      num_nodes: of the dataset.
      name: what the error calls them.

    Raises:
      DataError: a part is missing, unknown, of another shape or type, or empty, or shares nodes with another; names
        the part, the split and the node.

    >>> from gnnjax import data
    >>> splits = data.random_node_splits(10, num_splits=1)
    >>> data.check_node_splits(splits, 10)
    >>> data.check_node_splits(splits | {"test": splits["train"]}, 10)
    Traceback (most recent call last):
    ...
    gnnjax.errors.DataError: splits: split 0: 4 nodes, such as 2, are both in 'train' and in 'test'; ...
    """
    if set(splits) != set(PARTS):
        raise DataError(f"{name}: must have the parts {', '.join(PARTS)}, has {', '.join(sorted(splits)) or 'none'}")
    num_splits = splits["train"].shape[0] if splits["train"].ndim else 0
    for part in PARTS:
        mask = splits[part]
        if mask.dtype != np.bool_ or mask.shape != (num_splits, num_nodes) or not num_splits:
            expected = f"bool[{num_splits or 'splits'}, {num_nodes}]"
            raise DataError(f"{name}: part '{part}' must be {expected}, is {mask.dtype}{list(mask.shape)}")
        empty = ~mask.any(axis=1)
        if empty.any():
            raise DataError(f"{name}: split {np.argmax(empty)} has no {part} nodes; leave that split out")
    for first, second in (("train", "valid"), ("train", "test"), ("valid", "test")):
        shared = splits[first] & splits[second]
        if shared.any():
            split, node = np.argwhere(shared)[0]
            raise DataError(
                f"{name}: split {split}: {np.sum(shared[split])} nodes, such as {node}, are both in '{first}' and in "
                f"'{second}'; a node may be in one part only"
            )


def _draw(
    generator: np.random.RandomState, num_nodes: int, fractions: tuple[float, float], num_splits: int
) -> dict[str, np.ndarray]:
    num_train, num_valid = (int(fraction * num_nodes) for fraction in fractions)
    if num_splits < 1:
        raise ValueError(f"num_splits must be at least 1, is {num_splits}")
    if min(num_train, num_valid) < 1 or num_train + num_valid >= num_nodes:
        raise ValueError(f"fractions {fractions} of {num_nodes} nodes leave a part empty")
    splits = {part: np.zeros((num_splits, num_nodes), bool) for part in PARTS}
    for split in range(num_splits):
        order = np.arange(num_nodes)
        generator.shuffle(order)
        parts = np.split(order, [num_train, num_train + num_valid])
        for part, nodes in zip(PARTS, parts, strict=True):
            splits[part][split, nodes] = True
    return splits


def node_split_indices(splits: dict[str, np.ndarray], number: int = 0) -> dict[str, np.ndarray]:
    """One of several splits as the numbers of the nodes in each part, which `train.fit` takes.

    Args:
      splits: part -> masks `[splits, nodes]`, as in `NodeDataset.splits`.
      number: which split.

    Raises:
      DataError: there is no such split.

    >>> masks = {"train": np.array([[True, False, False]]), "valid": np.array([[False, True, True]])}
    >>> node_split_indices(masks)
    {'train': array([0]), 'valid': array([1, 2])}
    """
    num_splits = min(len(masks) for masks in splits.values())
    if not 0 <= number < num_splits:
        raise DataError(f"there is no split {number}: they are numbered 0 .. {num_splits - 1}")
    return {part: np.flatnonzero(masks[number]) for part, masks in splits.items()}
