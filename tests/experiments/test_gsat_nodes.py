"""GSAT on nodes from the command's functions: the whole graph, sampled, again, and explained."""

import numpy as np
import pytest

from configs.gsat_nodes import get_config
from experiments import gsat_nodes
from gnnjax import explain
from gnnjax.data import Neighbourhoods
from gnnjax.errors import DataError, RunError

pytestmark = pytest.mark.filterwarnings("ignore:in .* epochs r does not come to rest")


def small_config(**values):
    config = get_config("generated")
    small = {"dataset.nodes": 200, "dataset.edges": 1200, "model.hidden_size": 8, "training.epochs": 60}
    small |= {name.replace("__", "."): value for name, value in values.items()}
    config.update_from_flattened_dict(small)
    return config


@pytest.mark.slow
def test_a_run_is_stored_shown_again_and_explained(tmp_path):
    config = small_config()
    dataset = gsat_nodes.load_dataset(config)
    results = gsat_nodes.run(config, dataset, tmp_path)
    assert results[0]["accuracy"] > 0.3
    assert 0 <= results[0]["same_class_roc_auc"] <= 1
    assert (tmp_path / "seed-0" / "figures" / "training_curves.png").stat().st_size
    assert gsat_nodes.run(config, dataset, tmp_path) == results
    with pytest.raises(RunError, match="hidden_size"):
        gsat_nodes.run(small_config(model__hidden_size=9), dataset, tmp_path)

    model = gsat_nodes.build_model(config, dataset, 0)
    explanation = explain.explain_node(model, dataset, 17)
    assert explanation.node_names[0] == "17"
    assert explanation.name == "generated, node 17"
    np.testing.assert_array_equal(explanation.graph.nodes[0], dataset.nodes[17])
    ends = np.array(explanation.node_names, int)[np.stack([explanation.graph.senders, explanation.graph.receivers])]
    known = set(zip(dataset.senders.tolist(), dataset.receivers.tolist(), strict=True))
    assert {tuple(edge) for edge in ends.T.tolist()} <= known
    with pytest.raises(DataError, match="there is no node 200"):
        explain.explain_node(model, dataset, 200)


@pytest.mark.slow
def test_sampled(tmp_path):
    config = small_config(neighbours="4,4", training__batch_size=32, training__epochs=2)
    [result] = gsat_nodes.run(config, gsat_nodes.load_dataset(config), tmp_path)
    assert "same_class_roc_auc" not in result


def test_around_needs_sampling():
    with pytest.raises(ValueError, match="whole graph is taken"):
        Neighbourhoods(gsat_nodes.load_dataset(small_config())).around(np.array([0]))
