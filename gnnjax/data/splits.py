"""Seeded splits and shuffles that depend on nothing but their arguments: a resumed run repeats them."""

import numpy as np

from gnnjax.data.dataset import GraphDataset
from gnnjax.errors import DataError

__all__ = ["epoch_order", "mutag_x_split", "random_split", "subsampled_split", "with_explained_part"]


def random_split(num_graphs: int, *, seed: int, train: float = 0.8, valid: float = 0.1) -> dict[str, np.ndarray]:
    """Splits `0 .. num_graphs - 1` at random into `int(train n)`, `int(valid n)` and the rest.

    The same seed gives the split that GSAT's published code draws from it.

    Args:
      num_graphs: how many graphs there are.
      seed: 0 .. 2^32 - 1.
      train, valid: fractions of these parts.

    Returns:
      `{"train", "valid", "test"}`, each an integer array.

    Raises:
      ValueError: a fraction is negative, or they leave nothing for a part.

    Examples:
      >>> from gnnjax import data
      >>> {part: indices.tolist() for part, indices in data.random_split(10, seed=0).items()}
      {'train': [2, 8, 4, 9, 1, 6, 7, 3], 'valid': [0], 'test': [5]}
    """
    sizes = int(train * num_graphs), int(valid * num_graphs)
    if min(sizes) < 1 or sum(sizes) >= num_graphs:
        raise ValueError(f"fractions train={train}, valid={valid} of {num_graphs} graphs leave a part empty")
    # The generator of the published code, so that a seed stands for the split that it stands for there.
    order = np.random.RandomState(seed).permutation(num_graphs)
    first, second = sizes[0], sum(sizes)
    return {"train": order[:first], "valid": order[first:second], "test": order[second:]}


def mutag_x_split(dataset: GraphDataset, *, seed: int) -> dict[str, np.ndarray]:
    """The split behind GSAT's published Mutag tables: its test graphs are *also* in train or validation.

    A random 80 % of all graphs train, the rest validate; the test graphs are all of class 0 that have signal edges.

    Args:
      dataset: Mutagenicity, binary with edge labels.
      seed: 0 .. 2^32 - 1, as for `random_split`.

    Raises:
      DataError: the dataset has no edge labels.

    Examples:
      >>> from gnnjax import data
      >>> signal = [[1], [0], [1], [1], [0]]
      >>> pairs = data.from_arrays(None, [([0], [1])] * 5, [0, 0, 1, 0, 1], n_node=[2] * 5, edge_labels=signal)
      >>> {part: indices.tolist() for part, indices in data.mutag_x_split(pairs, seed=0).items()}
      {'train': [2, 0, 1, 3], 'valid': [4], 'test': [0, 3]}
    """
    order = np.random.RandomState(seed).permutation(len(dataset))
    num_train = int(0.8 * len(order))
    test = np.flatnonzero(_has_signal(dataset) & (dataset.labels[:, 0] == 0))
    return {"train": order[:num_train], "valid": order[num_train:], "test": test}


def with_explained_part(dataset: GraphDataset, splits: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Adds the part `explained`: those test graphs that have signal edges, on which explanations are judged.

    Raises:
      DataError: the dataset has no edge labels.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> pairs = data.from_arrays(None, [([0], [1])] * 3, [0, 1, 1], n_node=[2] * 3, edge_labels=[[0], [0], [1]])
      >>> data.with_explained_part(pairs, {"train": np.array([0]), "test": np.array([1, 2])})["explained"].tolist()
      [2]
    """
    return splits | {"explained": splits["test"][_has_signal(dataset)[splits["test"]]]}


def _has_signal(dataset: GraphDataset) -> np.ndarray:
    if dataset.edge_labels is None:
        raise DataError(f"{dataset.name}: this split needs edge labels, the dataset has none")
    graph_ids = np.repeat(np.arange(len(dataset)), dataset.n_edge)
    return np.bincount(graph_ids, dataset.edge_labels, len(dataset)) > 0


def subsampled_split(
    splits: dict[str, np.ndarray], *, seed: int, num_train: int, num_valid: int
) -> dict[str, np.ndarray]:
    """Draws training and validation graphs from the publisher's training part, whose test part stays as it is.

    Args:
      splits: with the parts `train` and `test`.
      seed: 0 .. 2^32 - 1.
      num_train, num_valid: first and last graphs of a permutation of the training part.

    Raises:
      DataError: that part has fewer graphs than asked for.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> published = {"train": np.arange(6), "test": np.array([6, 7])}
      >>> splits = data.subsampled_split(published, seed=0, num_train=3, num_valid=2)
      >>> {part: indices.tolist() for part, indices in splits.items()}
      {'train': [5, 2, 1], 'valid': [0, 4], 'test': [6, 7]}
    """
    order = np.random.RandomState(seed).permutation(splits["train"])
    if num_train + num_valid > len(order):
        raise DataError(f"the training part has {len(order)} graphs, {num_train} + {num_valid} are asked for")
    return {"train": order[:num_train], "valid": order[len(order) - num_valid :], "test": splits["test"]}


def epoch_order(indices: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """The order in which `indices` are visited in an epoch: a fresh permutation for each `(seed, epoch)`.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import data
      >>> orders = [data.epoch_order(np.arange(100), seed=0, epoch=epoch) for epoch in (0, 1, 0)]
      >>> [bool((order == orders[0]).all()) for order in orders]
      [True, False, True]
    """
    return np.random.default_rng([seed, 1, epoch]).permutation(indices)
