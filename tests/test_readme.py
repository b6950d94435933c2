"""README's Python example runs as it is printed, but for the number of epochs."""

import re
from pathlib import Path

import networkx as nx
import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:in 2 epochs r does not come to rest")
def test_python_example(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= 11
    assert example.count("epochs=100") == 1
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    exec(example.replace("epochs=100", "epochs=2"), namespace)
    graph = namespace["graph"]
    assert isinstance(graph, nx.DiGraph)
    assert graph.number_of_nodes() == 25
    assert all(0 < attention < 1 for *_, attention in graph.edges(data="attention"))
    assert "[(" in capsys.readouterr().out
