import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_prep import communities
from experiments import large_attention_graph
from gnnjax.data import edge_homophily
from gnnjax.errors import DataError

ROOT = Path(__file__).parents[2]


def test_the_generated_graph_has_communities_and_is_the_same_for_the_same_seed():
    dataset = communities.generate(400, 3000)
    assert dataset.num_nodes == 400
    assert 2800 < dataset.num_edges <= 3000
    # Of five edges four stay within their class, and one eighth of the others does by chance.
    assert edge_homophily(dataset) == pytest.approx(0.825, abs=0.03)
    again = communities.generate(400, 3000)
    np.testing.assert_array_equal(again.senders, dataset.senders)
    np.testing.assert_array_equal(again.nodes, dataset.nodes)


def test_a_graph_that_is_none():
    with pytest.raises(DataError, match="10 nodes and 5 edges make no graph"):
        communities.generate(10, 5)


@pytest.mark.slow
def test_training_and_the_pruned_graph(capsys):
    dataset = communities.generate(400, 3000)
    report = large_attention_graph.run(dataset, epochs=9, top_k=16, num_rows=10)
    assert 400 * 8 < report["entries"] <= 400 * 16
    assert 0 < report["dropped_mass_mean"] <= report["dropped_mass_max"] < 1
    # What a row leaves out is all that it is off by.
    assert report["error_of_exact_rows_max"] <= report["dropped_mass_max"] + 1e-5
    assert report["dense_bytes"] == 640_000
    assert all(step["peak_bytes"] > 0 for step in report["steps"].values())
    assert "attention graph, 16 per row:" in capsys.readouterr().out


@pytest.mark.slow
def test_devices_that_share_the_nodes_train_to_the_same_accuracy(tmp_path):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    command = [
        sys.executable,
        "experiments/large_attention_graph.py",
        "--data=generated",
        "--nodes=400",
        "--edges=3000",
    ]
    command += ["--epochs=9", "--top_k=16", "--rows=10", f"--report={tmp_path / 'report.json'}", "--devices=4"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"XLA_FLAGS": flags}, check=True, stdout=subprocess.DEVNULL)
    one = large_attention_graph.run(communities.generate(400, 3000), epochs=9, top_k=16, num_rows=10)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["test_accuracy"] == pytest.approx(one["test_accuracy"], abs=0.01)
    assert report["entries"] == one["entries"]
