"""Graphs from tables: every row arrives, and every wrong entry is named by file, line and value."""

import contextlib
import csv
import gzip
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data.from_edge_lists import from_edge_list
from gnnjax.errors import DataError
from tests.data.damage import damaged_bytes
from tests.random_graphs import random_dataset

EDGES = "graph,source,target,label,weight,signal\nB,x,y,1,0.5,1\nA,y,x,0,2,0\nB,y,z,1,-1,0\n"
NODES = "graph,node,charge,mass\nA,x,1,0.5\nA,y,2,1\nB,z,0,2\nB,x,3,3\nB,y,4,4\nA,lone,9,9\n"
GRAPHS = "graph,toxic,soluble\nA,1,\nB,0,1\n"


@pytest.fixture
def tables(tmp_path):
    """Writes files and returns their paths."""

    def write(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return [tmp_path / f"{name}.csv" for name in contents]

    return write


class TestRead:
    def test_edges_alone(self, tables):
        (path,) = tables(mine=EDGES)
        data = from_edge_list(path, edge_feature_columns=["weight"], edge_label_column="signal")
        np.testing.assert_array_equal(data.n_node, [3, 2])
        np.testing.assert_array_equal(data.senders, [0, 1, 0])
        np.testing.assert_array_equal(data.receivers, [1, 2, 1])
        assert data.vocabulary[data.node_names].tolist() == ["x", "y", "z", "y", "x"]
        np.testing.assert_array_equal(data.edges, np.float32([[0.5], [-1], [2]]), strict=True)
        np.testing.assert_array_equal(data.edge_labels, [1, 0, 0])
        np.testing.assert_array_equal(data.labels, np.float32([[1], [0]]), strict=True)
        np.testing.assert_array_equal(data.nodes, np.ones((5, 1)))
        assert (data.name, data.task) == ("mine", "binary")

    def test_all_tables(self, tables):
        edges, nodes, graphs = tables(edges=EDGES, nodes=NODES, graphs=GRAPHS)
        data = from_edge_list(
            edges, node_table=nodes, graph_table=graphs, label_columns=["toxic", "soluble"], undirected=True, name="all"
        )
        assert data.vocabulary[data.node_names].tolist() == ["x", "y", "lone", "z", "x", "y"]
        np.testing.assert_array_equal(data.nodes[:3], np.float32([[1, 0.5], [2, 1], [9, 9]]), strict=True)
        np.testing.assert_array_equal(data.senders, [1, 0, 1, 2, 2, 0])
        np.testing.assert_array_equal(data.receivers, [0, 1, 2, 0, 1, 2])
        np.testing.assert_array_equal(data.labels, np.float32([[1, np.nan], [0, 1]]), strict=True)
        assert (data.name, data.task) == ("all", "multilabel")

    def test_without_labels(self, tables):
        edges, nodes = tables(edges="graph,source,target\nA,x,y\n", nodes="graph,node\nA,x\nA,y\nB,x\n")
        data = from_edge_list(edges, node_table=nodes, unlabelled=2)
        np.testing.assert_array_equal(data.labels, np.full((2, 2), np.nan, np.float32), strict=True)
        np.testing.assert_array_equal(data.n_edge, [1, 0])
        assert data.task == "multilabel"
        with pytest.raises(ValueError, match="unlabelled must be at least 1"):
            from_edge_list(edges, unlabelled=0)

    def test_chosen_columns_and_delimiters(self, tmp_path):
        path, nodes = tmp_path / "mine.tsv.gz", tmp_path / "nodes.txt"
        path.write_bytes(gzip.compress(b"\xef\xbb\xbfg\tfrom\tto\ty\r\n1\ta\tb\t2\r\n\r\n2\tc\tc\t0\r\n"))
        nodes.write_text("g\tname\tp\tq\n1\tb\t1\t2\n1\ta\t3\t4\n2\tc\t5\t6\n")
        data = from_edge_list(
            path,
            node_table=nodes,
            graph_column="g",
            source_column="from",
            target_column="to",
            node_column="name",
            label_columns=["y"],
            node_feature_columns=["q"],
            delimiter="\t",
        )
        np.testing.assert_array_equal(data.nodes, [[2], [4], [6]])
        np.testing.assert_array_equal(data.labels, np.int32([2, 0]), strict=True)
        assert (data.name, data.task) == ("mine", "multiclass")

    def test_real_values(self, tables):
        (path,) = tables(mine="graph,source,target,label\n1,a,b,0.25\n2,a,b,\n")
        data = from_edge_list(path, task="regression")
        np.testing.assert_array_equal(data.labels, np.float32([[0.25], [np.nan]]), strict=True)

    @given(seed=st.integers(0, 1000), num_graphs=st.integers(4, 6))
    def test_round_trip(self, tmp_path_factory, seed, num_graphs):
        expected = random_dataset(seed, num_graphs, edge_features=1)
        folder = tmp_path_factory.mktemp("tables")
        rows = {"edges": [["graph", "source", "target", "w", "s"]], "nodes": [["graph", "node", "a", "b", "c"]]}
        rows["graphs"] = [["graph", "label"], *([graph, expected.labels[graph, 0]] for graph in range(num_graphs))]
        for graph in range(num_graphs):
            one, signal = expected[graph], expected.edge_labels[expected.edge_slice(graph)]
            rows["nodes"] += [[graph, f"n{node}", *values] for node, values in enumerate(one.nodes.astype(float))]
            rows["edges"] += [
                [graph, f"n{u}", f"n{v}", float(w), s]
                for u, v, (w,), s in zip(one.senders, one.receivers, one.edges, signal, strict=True)
            ]
        for name, table in rows.items():
            with open(folder / f"{name}.csv", "w", newline="") as file:
                csv.writer(file).writerows(table)
        found = from_edge_list(
            folder / "edges.csv",
            node_table=folder / "nodes.csv",
            graph_table=folder / "graphs.csv",
            edge_feature_columns=["w"],
            edge_label_column="s",
            splits=expected.splits,
        )
        assert found.fingerprint() == expected.fingerprint()


class TestBadInput:
    @pytest.mark.parametrize(
        ("file", "content", "message"),
        [
            ("edges", "", "line 1: no column 'graph'; there are none"),
            ("edges", "graph,source\n", "line 1: no column 'target'; there are graph, source"),
            ("edges", "graph,graph,source,target\n", "line 1: several columns 'graph'"),
            ("edges", "graph,source,target\nA,x\n", "line 2: 'A,x' must have 3 entries, as the header"),
            ("edges", "graph,source,target\nA,x,y,z\n", "line 2: 'A,x,y,z' must have 3 entries"),
            ("edges", "graph,source,target\nA,x,\n", "line 2, column 'target': '' must not be empty"),
            ("edges", "graph,source,target\n ,x,y\n", "line 2, column 'graph': '' must not be empty"),
            ("edges", "graph,source,target\n\nA,x,q\n", "line 3, column 'target': 'q' is not a node of graph 'A' in"),
            ("edges", "graph,source,target\nC,x,y\n", "line 2, column 'graph': 'C' is not a graph of"),
            ("edges", b"graph,source,target\nA,\xff,y\n", "cannot be read after line"),
            ("edges", 'graph,source,target\nA,"x,y\n', "cannot be read after line"),
            ("nodes", "graph,node,c\nA,x,1\nA,x,2\n", "line 3, column 'node': 'x' is there a second time in graph 'A'"),
            ("nodes", "graph,node,c\nA,x,nan\n", "line 2, column 'c': 'nan' must be a finite number"),
            ("nodes", "graph,node,c\nA,x,1e39\n", "line 2, column 'c': '1e39' must be a finite number"),
            ("nodes", "graph,node,c\nA,x,-inf\n", "line 2, column 'c': '-inf' must be a finite number"),
            ("nodes", "graph,node,c\nA,x,carbon\n", "line 2, column 'c': 'carbon' is not a number"),
            ("nodes", "graph,node,c\nA,x,\n", "line 2, column 'c': '' is not a number"),
            ("nodes", "graph,node,c\nD,x,1\n", "line 2, column 'graph': 'D' is not a graph of"),
            ("nodes", "graph,node,c\n", "line 2, column 'source': 'x' is not a node of graph 'B' in"),
            ("graphs", "graph,toxic\nA,1\nA,1\n", "line 3, column 'graph': 'A' is there a second time"),
            ("graphs", "graph,toxic\nA,yes\n", "line 2, column 'toxic': 'yes' is not a number"),
            ("graphs", "graph,toxic\nA,inf\n", "line 2, column 'toxic': 'inf' must be a finite number"),
            ("graphs", "graph,label\nA,1\n", "line 1: no column 'toxic'; there are graph, label"),
            ("graphs", GRAPHS + "C,1,1\n", "line 4, column 'graph': 'C' has no nodes in"),
        ],
    )
    def test_names_the_file_the_line_and_the_value(self, tables, file, content, message):
        edges, nodes, graphs = tables(**{"edges": EDGES, "nodes": NODES, "graphs": GRAPHS} | {file: content})
        blamed = edges if "not a node" in message else {"edges": edges, "nodes": nodes, "graphs": graphs}[file]
        with pytest.raises(DataError, match=f"^{blamed}: {re.escape(message)}"):
            from_edge_list(edges, node_table=nodes, graph_table=graphs, label_columns=["toxic"])

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("A,x,y,1\nA,y,x,0\n", "line 3, column 'label': '0' differs from the label of an earlier edge"),
            ("A,x,y,\nA,y,x,0\n", "line 3, column 'label': '0' differs from the label of an earlier edge"),
            ("A,x,y,a\n", "line 2, column 'label': 'a' is not a number"),
            ("A,x,y,0.5\n", "edges: graph 0, field 'labels': is [0.5], neither 0, 1"),
            ("A,x,y,-1\n", "edges: graph 0, field 'labels': is [-1], neither 0, 1"),
            ("A,x,y,1e30\n", "edges: graph 0, field 'labels': is [1e+30], neither 0, 1"),
            ("", "edges: field 'edge_index': there are no graphs"),
        ],
    )
    def test_labels(self, tables, content, message):
        (edges,) = tables(edges="graph,source,target,label\n" + content)
        with pytest.raises(DataError, match=f"^{edges}: {re.escape(message)}"):
            from_edge_list(edges)

    def test_edge_labels_and_graphs_without_edges(self, tables):
        edges, nodes = tables(edges=EDGES, nodes=NODES + "C,x,1,1\n")
        with pytest.raises(DataError, match=f"^{edges}: line 2, column 'weight': '0.5' must be 0 or 1"):
            from_edge_list(edges, edge_label_column="weight")
        message = f"^{nodes}: line 8, column 'graph': 'C' has no edge in {edges}, .*; give a graph_table"
        with pytest.raises(DataError, match=message):
            from_edge_list(edges, node_table=nodes)
        with pytest.raises(ValueError, match="label_columns must be a list of names"):
            from_edge_list(edges, label_columns="label")

    def test_missing_and_damaged_files(self, tmp_path):
        with pytest.raises(DataError, match=r"none\.csv: there is no such file"):
            from_edge_list(tmp_path / "none.csv")
        with pytest.raises(DataError, match="cannot be read after line 0"):
            from_edge_list(tmp_path)
        path = tmp_path / "edges.csv.gz"
        content = gzip.compress(EDGES.encode())
        for damaged in (content[:-12], b"text", content[:12] + b"\xff\xff" + content[14:]):
            path.write_bytes(damaged)
            with pytest.raises(DataError, match=r"edges\.csv\.gz: cannot be read after line"):
                from_edge_list(path)

    @given(data=st.data())
    def test_damage(self, tmp_path_factory, data):
        """Whatever happens to a table, a dataset comes out or a DataError."""
        folder = tmp_path_factory.mktemp("tables")
        contents = {"edges": EDGES.encode(), "nodes": NODES.encode(), "graphs": GRAPHS.encode()}
        name = data.draw(st.sampled_from(sorted(contents)))
        entries = [b"nan", b"", b"-1", b"1e40", b'"', b"inf", b"\0", b"A"]
        content = data.draw(damaged_bytes(contents[name], entries, [b"1", b"x", b"0"]))
        for file, text in (contents | {name: content}).items():
            (folder / f"{file}.csv").write_bytes(text)
        with contextlib.suppress(DataError):
            from_edge_list(
                folder / "edges.csv",
                node_table=folder / "nodes.csv" if data.draw(st.booleans()) else None,
                graph_table=folder / "graphs.csv",
                label_columns=["toxic", "soluble"],
                edge_feature_columns=["weight"],
                edge_label_column="signal",
                undirected=True,
            )
