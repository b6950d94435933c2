"""Cornell, Texas, Wisconsin, film, Chameleon and Squirrel: directed graphs whose neighbors are mostly of other classes.

Cornell, Texas and Wisconsin are a university's web pages with their links, classified by whose they are; film (Actor)
are actors named on one Wikipedia page; Chameleon and Squirrel are Wikipedia articles with their links, classified by
traffic. Features are words, 0 or 1. Edges keep their direction; repeated ones are left out, self loops are not.

Chameleon and Squirrel hold duplicate nodes, some of them in different parts of a split; see
`data_prep/heterophilous.py` for the graphs without.

Source: Pei et al., ICLR 2020 (arXiv 2002.05287), github.com/graphdml-uiuc-jlu/geom-gcn; Wikipedia: Rozemberczki et al.,
J. Complex Networks 2021 (arXiv 1909.13021). An early version of that repository holds Texas's features in place of
Cornell's; those are refused.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.node_files import (
    GEOM_GCN,
    SHA256,
    check_name,
    fetch_all,
    find_folder,
    named_dataset_main,
    read_splits,
    split_urls,
)
from data_prep.processed import make_processed
from gnnjax.data import NodeDataset, load_nodes, sorted_unique_edges
from gnnjax.data.raw_files import RawFiles
from gnnjax.errors import DataError

__all__ = ["SIZES", "main", "prepare", "read", "url"]

# Nodes, features, rows of the edge file.
SIZES = {
    "cornell": (183, 1703, 298),
    "texas": (183, 1703, 325),
    "wisconsin": (251, 1703, 515),
    "film": (7600, 932, 33391),
    "chameleon": (2277, 2325, 36101),
    "squirrel": (5201, 2089, 217073),
}
NUM_CLASSES = 5

_EDGES, _NODES = "out1_graph_edges.txt", "out1_node_feature_label.txt"
_CORRECTED = "https://raw.githubusercontent.com/graphdml-uiuc-jlu/geom-gcn/master"


def url(dataset: str) -> str:
    """Where a dataset's two files are published. Cornell's were corrected after the version that has the splits."""
    return f"{_CORRECTED if dataset == 'cornell' else GEOM_GCN}/new_data/{dataset}"


def prepare(
    dataset: str, source: str | os.PathLike = "download", *, folder: str | os.PathLike = "data", force: bool = False
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      dataset: one of `SIZES`.
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
            urls = {f"{dataset}/raw/{name}": f"{url(dataset)}/{name}" for name in (_EDGES, _NODES)}
            fetch_all(urls | split_urls(dataset), Path(folder) / "raw")
            return read(dataset, Path(folder) / "raw")
        return read(dataset, source)

    return make_processed(Path(folder) / "processed" / f"{dataset}.npz", make, force=force, read=load_nodes)


def read(dataset: str, path: str | os.PathLike) -> NodeDataset:
    """Reads the published files.

    Args:
      dataset: one of `SIZES`.
      path: a folder with the two text files in `raw/`, either of which may be gzipped, and, where the splits are
        wanted, `splits/`; or the folder that holds that folder under the dataset's name.

    Raises:
      DataError: a file is missing or damaged, or does not fit the others, or Cornell's features are Texas's; names the
        file.
      ValueError: there is no such dataset.
    """
    check_name(dataset, SIZES)
    remedy = f"get the files of {url(dataset)}"
    folder = find_folder(Path(path), dataset, _EDGES, f"{_EDGES}.gz", remedy=remedy)
    files = RawFiles(folder / "raw", remedy=remedy)
    num_nodes, num_features, num_edges = SIZES[dataset]

    def fail(name: str, problem: str):
        raise DataError(f"{files.path}: '{name}': {problem}; {remedy} again")

    def rows(name: str, columns: int, expected: int) -> list[list[str]]:
        content = files.read(name if (files.path / name).is_file() else f"{name}.gz")
        if dataset == "cornell" and hashlib.sha256(content).hexdigest() == SHA256[f"texas/raw/{_NODES}"]:
            fail(name, "these are Texas's features, which an early version of the repository published as Cornell's")
        # The first line names the columns.
        table = [line.split("\t") for line in content.decode("ascii", "replace").splitlines()[1:]]
        if len(table) != expected:
            fail(name, f"has {len(table)} rows, the published file {expected}")
        for number, row in enumerate(table):
            if len(row) != columns:
                fail(name, f"row {number + 1} has {len(row)} columns, must have {columns}")
        return table

    def numbers(name: str, texts: Sequence[str], smallest: int, largest: int) -> np.ndarray:
        for number, text in enumerate(texts):
            if not text.isdecimal() or not smallest <= int(text) <= largest:
                fail(name, f"row {number + 1}: {text!r} is not an integer in {smallest} .. {largest}")
        return np.array(texts).astype(np.int32)

    ids, features, classes = zip(*rows(_NODES, 3, num_nodes), strict=True)
    node_ids = numbers(_NODES, ids, 0, num_nodes - 1)
    if len(np.unique(node_ids)) != num_nodes:
        fail(_NODES, "names a node twice")
    labels = np.empty(num_nodes, np.int32)
    labels[node_ids] = numbers(_NODES, classes, 0, NUM_CLASSES - 1)
    try:
        values = _listed_columns(features, num_features) if dataset == "film" else _table(features)
    except (IndexError, OverflowError, ValueError) as error:
        fail(_NODES, f"the features are not {num_features} numbers in each row ({error})")
    if values.shape != (num_nodes, num_features):
        fail(_NODES, f"has {values.shape[1]} features, the published file {num_features}")
    nodes = np.empty((num_nodes, num_features), np.float32)
    nodes[node_ids] = values

    ends = zip(*rows(_EDGES, 2, num_edges), strict=True)
    senders, receivers = sorted_unique_edges(*(numbers(_EDGES, texts, 0, num_nodes - 1) for texts in ends))
    return NodeDataset(
        name=dataset,
        nodes=nodes,
        senders=senders,
        receivers=receivers,
        labels=labels,
        num_classes=NUM_CLASSES,
        splits=read_splits(folder, dataset),
        source=f"Geom-GCN's {dataset}, published files, {url(dataset)}",
    )


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    named_dataset_main(
        argv,
        prepare,
        SIZES,
        description=(
            "Prepares a graph of web pages (cornell, texas, wisconsin), actors (film) or Wikipedia articles "
            "(chameleon, squirrel), with ten published splits."
        ),
        examples="""\
  python data_prep/geom_gcn.py texas                       download it
  python data_prep/geom_gcn.py squirrel --source copies    use copies of the published files in copies/raw""",
        source="a folder with raw/out1_*.txt and splits/",
    )


def _table(texts: Sequence[str]) -> np.ndarray:
    return np.loadtxt(texts, np.int8, comments=None, delimiter=",", ndmin=2)


def _listed_columns(texts: Sequence[str], num_columns: int) -> np.ndarray:
    """`[texts, num_columns]`, 1 in the columns that each text lists."""
    values = np.zeros((len(texts), num_columns), np.int8)
    for row, text in enumerate(texts):
        columns = np.array(text.split(",")).astype(np.uint16)
        values[row, columns] = 1
    return values


if __name__ == "__main__":
    main()
