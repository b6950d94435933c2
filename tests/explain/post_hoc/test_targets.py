"""Which output is explained, for every task."""

import jax.numpy as jnp
import numpy as np
import pytest

from gnnjax.explain.post_hoc import mask_costs, target_losses, target_weights

LOGITS = np.array([[2.0, -1.0, 0.5], [-1.0, -3.0, -2.0]], np.float32)
NAN = np.nan


@pytest.mark.parametrize(
    ("task", "logits", "labels", "target", "expected"),
    [
        ("binary", LOGITS[:, :1], [[0], [0]], "prediction", [[1], [-1]]),
        ("binary", LOGITS[:, :1], [[0], [1]], "label", [[-1], [1]]),
        ("binary", LOGITS[:, :1], [[NAN], [NAN]], "label", [[1], [-1]]),
        ("multiclass", LOGITS, [1, 2], "prediction", [[1, 0, 0], [1, 0, 0]]),
        ("multiclass", LOGITS, [1, 2], "label", [[0, 1, 0], [0, 0, 1]]),
        ("multilabel", LOGITS, [[0, 1, NAN]] * 2, "prediction", [[1, 0, 1], [1, 0, 0]]),
        ("multilabel", LOGITS, [[0, 1, NAN]] * 2, "label", [[0, 1, 1], [0, 1, 0]]),
        ("regression", LOGITS, [[NAN, 1, 2]] * 2, "label", [[1, 1, 1], [1, 1, 1]]),
    ],
)
def test_weights(task, logits, labels, target, expected):
    labels = np.array(labels, np.int32 if task == "multiclass" else np.float32)
    np.testing.assert_array_equal(target_weights(task, logits, labels, target), expected)


def test_losses_are_the_cross_entropy_of_the_explained_outputs():
    probabilities = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    weights = jnp.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    expected = -np.log([probabilities[0, 1], probabilities[1, 0]])
    np.testing.assert_allclose(target_losses("multiclass", LOGITS, weights, LOGITS), expected, rtol=1e-5)
    sigmoid = 1 / (1 + np.exp(-LOGITS))
    both = jnp.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    expected = -(np.log(sigmoid) * np.array(both)).sum(axis=1)
    np.testing.assert_allclose(target_losses("multilabel", LOGITS, both, LOGITS), expected, rtol=1e-5)
    towards = jnp.array([[1.0], [-1.0]])
    expected = -np.log([sigmoid[0, 0], 1 - sigmoid[1, 0]])
    np.testing.assert_allclose(target_losses("binary", LOGITS[:, :1], towards, LOGITS[:, :1]), expected, rtol=1e-5)
    np.testing.assert_allclose(target_losses("regression", LOGITS + 2, both, LOGITS), [12, 12], rtol=1e-5)


def test_costs_of_a_mask():
    mask, graph_ids = np.array([0.0, 1.0, 0.5, 0.5, 0.9], np.float32), np.array([0, 0, 1, 1, 1])
    entropy = -(mask * np.log(np.maximum(mask, 1e-9)) + (1 - mask) * np.log(np.maximum(1 - mask, 1e-9)))
    found = mask_costs(mask, graph_ids, 3, size=0.1, entropy=2.0)
    expected = [0.1 * mask[:2].sum() + 2 * entropy[:2].mean(), 0.1 * mask[2:].sum() + 2 * entropy[2:].mean(), 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
