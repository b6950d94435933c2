"""Mutagenicity: is a molecule a mutagen? In mutagens the NO2 and NH2 groups are the true explanation.

4337 molecules, one node per atom, of which 2951 are kept. Node features are the atom's element, one-hot of 14. Class 0
is "mutagen" and class 1 "nonmutagen", as published. Signal edges are those of the NO2 and NH2 groups of a mutagen; a
nonmutagen has none, and a mutagen without such a group is left out, because its explanation is not known.

Source: Kazius et al., J. Med. Chem. 2005; as graphs in the TU collection (Morris et al., arXiv 2007.08663). The signal
edges are those of Luo et al., NeurIPS 2020 (arXiv 2011.04573), and are published only in the archive of
github.com/flyingdoog/PGExplainer, which the download is. Which graphs are kept: Miao et al., ICML 2022
(arXiv 2201.12987).
"""

import os
import sys
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch
from data_prep.processed import argument_parser, make_processed, run_command_line
from gnnjax.data import GraphDataset
from gnnjax.data.raw_files import RawFiles
from gnnjax.errors import DataError

__all__ = ["ELEMENTS", "main", "prepare", "read"]

URL = "https://github.com/flyingdoog/PGExplainer/raw/51edc7b3000e980635f68618af027ae24297f6e5/dataset/Mutagenicity.zip"
SHA256 = "20c0134bad28fa23a1dd928c6cf5afa6b6f1db10758d8622cfac7245207a95ca"
ELEMENTS = ("C", "O", "Cl", "H", "N", "F", "Br", "S", "P", "I", "Na", "K", "Li", "Ca")

_ARCHIVE = "Mutagenicity.zip"


def prepare(source: str | os.PathLike = "download", *, folder: str | os.PathLike = "data", force: bool = False) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      source: `"download"`, which fetches the published archive into `<folder>/raw` unless it is there; or a local copy
        (see `read`).
      folder: holds `raw/` and `processed/`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, the download fails, or the raw files are not what was published.
    """

    def make() -> GraphDataset:
        if source == "download":
            return read(fetch(URL, Path(folder) / "raw" / _ARCHIVE, sha256=SHA256))
        return read(source)

    return make_processed(Path(folder) / "processed" / "mutag.npz", make, force=force)


def read(path: str | os.PathLike) -> GraphDataset:
    """Reads the published files.

    Args:
      path: the archive `Mutagenicity.zip`; a folder that holds it, directly or in `raw/`; or a folder of the text
        files that were in it.

    Returns:
      Graphs with node features `[atoms, 14]`, both directions of each bond in the published order, and labels
      `[graphs, 1]`.

    Raises:
      DataError: a file is missing or damaged, or does not fit the others; names the file.
    """
    files = RawFiles(
        _locate(Path(path)),
        remedy=f"it must be from {URL}, since the copy in the TU collection does not have the signal edges",
    )

    def column(field: str, smallest: int, largest: int, rows: int | None = None) -> np.ndarray:
        return _table(files, field, 1, smallest, largest, rows)[:, 0]

    graph_ids = column("graph_indicator", 1, np.iinfo(np.int32).max) - 1
    num_nodes = len(graph_ids)
    if not num_nodes or graph_ids[0] != 0 or not np.isin(np.diff(graph_ids), (0, 1)).all():
        raise DataError(f"{files.path}: '{_file_name('graph_indicator')}' does not count up from 1")
    num_graphs = int(graph_ids[-1]) + 1
    elements = column("node_labels", 0, len(ELEMENTS) - 1, num_nodes)
    classes = column("graph_labels", 0, 1, num_graphs)
    edges = _table(files, "A", 2, 1, num_nodes) - 1
    signal = column("edge_gt", 0, 1, len(edges))
    edge_graph_ids, receiver_graph_ids = graph_ids[edges].T
    if (edge_graph_ids != receiver_graph_ids).any():
        row = np.argmax(edge_graph_ids != receiver_graph_ids)
        raise DataError(f"{files.path}: '{_file_name('A')}', row {row + 1}: the edge joins two graphs")

    signal = np.where(classes[edge_graph_ids] == 0, signal, 0)
    kept = (classes == 1) | (np.bincount(edge_graph_ids[signal == 1], minlength=num_graphs) > 0)
    order = np.argsort(edge_graph_ids, kind="stable")
    order = order[kept[edge_graph_ids[order]]]
    n_node = np.bincount(graph_ids)
    edges -= (np.cumsum(n_node) - n_node)[edge_graph_ids, None]
    atoms = elements[kept[graph_ids]]
    return GraphDataset(
        name="mutag",
        task="binary",
        n_node=n_node[kept].astype(np.int32),
        n_edge=np.bincount(edge_graph_ids, minlength=num_graphs)[kept].astype(np.int32),
        nodes=np.eye(len(ELEMENTS), dtype=np.float32)[atoms],
        senders=edges[order, 0].astype(np.int32),
        receivers=edges[order, 1].astype(np.int32),
        labels=classes[kept, None].astype(np.float32),
        edge_labels=signal[order].astype(np.uint8),
        source=f"Mutagenicity, published files, {URL}",
        kind="molecule",
        node_names=atoms,
        vocabulary=np.array(ELEMENTS),
    )


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares Mutagenicity (Mutag): 2951 molecules with the NO2 and NH2 groups of the mutagens as explanation.",
        """\
  python data_prep/mutag.py                              download it
  python data_prep/mutag.py --source Mutagenicity.zip    use a copy of the published archive""",
    )
    parser.add_argument(
        "--source",
        default="download",
        help="'download' (default), or a local Mutagenicity.zip, a folder that holds it, or a folder of its text files",
    )
    args = parser.parse_args(argv)
    run_command_line(lambda: prepare(args.source, folder=args.folder, force=args.force))


def _locate(path: Path) -> Path:
    if path.is_file():
        return path
    for candidate in (path / "raw" / _ARCHIVE, path / _ARCHIVE):
        if candidate.is_file():
            return candidate
    for candidate in (path / "raw", path):
        if (candidate / _file_name("A")).is_file():
            return candidate
    raise DataError(
        f"{path}: is neither {_ARCHIVE} nor a folder with raw/{_ARCHIVE}, {_ARCHIVE} or {_file_name('A')}; get {URL}"
    )


def _table(
    files: RawFiles, field: str, columns: int, smallest: int, largest: int, rows: int | None = None
) -> np.ndarray:
    name = _file_name(field)
    table = files.table(name, columns)
    if rows is not None and len(table) != rows:
        raise DataError(f"{files.path}: '{name}' must have {rows} rows, has {len(table)}; get {URL} again")
    bad = ((table < smallest) | (table > largest)).any(axis=1)
    if bad.any():
        raise DataError(
            f"{files.path}: '{name}', row {np.argmax(bad) + 1}: {table[np.argmax(bad)]} is outside "
            f"{smallest} .. {largest}"
        )
    return table


def _file_name(field: str) -> str:
    return f"Mutagenicity_{field}.txt"


if __name__ == "__main__":
    main()
