"""Graph-SST2: tell positive from negative sentences by their dependency trees.

A node is a word with 768 features of BERT; words are joined in both directions as the parser linked them, and edge
features are ones. Which words are the true explanation is not known.

The stored split is the "degree-biased" one, made to test generalisation: of the graphs with more than two edges,
those with at least 1.76785714 edges per node are for training (their first tenth for validation) and those with at
most 1.57142857 for test. All others, and the publisher's own split of the sentences, are left unused.

Source: Yuan et al., TPAMI 2022 (arXiv 2012.15445), published with github.com/divelab/DIG; the split is that of
github.com/Graph-COM/GSAT and Wu et al., ICLR 2022 (arXiv 2201.12872).
"""

import json
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from contextlib import ExitStack
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.processed import argument_parser, make_processed, run_command_line
from data_prep.restricted_pickle import load_arrays
from gnnjax.data import GraphDataset
from gnnjax.errors import DataError

__all__ = ["degree_biased_split", "main", "prepare", "read_raw"]

# A page for people: the zip file behind it has no address that a program can rely on.
URL = "https://drive.google.com/drive/folders/1dt0aGMBvCEUYzaG00TYu1D03GPO7305z"
FILES = (
    "Graph-SST2_node_features.pkl",
    "Graph-SST2_node_indicator.txt",
    "Graph-SST2_edge_index.txt",
    "Graph-SST2_graph_labels.txt",
    "Graph-SST2_sentence_tokens.json",
)

_SMALLEST_TRAIN_DEGREE, _LARGEST_TEST_DEGREE = 1.76785714, 1.57142857


def degree_biased_split(n_node: np.ndarray, n_edge: np.ndarray) -> dict[str, np.ndarray]:
    """Splits graphs by their number of edges per node; see the module.

    Args:
      n_node, n_edge: `[graphs]`, each direction of an edge counted.

    Returns:
      Graph indices of `train`, `valid` and `test`, ascending.
    """
    degree = n_edge / n_node
    large = n_edge > 2
    (train,) = np.nonzero(large & (degree >= _SMALLEST_TRAIN_DEGREE))
    (test,) = np.nonzero(large & (degree <= _LARGEST_TEST_DEGREE))
    num_valid = int(0.1 * len(train))
    return {"train": train[num_valid:], "valid": train[:num_valid], "test": test}


def read_raw(source: str | os.PathLike) -> GraphDataset:
    """Reads the published files.

    Args:
      source: a folder with `Graph-SST2_node_features.pkl` (an array `[nodes, features]`), `_node_indicator.txt` (per
        node the number of its graph, from 1), `_edge_index.txt` (per edge two nodes, from 0 over all graphs, in one
        direction), `_graph_labels.txt` (0 or 1) and `_sentence_tokens.json` (per graph the list of its words); or a
        zip archive with these files in any folder.

    Raises:
      DataError: a file is absent or unreadable, or the files do not fit together. The pickle is read without running
        any code that it names.
    """
    source = Path(source)
    with ExitStack() as stack:
        folder = source
        if not source.is_dir():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            _unpack(source, folder)
        features, indicator, edges, labels, tokens = (folder / name for name in FILES)
        for path in (features, indicator, edges, labels, tokens):
            if not path.is_file():
                raise DataError(f"{source}: {path.name} is missing; it is in Graph-SST2.zip from {URL}")
        return _read_files(features, indicator, edges, labels, tokens)


def prepare(
    source: str | os.PathLike | None = None, *, folder: str | os.PathLike = "data", force: bool = False
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      source: a folder or zip archive of the published files (see `read_raw`), by default `<folder>/raw/Graph-SST2.zip`.
        There is no download: the publisher offers a page for people only.
      folder: holds `raw/` and `processed/`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, or it is not what was published.
    """
    path = Path(folder) / "raw" / "Graph-SST2.zip" if source is None else Path(source)

    def make() -> GraphDataset:
        if not path.exists():
            raise DataError(f"{path}: there is no such file; fetch Graph-SST2.zip from {URL} and put it there")
        return read_raw(path)

    return make_processed(Path(folder) / "processed" / "graph_sst2.npz", make, force=force)


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        f"Prepares Graph-SST2. Fetch Graph-SST2.zip by hand from {URL} first.",
        """  python data_prep/graph_sst2.py                              reads data/raw/Graph-SST2.zip
  python data_prep/graph_sst2.py --source Graph-SST2/raw/      a folder with the unpacked files""",
    )
    parser.add_argument("--source", help="a folder or zip archive (default: raw/Graph-SST2.zip in --folder)")
    args = parser.parse_args(argv)
    run_command_line(lambda: prepare(args.source, folder=args.folder, force=args.force))


def _unpack(source: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            for member in archive.namelist():
                # By its last name, so that no path in the archive leads out of the folder.
                name = member.rpartition("/")[2]
                if name in FILES:
                    with archive.open(member) as packed, open(folder / name, "wb") as file:
                        shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{source}: is neither a folder nor a readable zip archive ({error})") from error


def _read_files(features: Path, indicator: Path, edges: Path, labels: Path, tokens: Path) -> GraphDataset:
    nodes = load_arrays(features)
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 2 or nodes.dtype.kind != "f":
        found = f"{nodes.dtype}{list(nodes.shape)}" if isinstance(nodes, np.ndarray) else type(nodes).__name__
        raise DataError(f"{features}: must be an array of floats [nodes, features], is {found}")

    graph_labels = _read_integers(labels)
    if not np.isin(graph_labels, (0, 1)).all():
        raise DataError(f"{labels}: must hold only 0 and 1, graph {np.argmax(~np.isin(graph_labels, (0, 1)))} has not")

    graph_ids = _read_integers(indicator) - 1
    if len(graph_ids) != len(nodes):
        raise DataError(f"{indicator}: has {len(graph_ids)} nodes, {features.name} has {len(nodes)}")
    if not np.array_equal(np.unique(graph_ids), np.arange(len(graph_labels))) or (np.diff(graph_ids) < 0).any():
        raise DataError(f"{indicator}: must number the {len(graph_labels)} graphs of {labels.name} from 1, in order")
    n_node = np.bincount(graph_ids)

    pairs = _read_integers(edges, columns=2)
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < len(nodes):
        raise DataError(f"{edges}: has a node outside 0 .. {len(nodes) - 1}")
    across = graph_ids[pairs[:, 0]] != graph_ids[pairs[:, 1]]
    if across.any():
        raise DataError(f"{edges}: line {np.argmax(across) + 1} joins nodes of two graphs")
    both = np.concatenate([pairs[:, ::-1], pairs])
    edge_graph_ids = graph_ids[both[:, 0]]
    order = np.argsort(edge_graph_ids, kind="stable")
    first_nodes = np.concatenate([[0], np.cumsum(n_node)[:-1]])
    senders, receivers = (both - first_nodes[edge_graph_ids, None])[order].astype(np.int32).T
    n_edge = np.bincount(edge_graph_ids, minlength=len(n_node))

    vocabulary, node_names = np.unique(_read_words(tokens, n_node), return_inverse=True)
    return GraphDataset(
        name="graph_sst2",
        task="binary",
        n_node=n_node.astype(np.int32),
        n_edge=n_edge.astype(np.int32),
        nodes=nodes.astype(np.float32, copy=False),
        senders=senders,
        receivers=receivers,
        labels=graph_labels[:, None].astype(np.float32),
        edges=np.ones((len(senders), 1), np.float32),
        splits=degree_biased_split(n_node, n_edge),
        source=f"published files, {URL}",
        kind="sentence",
        node_names=node_names.astype(np.int32),
        vocabulary=vocabulary,
    )


def _read_integers(path: Path, columns: int | None = None) -> np.ndarray:
    """`[lines]`, or `[lines, columns]`."""
    try:
        values = np.loadtxt(path, np.int64, ndmin=1 if columns is None else 2)
    except ValueError as error:
        raise DataError(f"{path}: is not a table of integers ({error})") from error
    if values.shape != (len(values), *([] if columns is None else [columns])):
        raise DataError(f"{path}: must have {columns or 1} numbers per line, has an array {list(values.shape)}")
    return values


def _read_words(path: Path, n_node: np.ndarray) -> np.ndarray:
    """`[nodes]` unicode."""
    try:
        sentences = list(json.loads(path.read_text(encoding="utf-8")).values())
        lengths = np.array([len(words) for words in sentences])
        words = np.array([str(word) for words in sentences for word in words])
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{path}: must map each graph to a list of words ({error})") from error
    if len(lengths) != len(n_node):
        raise DataError(f"{path}: has {len(lengths)} sentences for {len(n_node)} graphs")
    if (lengths != n_node).any():
        graph = np.argmax(lengths != n_node)
        raise DataError(f"{path}: graph {graph} has {lengths[graph]} words for {n_node[graph]} nodes")
    return words


if __name__ == "__main__":
    main()
