"""Cora, CiteSeer and PubMed: papers that cite each other, to be classified by subject.

A node is a paper, its features the words of it (Cora and CiteSeer: which occur, 0 or 1; PubMed: TF-IDF), and an edge a
citation in either direction. Self loops and repeated edges of the files are left out, as is custom. Of 15 papers of
CiteSeer the files hold the citations alone; as is custom too, they are nodes of class 0 without features.

Source: Sen et al., AI Magazine 2008; the files are those of Yang et al., ICML 2016 (arXiv 1603.08861), which
github.com/kimiyoung/planetoid publishes. The ten splits are those of Pei et al., ICLR 2020 (arXiv 2002.05287).
"""

import os
import sys
from pathlib import Path

import numpy as np
import scipy.sparse

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.node_files import check_name, fetch_all, find_folder, named_dataset_main, read_splits, split_urls
from data_prep.processed import make_processed
from data_prep.restricted_pickle import load_arrays
from gnnjax.data import NodeDataset, load_nodes, sorted_unique_edges
from gnnjax.data.raw_files import RawFiles
from gnnjax.errors import DataError

__all__ = ["SIZES", "URL", "main", "prepare", "read"]

URL = "https://raw.githubusercontent.com/kimiyoung/planetoid/af6abf468a772cc055bec88c52e4d6f51b7c37e3/data"
# Nodes, features, classes, directed edges.
SIZES = {"cora": (2708, 1433, 7, 10556), "citeseer": (3327, 3703, 6, 9104), "pubmed": (19717, 500, 3, 88648)}

_PARTS = ("allx", "ally", "tx", "ty", "graph", "test.index")


def prepare(
    dataset: str, source: str | os.PathLike = "download", *, folder: str | os.PathLike = "data", force: bool = False
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      dataset: `cora`, `citeseer` or `pubmed`.
      source: `"download"`, which fetches the published files into `<folder>/raw/<dataset>` unless they are there; or a
        folder of local copies (see `read`).
      folder: holds `raw/` and `processed/`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, a download fails, or the raw files are not what was published.
      ValueError: there is no such dataset.
    """
    check_name(dataset, SIZES)

    def make() -> NodeDataset:
        if source == "download":
            urls = {f"{dataset}/raw/{name}": f"{URL}/{name}" for name in (f"ind.{dataset}.{part}" for part in _PARTS)}
            fetch_all(urls | split_urls(dataset), Path(folder) / "raw")
            return read(dataset, Path(folder) / "raw")
        return read(dataset, source)

    return make_processed(Path(folder) / "processed" / f"{dataset}.npz", make, force=force, read=load_nodes)


def read(dataset: str, path: str | os.PathLike) -> NodeDataset:
    """Reads the published files.

    Args:
      dataset: `cora`, `citeseer` or `pubmed`.
      path: a folder with `raw/ind.<dataset>.*` and, where the splits are wanted, `splits/`; or the folder that holds
        that folder under the dataset's name.

    Raises:
      DataError: a file is missing or damaged, or does not fit the others; names the file.
      ValueError: there is no such dataset.
    """
    check_name(dataset, SIZES)
    remedy = f"get the files of {URL}"
    folder = find_folder(Path(path), dataset, f"ind.{dataset}.graph", remedy=remedy)
    files = RawFiles(folder / "raw", remedy=remedy)
    num_nodes, num_features, num_classes, num_edges = SIZES[dataset]

    def fail(part: str, problem: str):
        raise DataError(f"{files.path / f'ind.{dataset}.{part}'}: {problem}; {remedy} again")

    def unpickle(part: str):
        try:
            return load_arrays(files.path / f"ind.{dataset}.{part}")
        except DataError as error:
            raise DataError(f"{error}; {remedy} again") from error

    def features(part: str, rows: int | None = None) -> np.ndarray:
        matrix = unpickle(part)
        if not isinstance(matrix, scipy.sparse.csr_array) or matrix.shape != (rows or matrix.shape[0], num_features):
            found = list(getattr(matrix, "shape", ())) or type(matrix).__name__
            fail(part, f"must be a sparse matrix of shape [{rows or 'nodes'}, {num_features}], is {found}")
        return matrix.toarray().astype(np.float32)

    def classes(part: str, rows: int) -> np.ndarray:
        one_hot = unpickle(part)
        if not isinstance(one_hot, np.ndarray) or one_hot.shape != (rows, num_classes):
            found = list(getattr(one_hot, "shape", ())) or type(one_hot).__name__
            fail(part, f"must be an array of shape [{rows}, {num_classes}], is {found}")
        bad = (np.sort(one_hot, axis=1) != [0] * (num_classes - 1) + [1]).any(axis=1)
        if bad.any():
            fail(part, f"row {np.argmax(bad)} does not mark one class")
        return np.argmax(one_hot, axis=1)

    known = features("allx")
    # The test papers come in the order of this list, and some of CiteSeer's are not in it.
    test_ids = files.table(f"ind.{dataset}.test.index", 1)[:, 0]
    if (test_ids < len(known)).any() or (test_ids >= num_nodes).any() or len(np.unique(test_ids)) != len(test_ids):
        fail("test.index", f"must be different nodes from {len(known)} to {num_nodes - 1}")
    nodes = np.zeros((num_nodes, num_features), np.float32)
    nodes[: len(known)] = known
    nodes[test_ids] = features("tx", len(test_ids))
    labels = np.zeros(num_nodes, np.int32)
    labels[: len(known)] = classes("ally", len(known))
    labels[test_ids] = classes("ty", len(test_ids))

    senders, receivers = _edges(unpickle("graph"), num_nodes, lambda problem: fail("graph", problem))
    if len(senders) != num_edges:
        fail("graph", f"has {len(senders)} directed edges, the published graph {num_edges}")
    return NodeDataset(
        name=dataset,
        nodes=nodes,
        senders=senders,
        receivers=receivers,
        labels=labels,
        num_classes=num_classes,
        splits=read_splits(folder, dataset),
        source=f"Planetoid's {dataset}, published files, {URL}",
    )


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    named_dataset_main(
        argv,
        prepare,
        SIZES,
        description="Prepares a citation graph: Cora, CiteSeer or PubMed, with ten published splits.",
        examples="""\
  python data_prep/planetoid.py cora                       download it
  python data_prep/planetoid.py citeseer --source copies   use copies of the published files in copies/raw""",
        source="a folder with raw/ind.<dataset>.* and splits/",
    )


def _edges(graph, num_nodes: int, fail) -> tuple[np.ndarray, np.ndarray]:
    """Each edge once, without self loops, from a dictionary of each node's neighbors."""
    if not isinstance(graph, dict) or set(graph) != set(range(num_nodes)):
        fail(f"must be a dictionary of the nodes 0 .. {num_nodes - 1}")
    if not all(isinstance(neighbors, list) for neighbors in graph.values()):
        fail("must give each node a list of neighbors")
    sender_list = [node for node, neighbors in graph.items() for _ in neighbors]
    receiver_list = [neighbor for neighbors in graph.values() for neighbor in neighbors]
    for neighbor in receiver_list:
        if not isinstance(neighbor, int) or not 0 <= neighbor < num_nodes:
            fail(f"has the neighbor {neighbor!r}, must be 0 .. {num_nodes - 1}")
    senders, receivers = np.array(sender_list, np.int32), np.array(receiver_list, np.int32)
    proper = senders != receivers
    return sorted_unique_edges(senders[proper], receivers[proper])


if __name__ == "__main__":
    main()
