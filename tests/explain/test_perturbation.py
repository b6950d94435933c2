"""Random losses of edges: at the ends, of both directions at once, in the mean, and the same for the same key."""

import jax
import numpy as np
import pytest

from gnnjax.explain import masked_classifier
from gnnjax.explain.fidelity import fidelity, part_logits
from gnnjax.explain.ground_truth import select_edges
from gnnjax.explain.perturbation import random_perturbation
from tests.explain.edge_sums import TASKS, edge_sums, explanations_of

KEY = jax.random.key(0)


@pytest.mark.parametrize("task", list(TASKS)[:3])
def test_to_lose_all_or_nothing(task):
    explanations, (classify, _) = explanations_of(task), edge_sums(task)
    selected = select_edges(explanations, top_fraction=0.5)
    scores = fidelity(part_logits(explanations, classify, selected), form="accuracy")
    found = random_perturbation(explanations, classify, selected, key=KEY, drop_rate=1, num_draws=2)
    assert found.sufficiency.mean() == pytest.approx(1 - scores.minus)
    assert found.necessity.mean() == pytest.approx(scores.plus)
    found = random_perturbation(explanations, classify, selected, key=KEY, drop_rate=0, num_draws=2)
    assert (found.sufficiency == 1).all()
    assert (found.necessity == 0).all()


def test_what_is_not_to_be_lost_is_kept_and_both_directions_go_together():
    explanations = explanations_of("binary")
    selected = select_edges(explanations, top_fraction=0.5)
    edges = explanations.undirected_edges
    masks = []

    def record(graphs, edge_mask):
        if edge_mask is not None:
            jax.debug.callback(lambda mask: masks.append(np.asarray(mask)), edge_mask)
        return jax.numpy.ones((len(graphs.n_node), 1))

    classify = masked_classifier(lambda _, graphs, mask: record(graphs, mask))
    random_perturbation(explanations, classify, selected, key=KEY, num_draws=4)
    jax.effects_barrier()
    assert len(masks) == 8
    for place, mask in enumerate(mask[: len(selected)] for mask in masks):
        may_go = selected if place >= 4 else ~selected
        assert (mask[~may_go] == 1).all()
        assert 0 < mask[may_go].mean() < 1
        by_edge = np.bincount(edges.number, mask) / np.bincount(edges.number)
        assert set(by_edge.tolist()) <= {0.0, 1.0}
    assert len({mask.tobytes() for mask in masks}) == 8


def test_an_edge_is_lost_as_often_as_asked():
    """With one edge that decides, necessity is the rate at which it is dropped."""
    explanations = explanations_of("binary")
    first = np.zeros(len(explanations.edge_mask), bool)
    first[np.flatnonzero(explanations.undirected_edges.number == 0)] = True

    def decide(_, graphs, edge_mask):
        return (0.5 if edge_mask is None else edge_mask[0] - 0.5) * jax.numpy.ones((len(graphs.n_node), 1))

    found = random_perturbation(
        explanations, masked_classifier(decide), first, key=KEY, drop_rate=0.3, num_draws=60, batch_size=64
    )
    # Four standard deviations.
    assert found.necessity[0] == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 60))
    assert (found.sufficiency == 1).all()


def test_depends_on_the_key_alone():
    explanations, (classify, _) = explanations_of("multiclass"), edge_sums("multiclass")
    selected = select_edges(explanations, top_fraction=0.3)
    one = random_perturbation(explanations, classify, selected, key=KEY, batch_size=3)
    same = random_perturbation(explanations, classify, selected, key=KEY, batch_size=64)
    other = random_perturbation(explanations, classify, selected, key=jax.random.key(1))
    np.testing.assert_allclose(one, same)
    assert not np.allclose(one, other)


def test_bad_arguments():
    explanations, (classify, _) = explanations_of("regression"), edge_sums("regression")
    selected = select_edges(explanations, top_k=1)
    wrong = (({"drop_rate": 1.5}, "drop_rate=1.5"), ({"num_draws": 0}, "num_draws=0"), ({}, "see fidelity"))
    for arguments, message in wrong:
        with pytest.raises(ValueError, match=message):
            random_perturbation(explanations, classify, selected, key=KEY, **arguments)
