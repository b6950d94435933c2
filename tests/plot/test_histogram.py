"""The bars of the histogram of the attention."""

import numpy as np
import pytest

from gnnjax.plot import attention_histogram
from gnnjax.train import Evaluation
from tests.plot.examples import evaluation_of
from tests.random_graphs import random_dataset


class TestAttentionHistogram:
    def test_signal_and_background_apart(self):
        evaluation = evaluation_of(random_dataset(0), [0, 1])
        (axes,) = attention_histogram(evaluation).axes
        signal = int(evaluation.edge_labels.sum())
        background = len(evaluation.edge_labels) - signal
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == [f"background edges ({background})", f"signal edges ({signal})"]
        for container in axes.containers:
            assert sum(bar.get_height() for bar in container) == pytest.approx(1)

    def test_all_edges_where_the_truth_is_unknown(self):
        dataset = random_dataset(0)
        evaluation = evaluation_of(dataset, [0, 1])
        unlabelled = Evaluation(**vars(evaluation) | {"edge_labels": None})
        (axes,) = attention_histogram(unlabelled).axes
        (container,) = axes.containers
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == [f"all edges ({len(evaluation.edge_attention)})"]
        expected, _ = np.histogram(evaluation.edge_attention, np.linspace(0, 1, 41))
        heights = np.array([bar.get_height() for bar in container])
        np.testing.assert_allclose(heights * len(evaluation.edge_attention), expected, atol=1e-5)

    def test_a_plain_classifier_has_no_attention(self):
        evaluation = evaluation_of(random_dataset(0), [0, 1])
        with pytest.raises(ValueError, match="no attention"):
            attention_histogram(Evaluation(**vars(evaluation) | {"edge_attention": None}))
