"""Losses against their formulas in numpy."""

import jax
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gnnjax.train import information_loss, prediction_loss

MASK = np.array([1, 1, 0, 1, 0, 1], bool)


def sigmoid_cross_entropy(logit, label):
    probability = 1 / (1 + np.exp(-logit))
    return -np.log(probability if label else 1 - probability)


class TestPredictionLoss:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (6, 4)).astype(np.float32)

    def test_binary(self):
        labels = np.array([[1], [0], [1], [1], [0], [0]], np.float32)
        expected = np.mean([sigmoid_cross_entropy(self.logits[i, 0], labels[i, 0]) for i in (0, 1, 3, 5)])
        assert float(prediction_loss("binary", self.logits[:, :1], labels, MASK)) == pytest.approx(expected, rel=1e-5)

    def test_multilabel_counts_labelled_entries(self):
        labels = self.rng.integers(0, 2, (6, 4)).astype(np.float32)
        labels[[0, 1, 1, 2, 5], [2, 0, 3, 1, 1]] = np.nan
        expected = np.mean(
            [
                sigmoid_cross_entropy(self.logits[graph, task], labels[graph, task])
                for graph in np.flatnonzero(MASK)
                for task in range(4)
                if not np.isnan(labels[graph, task])
            ]
        )
        actual = prediction_loss("multilabel", self.logits, labels, MASK)
        assert float(actual) == pytest.approx(expected, rel=1e-5)

    def test_multiclass(self):
        labels = np.array([3, 0, 1, 2, 0, 2], np.int32)
        probabilities = np.exp(self.logits) / np.exp(self.logits).sum(axis=1, keepdims=True)
        expected = np.mean([-np.log(probabilities[i, labels[i]]) for i in (0, 1, 3, 5)])
        actual = prediction_loss("multiclass", self.logits, labels, MASK)
        assert float(actual) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("task", ["binary", "multilabel", "multiclass"])
    def test_gradient_is_0_on_padding_and_unlabelled_entries(self, task):
        logits = self.logits[:, :1] if task == "binary" else self.logits
        if task == "multiclass":
            labels = np.zeros(6, np.int32)
        else:
            labels = np.ones(logits.shape, np.float32)
            labels[3, 0] = np.nan
        gradient = np.asarray(jax.grad(lambda logits: prediction_loss(task, logits, labels, MASK))(logits))
        assert np.isfinite(gradient).all()
        left_out = np.broadcast_to(~MASK[:, None], logits.shape)
        if task != "multiclass":
            left_out = left_out | np.isnan(labels)
        np.testing.assert_array_equal(gradient == 0, left_out)

    @pytest.mark.parametrize("task", ["multilabel", "multiclass"])
    def test_nothing_to_count_is_0(self, task):
        labels = np.zeros(6, np.int32) if task == "multiclass" else np.full((6, 4), np.nan, np.float32)
        mask = MASK if task == "multilabel" else np.zeros(6, bool)
        value, gradient = jax.value_and_grad(lambda logits: prediction_loss(task, logits, labels, mask))(self.logits)
        assert value == 0
        np.testing.assert_array_equal(gradient, 0)

    def test_large_logits_do_not_overflow(self):
        logits = np.array([[1e4], [-1e4]], np.float32)
        labels = np.array([[0], [1]], np.float32)
        assert prediction_loss("binary", logits, labels, np.ones(2, bool)) == 1e4


class TestInformationLoss:
    attention = np.array([0, 0.9, 0.5, 1, 0.7, 0.2], np.float32)

    @example(r=1.0, seed=0)
    @given(r=st.floats(1 / 64, 1, width=32), seed=st.integers(0, 100))
    def test_formula(self, r, seed):
        rng = np.random.default_rng(seed)
        attention = np.append(rng.random(4), [0, 1]).astype(np.float32)
        a = attention[MASK].astype(np.float64)
        expected = np.mean(a * np.log(a / r + 1e-6) + (1 - a) * np.log((1 - a) / (1 - r + 1e-6) + 1e-6))
        actual = jax.jit(information_loss)(attention, np.float32(r), MASK)
        np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-5)

    def test_is_0_at_r_up_to_the_guards(self):
        assert abs(information_loss(np.full(6, 0.7, np.float32), 0.7, MASK)) < 1e-5

    @pytest.mark.parametrize("r", [0.5, 0.9, 1.0])
    def test_gradient_is_finite_at_0_and_1(self, r):
        gradient = jax.grad(information_loss)(self.attention, r, MASK)
        assert np.isfinite(gradient).all()
        np.testing.assert_array_equal(gradient[~MASK], 0)

    def test_gradient_pulls_towards_r(self):
        attention = np.array([0.05, 0.4, 0.6, 0.95], np.float32)
        gradient = jax.grad(information_loss)(attention, 0.5, np.ones(4, bool))
        np.testing.assert_array_equal(np.sign(gradient), [-1, -1, 1, 1])

    def test_without_rows_is_0(self):
        assert information_loss(self.attention, 0.5, np.zeros(6, bool)) == 0
