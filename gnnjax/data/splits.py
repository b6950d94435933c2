"""Seeded splits and shuffles that depend on nothing but their arguments: a resumed run repeats them."""

import numpy as np

__all__ = ["epoch_order", "random_split"]


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
    """
    sizes = int(train * num_graphs), int(valid * num_graphs)
    if min(sizes) < 1 or sum(sizes) >= num_graphs:
        raise ValueError(f"fractions train={train}, valid={valid} of {num_graphs} graphs leave a part empty")
    # The generator of the published code, so that a seed stands for the split that it stands for there.
    order = np.random.RandomState(seed).permutation(num_graphs)
    first, second = sizes[0], sum(sizes)
    return {"train": order[:first], "valid": order[first:second], "test": order[second:]}


def epoch_order(indices: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """The order in which `indices` are visited in an epoch: a fresh permutation for each `(seed, epoch)`."""
    return np.random.default_rng([seed, 1, epoch]).permutation(indices)
