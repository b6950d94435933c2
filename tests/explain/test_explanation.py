"""Explanations of one graph and of many: selections, subgraphs, networkx, every invalid field."""

import dataclasses

import jraph
import networkx as nx
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.errors import DataError
from gnnjax.explain import Explanation, Explanations, masked_classifier, masked_logits
from gnnjax.graphs import reverse_edges
from gnnjax.models import GIN, GSAT
from gnnjax.train import evaluate
from tests.random_graphs import random_dataset


def undirected(pairs, num_nodes, values):
    """Both directions of each pair side by side, with the value of each direction."""
    edges = np.array([edge for pair in pairs for edge in (pair, pair[::-1])], np.int32).reshape(-1, 2)
    graph = jraph.GraphsTuple(
        np.arange(num_nodes, dtype=np.float32)[:, None],
        None,
        edges[:, 1],
        edges[:, 0],
        None,
        np.array([num_nodes]),
        np.array([len(edges)]),
    )
    return Explanation(graph, np.array(values, np.float32))


# A triangle 0 1 2 with a tail 2 3, and an edge 4 5 by itself.
EXAMPLE = undirected([(0, 1), (1, 2), (2, 0), (2, 3), (4, 5)], 6, [0.9, 0.75, 0.8, 0.8, 0.6, 0.6, 0.1, 0.1, 0.7, 0.7])


class TestSelect:
    @pytest.mark.parametrize(
        ("selection", "pairs"),
        [
            ({"threshold": 0.7}, [0, 1, 4]),
            ({"top_k": 2}, [0, 1]),
            ({"top_k": 0}, []),
            ({"top_k": 99}, [0, 1, 2, 3, 4]),
            ({"top_fraction": 0.6}, [0, 1, 4]),
            ({"top_fraction": 0.61}, [0, 1, 2, 4]),
            ({"threshold": 0.5, "largest_component": True}, [0, 1, 2]),
        ],
    )
    def test_both_directions_are_one_edge(self, selection, pairs):
        assert np.flatnonzero(EXAMPLE.select(**selection)).tolist() == [
            2 * pair + way for pair in pairs for way in (0, 1)
        ]

    def test_nothing_selected_has_no_component(self):
        assert not EXAMPLE.select(top_k=0, largest_component=True).any()

    @pytest.mark.parametrize("selection", [{}, {"top_k": 1, "threshold": 0.5}, {"top_k": -1}, {"top_fraction": 1.5}])
    def test_needs_one_sensible_rule(self, selection):
        with pytest.raises(ValueError, match="top_k"):
            EXAMPLE.select(**selection)

    @given(st.integers(0, 1000), st.integers(0, 20))
    def test_takes_the_largest_of_any_graph(self, seed, top_k):
        dataset = random_dataset(seed, 4)
        graph = dataset[seed % 4]
        mask = np.random.default_rng(seed).uniform(size=int(graph.n_edge[0]))
        chosen = Explanation(graph, mask).select(top_k=top_k)
        reverse = reverse_edges(graph.senders, graph.receivers, np.zeros(len(mask), int), 1)
        mean = (mask + mask[reverse]) / 2
        assert (chosen == chosen[reverse]).all()
        assert min(mean[chosen], default=1) >= max(mean[~chosen], default=0)
        assert len({min(edge, reverse[edge]) for edge in np.flatnonzero(chosen)}) <= top_k


class TestSubgraph:
    def test_numbers_nodes_anew(self):
        part = EXAMPLE.subgraph(EXAMPLE.select(top_k=3, largest_component=True))
        assert part.nodes.tolist() == [0, 1, 2]
        assert part.graph.nodes[:, 0].tolist() == [0, 1, 2]
        tail = EXAMPLE.complement(top_k=4)
        assert tail.nodes.tolist() == [2, 3]
        assert (tail.graph.senders.tolist(), tail.graph.receivers.tolist()) == ([0, 1], [1, 0])
        assert (tail.graph.n_node.tolist(), tail.graph.n_edge.tolist()) == ([2], [2])

    @given(st.integers(0, 1000))
    def test_and_complement_share_the_edges_out(self, seed):
        graph = random_dataset(seed, 4)[seed % 4]
        explanation = Explanation(graph, np.random.default_rng(seed).uniform(size=int(graph.n_edge[0])))
        part, rest = explanation.subgraph(top_fraction=0.5), explanation.complement(top_fraction=0.5)
        assert sorted([*part.edges, *rest.edges]) == list(range(explanation.num_edges))
        for some in (part, rest):
            assert (some.nodes[some.graph.senders] == graph.senders[some.edges]).all()
            assert (some.graph.nodes == graph.nodes[some.nodes]).all()

    def test_selection_must_be_one_truth_value_per_edge(self):
        with pytest.raises(DataError, match=r"selected must be bool\[10\]"):
            EXAMPLE.subgraph(np.ones(3, bool))


class TestToNetworkx:
    def test_attributes(self):
        explanation = dataclasses.replace(
            EXAMPLE, node_mask=np.linspace(0, 1, 6), node_names=list("CCCONN"), edge_labels=np.ones(10, np.uint8)
        )
        graph = explanation.to_networkx(top_k=1)
        assert sorted(graph.edges) == [(0, 1), (1, 0)]
        assert graph.edges[0, 1]["importance"] == pytest.approx(0.9)
        assert graph.edges[0, 1]["truth"] == 1
        assert [graph.nodes[node]["name"] for node in graph] == list("CCCONN")
        assert graph.nodes[5]["importance"] == 1

    def test_parallel_edges_keep_their_values(self):
        graph = EXAMPLE.graph._replace(senders=np.array([0, 0, 1]), receivers=np.array([1, 1, 2]), n_edge=np.array([3]))
        result = Explanation(graph, np.array([0.1, 0.2, 0.3])).to_networkx(threshold=0.15)
        assert isinstance(result, nx.MultiDiGraph)
        assert [importance for *_, importance in result.edges(data="importance")] == [0.2, 0.3]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("edge_mask", np.ones(3)),
        ("edge_mask", np.ones(10, int)),
        ("edge_mask", np.full(10, np.nan)),
        ("node_mask", np.ones(5)),
        ("prediction", np.array([np.inf])),
        ("edge_labels", np.full(10, 2)),
        ("node_names", ["C"]),
        ("node_names", [1] * 6),
        ("graph", EXAMPLE.graph._replace(n_node=np.array([3, 3]), n_edge=np.array([5, 5]))),
        ("graph", EXAMPLE.graph._replace(senders=np.full(10, 6))),
        ("graph", EXAMPLE.graph._replace(nodes=np.ones((2, 1)))),
    ],
)
def test_an_invalid_field_is_named(field, value):
    with pytest.raises(DataError, match=f"field '{field}"):
        dataclasses.replace(EXAMPLE, **{field: value})


class TestExplanations:
    dataset = random_dataset(3, 8)
    indices = np.array([5, 0, 2])

    def explanations(self, **changes):
        rows = int(self.dataset.n_edge[self.indices].sum())
        fields = {"edge_mask": np.linspace(0, 1, rows), "method": "made up"} | changes
        return Explanations(self.dataset, self.indices, **fields)

    def test_is_a_sequence(self):
        nodes = np.arange(self.dataset.n_node[self.indices].sum(), dtype=float)
        found = self.explanations(node_mask=nodes, logits=np.ones((3, 1)))
        assert len(list(found)) == 3
        np.testing.assert_array_equal(np.concatenate([each.edge_mask for each in found]), found.edge_mask)
        np.testing.assert_array_equal(np.concatenate([each.node_mask for each in found]), nodes)
        np.testing.assert_array_equal(np.concatenate([each.edge_labels for each in found]), found.edge_labels)
        assert found[-1].name == "random, graph 2"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("edge_mask", np.ones(2)),
            ("edge_mask", np.ones(2, int)),
            ("node_mask", np.ones(1)),
            ("logits", np.ones((2, 1))),
        ],
    )
    def test_an_invalid_field_is_named(self, field, value):
        with pytest.raises(DataError, match=f"random, made up: field '{field}'"):
            self.explanations(**{field: value})

    def test_a_value_that_is_not_finite_is_traced_to_its_graph(self):
        mask = self.explanations().edge_mask.copy()
        mask[-1] = np.nan
        with pytest.raises(DataError, match="is nan in graph 0"):
            self.explanations(edge_mask=mask)

    def test_an_unknown_graph_is_named(self):
        with pytest.raises(DataError, match="has graph 8, outside"):
            Explanations(self.dataset, np.array([8]), np.ones(0))


class TestMaskedClassifier:
    dataset = random_dataset(1, 12)
    indices = np.arange(12)[::-1]
    backbone = GIN(3, 1, hidden_size=4, rngs=nnx.Rngs(0))

    def test_a_mask_of_ones_changes_nothing_and_zeros_take_the_messages_away(self):
        classify = masked_classifier(self.backbone)
        whole = masked_logits(classify, self.dataset, self.indices, batch_size=5)
        ones = np.ones(self.dataset.n_edge.sum())
        np.testing.assert_allclose(
            masked_logits(classify, self.dataset, self.indices, ones, batch_size=5), whole, rtol=1e-5, atol=1e-6
        )
        alone = masked_logits(classify, self.dataset, self.indices, 0 * ones, batch_size=5)
        without = dataclasses.replace(
            self.dataset,
            n_edge=0 * self.dataset.n_edge,
            senders=self.dataset.senders[:0],
            receivers=self.dataset.receivers[:0],
            edge_labels=None,
        )
        np.testing.assert_allclose(masked_logits(classify, without, self.indices), alone, rtol=1e-5, atol=1e-6)
        assert not np.allclose(alone, whole)

    def test_gsat_predicts_as_in_evaluation_and_masks_its_attention(self):
        model = GSAT(self.backbone, rngs=nnx.Rngs(1))
        evaluation = evaluate(model, self.dataset, self.indices)
        explained = Explanations.of_evaluation(self.dataset, self.indices, evaluation)
        whole = masked_logits(masked_classifier(model), self.dataset, self.indices)
        np.testing.assert_allclose(whole, explained.logits, rtol=1e-5, atol=1e-6)
        half = masked_logits(
            masked_classifier(model), self.dataset, self.indices, np.full_like(explained.edge_mask, 0.5)
        )
        by_hand = masked_logits(masked_classifier(self.backbone), self.dataset, self.indices, 0.5 * explained.edge_mask)
        np.testing.assert_allclose(half, by_hand, rtol=1e-4, atol=1e-5)

    def test_a_plain_function_of_weights(self):
        def mean_degree(weights, graphs, edge_mask):
            ones = np.ones(len(graphs.senders)) if edge_mask is None else edge_mask
            return weights * (ones.sum() * np.ones((len(graphs.n_node), 1)))

        logits = masked_logits(masked_classifier(mean_degree, np.float32(2)), self.dataset, self.indices[:1])
        assert logits.shape == (1, 1)
