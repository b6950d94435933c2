"""The Python example of docs/attention_graphs.md runs as it is printed, on a graph of Texas's size."""

import re
from pathlib import Path

import networkx as nx
import pytest

from gnnjax.data import save
from tests.random_graphs import random_node_dataset

PAGE = (Path(__file__).parents[1] / "docs" / "attention_graphs.md").read_text()


@pytest.mark.slow
def test_python_example_of_attention_graphs(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    save(random_node_dataset(0, num_nodes=183), "data/processed/texas.npz")
    namespace: dict = {}
    exec(example, namespace)
    assert namespace["attention"].shape == (2, 2, 183, 183)
    printed = capsys.readouterr().out
    assert "Recovery(precision=" in printed
    assert "'bias_only': InterventionResult(accuracy=" in printed
    assert nx.read_graphml("texas.graphml").number_of_edges() == 500
