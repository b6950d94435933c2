"""What all post-hoc methods must do: find the edges that decide, whatever the batches, the same for the same seed."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import DataError
from gnnjax.explain import Explanations, explanation_roc_auc, masked_classifier, masked_logits
from gnnjax.explain.post_hoc import (
    PGExplainer,
    attention,
    gnn_explainer,
    gradient_times_input,
    integrated_gradients,
    node_embedding,
    random_scores,
)
from gnnjax.models import GIN, GSAT
from gnnjax.train import evaluate
from tests.explain.post_hoc.marked_edges import classify, marked_dataset, one_class
from tests.random_graphs import random_dataset

MARKED = marked_dataset()
ALL = np.arange(len(MARKED))
METHODS = {
    "gradient_times_input": gradient_times_input,
    "integrated_gradients": functools.partial(integrated_gradients, num_steps=8),
    # By chance alone, edges without effect would stay undecided or become certain.
    "gnn_explainer": functools.partial(gnn_explainer, size=0.05, entropy=0.1, num_steps=60),
}


@jax.tree_util.Partial
def features(graphs):
    """Node embeddings that show which edges are marked."""
    return graphs.nodes


def distinct(dataset):
    """Positions of one direction of each undirected edge, and of its reverse."""
    shift = np.repeat(dataset.edge_offsets[:-1], dataset.n_edge)
    reverse = dataset.reverse_edges + shift
    return np.arange(len(reverse)), reverse


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_edges_that_decide_are_ranked_on_top(method, label):
    dataset = one_class(MARKED, label)
    # Towards class 0 the marked edges count against, in a method with signs.
    options = {} if method == "gnn_explainer" else {"absolute": True}
    found = METHODS[method](classify, dataset, ALL, target="prediction", **options)
    assert found.method == method
    assert explanation_roc_auc(found.edge_mask, found.edge_labels) > 0.95
    np.testing.assert_allclose(found.logits, masked_logits(classify, dataset, ALL), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["gradient_times_input", "integrated_gradients"])
def test_signs_follow_the_target(method):
    for_one, for_zero = (METHODS[method](classify, one_class(MARKED, c), ALL, target="label") for c in (1.0, 0.0))
    np.testing.assert_allclose(for_zero.edge_mask, -for_one.edge_mask, rtol=1e-5, atol=1e-7)
    assert explanation_roc_auc(for_one.edge_mask, for_one.edge_labels) > 0.95


@pytest.mark.parametrize(
    ("method", "task", "outputs"),
    [
        ("gradient_times_input", "regression", 2),
        ("gradient_times_input", "multilabel", 4),
        ("integrated_gradients", "multiclass", 3),
        ("gnn_explainer", "binary", 1),
        ("gnn_explainer", "regression", 2),
        ("random", "binary", 1),
        ("gsat", "binary", 1),
    ],
)
def test_batches_and_order_do_not_matter(method, task, outputs):
    dataset = random_dataset(3, 12, task="multilabel" if task == "regression" else task, out_features=outputs)
    if task == "regression":
        dataset = dataclasses.replace(dataset, task="regression")
    backbone = GIN(3, outputs, hidden_size=8, rngs=nnx.Rngs(0))
    if method == "gsat":
        explain = functools.partial(attention, GSAT(backbone, rngs=nnx.Rngs(1)))
    elif method == "random":
        explain = functools.partial(random_scores, masked_classifier(backbone))
    else:
        options = {"num_steps": 4} if method != "gradient_times_input" else {}
        explain = functools.partial(METHODS[method], masked_classifier(backbone), **options)
    whole = explain(dataset, np.arange(12), batch_size=8)
    order = np.random.default_rng(1).permutation(12)
    shuffled = explain(dataset, order, batch_size=3)
    for position, index in enumerate(order):
        np.testing.assert_allclose(
            shuffled[position].edge_mask, whole[int(index)].edge_mask, rtol=2e-4, atol=2e-5, err_msg=str(index)
        )
    np.testing.assert_allclose(shuffled.logits, whole.logits[order], rtol=1e-4, atol=1e-5)
    assert all(np.isfinite(each.edge_mask).all() for each in (whole, shuffled))


@pytest.mark.parametrize("method", [gnn_explainer, random_scores])
def test_a_seed_gives_the_same_numbers_again_and_another_seed_others(method):
    first, again, other = (method(classify, MARKED, ALL, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.edge_mask, again.edge_mask)
    assert not np.allclose(first.edge_mask, other.edge_mask)


@pytest.mark.parametrize("method", [METHODS["gradient_times_input"], METHODS["gnn_explainer"], random_scores])
def test_both_directions_get_one_value_unless_asked_otherwise(method):
    edges, reverse = distinct(MARKED)
    backbone = masked_classifier(GIN(3, 1, hidden_size=8, rngs=nnx.Rngs(0)))
    found = method(backbone, MARKED, ALL).edge_mask
    np.testing.assert_allclose(found[edges], found[reverse], rtol=1e-5)
    apart = method(backbone, MARKED, ALL, average_directions=False).edge_mask
    assert not np.allclose(apart[edges], apart[reverse], rtol=1e-3)


class TestGradients:
    @pytest.mark.parametrize("target", ["prediction", "label"])
    def test_is_the_finite_difference(self, target):
        found = gradient_times_input(classify, MARKED, ALL, target=target, average_directions=False)
        graph_ids = np.repeat(ALL, MARKED.n_edge)
        logits = masked_logits(classify, MARKED, ALL)[:, 0]
        positive = logits > 0 if target == "prediction" else MARKED.labels[:, 0] > 0.5
        for edge in np.random.default_rng(0).choice(len(graph_ids), 12, replace=False):
            graph, step = graph_ids[edge], 1e-2
            mask = np.ones(len(graph_ids), np.float32)
            values = []
            for sign in (1, -1):
                mask[edge] = 1 + sign * step
                values.append(masked_logits(classify, MARKED, ALL, mask)[graph, 0])
            difference = (values[0] - values[1]) / (2 * step) * (1 if positive[graph] else -1)
            assert found.edge_mask[edge] == pytest.approx(difference, abs=2e-3)

    def test_of_a_network_is_the_finite_difference(self):
        dataset = random_dataset(5, 8)
        model = masked_classifier(GIN(3, 1, hidden_size=8, rngs=nnx.Rngs(2)))
        indices = np.arange(8)
        found = gradient_times_input(model, dataset, indices, target="label", average_directions=False)
        graph_ids = np.repeat(indices, dataset.n_edge)
        for edge in np.random.default_rng(0).choice(len(graph_ids), 10, replace=False):
            values = []
            for sign in (1, -1):
                mask = np.ones(len(graph_ids), np.float32)
                mask[edge] += sign * 2e-3
                values.append(masked_logits(model, dataset, indices, mask)[graph_ids[edge], 0])
            sign = 1 if dataset.labels[graph_ids[edge], 0] else -1
            expected = sign * (values[0] - values[1]) / 4e-3
            assert found.edge_mask[edge] == pytest.approx(expected, rel=0.02, abs=2e-3)

    @pytest.mark.parametrize("average", [True, False])
    def test_integrated_gradients_are_complete(self, average):
        found = integrated_gradients(classify, MARKED, ALL, num_steps=64, target="label", average_directions=average)
        ones = np.ones(len(found.edge_mask), np.float32)
        change = (masked_logits(classify, MARKED, ALL, ones) - masked_logits(classify, MARKED, ALL, 0 * ones))[:, 0]
        sums = [each.edge_mask.sum() for each in found]
        np.testing.assert_allclose(sums, np.where(MARKED.labels[:, 0] > 0.5, change, -change), rtol=1e-3)

    def test_integrated_gradients_of_a_network_are_complete(self):
        dataset, indices = random_dataset(5, 8), np.arange(8)
        model = masked_classifier(GIN(3, 1, hidden_size=8, rngs=nnx.Rngs(2)))
        found = integrated_gradients(model, dataset, indices, num_steps=500, target="label")
        ones = np.ones(len(found.edge_mask), np.float32)
        change = (masked_logits(model, dataset, indices, ones) - masked_logits(model, dataset, indices, 0 * ones))[:, 0]
        sums = [each.edge_mask.sum() for each in found]
        np.testing.assert_allclose(sums, np.where(dataset.labels[:, 0] > 0.5, change, -change), rtol=5e-3, atol=2e-3)


class TestPGExplainer:
    def fitted(self, **options):
        explainer = PGExplainer(3, rngs=nnx.Rngs(0))
        options = {"epochs": 60, "learning_rate": 0.01, "entropy": 0.1, "batch_size": 4} | options
        return explainer, explainer.fit(classify, MARKED, ALL, embed=features, **options)

    def test_finds_what_decides_in_graphs_it_was_not_trained_on(self):
        dataset = marked_dataset(12, seed=7)
        explainer, losses = self.fitted()
        assert np.mean(losses[-5:]) < np.mean(losses[:5])
        found = explainer(classify, dataset, ALL, embed=features, batch_size=5)
        assert ((found.edge_mask > 0) & (found.edge_mask < 1)).all()
        assert explanation_roc_auc(found.edge_mask, found.edge_labels) > 0.95
        other = explainer(classify, dataset, ALL[::-1], embed=features, batch_size=8)
        np.testing.assert_allclose(other[0].edge_mask, found[-1].edge_mask, rtol=1e-4, atol=1e-6)

    def test_a_seed_gives_the_same_network_again_and_another_seed_another(self):
        masks, histories = [], []
        for seed in (0, 0, 1):
            explainer, losses = self.fitted(seed=seed, epochs=2)
            histories.append(losses)
            masks.append(explainer(classify, MARKED, ALL, embed=features).edge_mask)
        assert histories[0] == histories[1] != histories[2]
        np.testing.assert_array_equal(masks[0], masks[1])
        assert not np.array_equal(masks[0], masks[2])

    @pytest.mark.slow
    def test_explains_a_model_and_leaves_it_as_it_is(self):
        dataset = random_dataset(0, 8)
        model = GSAT(GIN(3, 1, hidden_size=4, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
        before = jax.tree.map(np.array, nnx.to_pure_dict(nnx.state(model)))
        explainer = PGExplainer(4, rngs=nnx.Rngs(2))
        seen = []
        explainer.fit(model, dataset, np.arange(6), epochs=2, on_epoch=lambda *each: seen.append(each))
        assert [epoch for epoch, _ in seen] == [0, 1]
        assert len(explainer(model, dataset, np.arange(8))) == 8
        jax.tree.map(np.testing.assert_array_equal, before, nnx.to_pure_dict(nnx.state(model)))

    def test_embeds_as_the_backbone_does_and_compiles_once_for_equal_models(self):
        dataset = random_dataset(0, 8)
        first, second = (GIN(3, 1, hidden_size=4, rngs=nnx.Rngs(seed)) for seed in (0, 1))
        np.testing.assert_array_equal(node_embedding(first)(dataset[0]), first.embed(dataset[0]))
        trees = [jax.tree.structure(node_embedding(model)) for model in (first, second)]
        assert trees[0] == trees[1]

    def test_bad_settings_are_named(self):
        explainer = PGExplainer(3, rngs=nnx.Rngs(0))
        with pytest.raises(TypeError, match="pass such a function as embed"):
            explainer(classify, MARKED, ALL)
        with pytest.raises(ValueError, match="temperatures are"):
            explainer.fit(classify, MARKED, ALL, embed=features, temperatures=(1.0, 0.0))
        with pytest.raises(ValueError, match="indices is empty"):
            explainer.fit(classify, MARKED, ALL[:0], embed=features)


def test_attention_is_that_of_the_evaluation():
    dataset, indices = random_dataset(2, 8), np.array([3, 0, 5])
    model = GSAT(GIN(3, 1, hidden_size=4, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
    found = attention(model, dataset, indices, batch_size=2)
    expected = Explanations.of_evaluation(dataset, indices, evaluate(model, dataset, indices))
    np.testing.assert_allclose(found.edge_mask, expected.edge_mask, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=1e-4, atol=1e-5)
    with pytest.raises(DataError, match=r"GIN has no attention to explain with; pass a models\.GSAT"):
        attention(model.backbone, dataset, indices)


def test_random_scores_tell_nothing_of_the_graphs_and_need_no_model():
    found = random_scores(None, MARKED, ALL)
    assert found.logits is None
    assert abs(explanation_roc_auc(found.edge_mask, found.edge_labels) - 0.5) < 0.15


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_bad_arguments_are_named(method):
    with pytest.raises(ValueError, match="indices is empty"):
        method(classify, MARKED, ALL[:0])
    with pytest.raises(ValueError, match="target is 'truth', must be prediction or label"):
        method(classify, MARKED, ALL, target="truth")
    with pytest.raises(DataError, match="has graph 99, outside 0"):
        method(classify, MARKED, np.array([0, 99]))
    if method is not gradient_times_input:
        with pytest.raises(ValueError, match="num_steps is 0"):
            method(classify, MARKED, ALL, num_steps=0)
