"""Selections of many graphs against those of one, and scores against sets of edges, counted out."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from gnnjax.errors import DataError
from gnnjax.explain import Explanations
from gnnjax.explain.ground_truth import explanation_roc_aucs, select_edges, truth_scores
from tests.random_graphs import random_dataset


def random_explanations(seed, num_graphs=8, **changes):
    """With ties; every graph twice, in another order than in the dataset."""
    rng = np.random.default_rng(seed)
    dataset = dataclasses.replace(random_dataset(seed, num_graphs), **changes)
    indices = rng.permutation(np.repeat(np.arange(num_graphs), 2))
    return Explanations(dataset, indices, np.round(rng.uniform(size=dataset.n_edge[indices].sum()), 1))


def edge_sets(explanation, which):
    """The undirected edges, or of a directed graph each edge, of which one direction at least is chosen, numbered."""
    undirected = explanation.undirected_edges
    return set(undirected.number[np.flatnonzero(which)].tolist())


class TestSelectEdges:
    @pytest.mark.parametrize(
        "selection", [{"threshold": 0.5}, {"top_k": 0}, {"top_k": 3}, {"top_fraction": 0.3}, {"top_fraction": 1.0}]
    )
    @given(seed=st.integers(0, 1000))
    def test_is_that_of_each_graph(self, selection, seed):
        explanations = random_explanations(seed)
        expected = np.concatenate([explanation.select(**selection) for explanation in explanations])
        np.testing.assert_array_equal(select_edges(explanations, **selection), expected)

    @given(seed=st.integers(0, 1000))
    def test_as_many_as_true(self, seed):
        explanations = random_explanations(seed)
        expected = [each.select(top_k=len(edge_sets(each, each.edge_labels))) for each in explanations]
        np.testing.assert_array_equal(select_edges(explanations, as_many_as_true=True), np.concatenate(expected))

    @pytest.mark.parametrize("selection", [{}, {"top_k": 1, "threshold": 0.5}, {"top_k": 1, "as_many_as_true": True}])
    def test_needs_one_rule(self, selection):
        with pytest.raises(ValueError, match="exactly one"):
            select_edges(random_explanations(0), **selection)


class TestTruthScores:
    @given(seed=st.integers(0, 1000), top_k=st.integers(0, 6))
    def test_against_sets(self, seed, top_k):
        explanations = random_explanations(seed)
        scores = truth_scores(explanations, top_k=top_k)
        with_truth = [position for position, each in enumerate(explanations) if each.edge_labels.any()]
        assert scores.positions.tolist() == with_truth
        for row, position in enumerate(with_truth):
            explanation = explanations[position]
            kept = edge_sets(explanation, explanation.select(top_k=top_k))
            true = edge_sets(explanation, explanation.edge_labels)
            precision = len(kept & true) / len(kept) if kept else 0
            recall = len(kept & true) / len(true)
            f1 = 2 * precision * recall / (precision + recall) if kept & true else 0
            found = [scores.precision[row], scores.recall[row], scores.f1[row], scores.iou[row]]
            np.testing.assert_allclose(found, [precision, recall, f1, len(kept & true) / len(kept | true)])
        if with_truth:
            assert scores.mean()["iou"] == pytest.approx(scores.iou.mean())

    def test_as_many_as_true_makes_precision_recall_and_f1_the_same(self):
        scores = truth_scores(random_explanations(1), as_many_as_true=True)
        np.testing.assert_allclose(scores.precision, scores.recall)
        np.testing.assert_allclose(scores.precision, scores.f1)

    def test_without_a_true_edge_there_is_no_mean(self):
        labels = np.zeros_like(random_dataset(0).edge_labels)
        assert np.isnan(list(truth_scores(random_explanations(0, edge_labels=labels), top_k=1).mean().values())).all()

    def test_needs_the_truth(self):
        with pytest.raises(DataError, match="random: field 'edge_labels' is None"):
            truth_scores(random_explanations(0, edge_labels=None), top_k=1)


class TestExplanationRocAucs:
    @given(seed=st.integers(0, 1000))
    def test_against_scikit_learn(self, seed):
        explanations = random_explanations(seed)
        found = explanation_roc_aucs(explanations)
        assert found.pooled == pytest.approx(roc_auc_score(explanations.edge_labels, explanations.edge_mask))
        areas = [
            roc_auc_score(each.edge_labels, each.edge_mask)
            for each in explanations
            if each.num_edges and 0 < each.edge_labels.mean() < 1
        ]
        assert found.per_graph == pytest.approx(np.mean(areas))

    def test_is_nan_where_all_edges_are_alike(self):
        labels = np.ones_like(random_dataset(0).edge_labels)
        assert np.isnan(explanation_roc_aucs(random_explanations(0, edge_labels=labels))).all()
