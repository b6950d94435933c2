"""Arguments for pages of small attention graphs."""

import numpy as np

__all__ = ["LAYERS", "example", "random_layers"]

# Sums of powers of two, which are exact also in float32.
LAYERS = np.array(
    [
        [[0.5, 0.25, 0.25, 0], [0, 1, 0, 0], [0, 0, 0.5, 0.5], [0.125, 0, 0, 0.875]],
        [[0.25, 0.5, 0, 0.25], [0, 0.5, 0.5, 0], [0, 0, 0, 1], [0.5, 0, 0.5, 0]],
    ]
)


def random_layers(nodes: int, num_layers: int = 2, seed: int = 0) -> np.ndarray:
    """`[layers, nodes, nodes]`, rows of a few large and many small entries that sum to one."""
    logits = 2 * np.random.default_rng(seed).normal(size=(num_layers, nodes, nodes))
    weights = np.exp(logits)
    return weights / weights.sum(axis=2, keepdims=True)


def example(nodes: int = 4, **changes) -> dict:
    """Four nodes in two layers; with another number of nodes, `layers` and `aggregated` must be given, too."""
    arguments = {
        "layers": LAYERS,
        "aggregated": LAYERS[1] @ LAYERS[0],
        "senders": np.array([3, 0, 2, 0]) % nodes,
        "receivers": np.array([0, 2, 3, 1]) % nodes,
        "labels": np.array([0, 1, 1, 0] * (nodes // 4 + 1), np.int32)[:nodes],
        "predictions": np.array([0, 1, 0, 0] * (nodes // 4 + 1), np.int32)[:nodes],
        "class_names": ["cats", "dogs"],
        "splits": {"train": np.arange(nodes) < 1, "test": (np.arange(nodes) > 0) & (np.arange(nodes) < 3)},
    }
    return arguments | changes
