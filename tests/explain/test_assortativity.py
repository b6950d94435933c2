"""Assortativity by class, by hand and against networkx."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from gnnjax.explain.assortativity import class_assortativity
from tests.explain.attention_graphs import INVALID, attention_graphs

LABELS = np.array([0, 0, 1, 1])


def test_by_hand():
    within = np.kron(np.eye(2), np.full((2, 2), 0.5))
    across = np.kron(1 - np.eye(2), np.full((2, 2), 0.5))
    assert class_assortativity(within, LABELS) == 1
    assert class_assortativity(across, LABELS) == -1
    # 0.2 to the other of the class and 0.1 to each of the two others.
    assert class_assortativity(0.2 * within + 0.1 * across * 2, LABELS) == pytest.approx((0.5 / 1.5 - 0.5) / 0.5)


@given(attention=attention_graphs(3), data=st.data())
def test_without_weights_is_networkxs(attention, data):
    nodes = len(attention)
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=nodes, max_size=nodes)))
    edges = (attention > 0) & ~np.eye(nodes, dtype=bool)
    mixing = np.array([[edges[labels == one][:, labels == two].sum() for two in range(4)] for one in range(4)])
    defined = mixing.any() and mixing.sum(axis=0) @ mixing.sum(axis=1) < mixing.sum() ** 2
    graph = nx.from_numpy_array(edges, create_using=nx.DiGraph)
    nx.set_node_attributes(graph, dict(enumerate(labels.tolist())), "label")
    expected = nx.attribute_assortativity_coefficient(graph, "label") if defined else math.nan
    for make in (np.asarray, sparse.csr_array):
        assert class_assortativity(make(edges.astype(float)), labels) == pytest.approx(expected, nan_ok=True)


def test_self_attention_does_not_count():
    attention = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert class_assortativity(attention, np.array([0, 1])) == -1
    assert math.isnan(class_assortativity(np.eye(2), np.array([0, 1])))


@pytest.mark.parametrize(("matrix", "message"), INVALID)
def test_refuses(matrix, message):
    with pytest.raises(ValueError, match=message):
        class_assortativity(matrix, np.array([0, 1]))


def test_refuses_labels():
    with pytest.raises(ValueError, match="labels must be 2 integers"):
        class_assortativity(np.eye(2), LABELS)
