"""BA-2Motifs: tell a five-cycle from a house, either of which hangs on a random tree.

Each of the 1000 graphs has 25 nodes: a 20-node Barabasi-Albert graph (nodes 0 .. 19) and a 5-node motif
(nodes 20 .. 24), a cycle in class 0 and a house in class 1. The motif's edges are the true explanation.

Source: Luo et al., NeurIPS 2020 (arXiv 2011.04573); the published arrays are those of
github.com/flyingdoog/PGExplainer.
"""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch_and_read
from data_prep.processed import argument_parser, make_processed, run_command_line
from data_prep.restricted_pickle import load_arrays
from gnnjax.data import GraphDataset, generate_ba2motifs
from gnnjax.data.ba2motifs import NUM_FEATURES, NUM_NODES, dataset_of_motifs
from gnnjax.data.format import read_archive
from gnnjax.errors import DataError

__all__ = ["main", "prepare", "read_official"]

URL = "https://github.com/flyingdoog/PGExplainer/raw/master/dataset/BA-2motif.pkl"
# Of the arrays and not of the pickle, so that copies in any container can be checked: see _content_checksum.
OFFICIAL_CHECKSUM = "71049c43fe389f4121845c99b05f918f8243987d65d591725035677a389a721f"

_OFFICIAL_SHAPES = {
    "dense_edges": (1000, NUM_NODES, NUM_NODES),
    "node_features": (1000, NUM_NODES, NUM_FEATURES),
    "graph_labels": (1000, 2),
}


def read_official(path: str | os.PathLike) -> GraphDataset:
    """Reads the published arrays and checks that they are unchanged.

    Args:
      path: the published pickle of `(dense_edges, node_features, graph_labels)`, or an `.npz` with arrays of
        these names: adjacency matrices `[1000, 25, 25]`, `[1000, 25, 10]` and one-hot `[1000, 2]`.

    Raises:
      DataError: the file is absent or unreadable, an array does not have that form, or one value differs from
        what was published.
    """
    path = Path(path)
    arrays = _read_arrays(path)
    for field, shape in _OFFICIAL_SHAPES.items():
        _check_array(path, field, arrays[field], shape)
    adjacency, features, labels = (arrays[field] for field in _OFFICIAL_SHAPES)
    _check_graphs(path, "dense_edges", np.isin(adjacency, (0, 1)), "has an entry other than 0 and 1")
    _check_graphs(path, "dense_edges", adjacency == adjacency.transpose(0, 2, 1), "is not symmetric")
    _check_graphs(path, "node_features", np.isfinite(features), "has a value that is not finite")
    one_hot = np.isin(labels, (0, 1)).all(axis=1) & (labels.sum(axis=1) == 1)
    _check_graphs(path, "graph_labels", one_hot, "is not one-hot")

    checksum = _content_checksum(adjacency, features, labels)
    if checksum != OFFICIAL_CHECKSUM:
        raise DataError(
            f"{path}: these are not the published arrays: expected content SHA-256 {OFFICIAL_CHECKSUM}, "
            f"found {checksum}; delete the file and fetch {URL} again"
        )
    return dataset_of_motifs("ba2motifs", adjacency, features, labels.argmax(axis=1), f"published arrays, {URL}")


def prepare(
    source: str | os.PathLike = "generated",
    *,
    folder: str | os.PathLike = "data",
    seed: int = 0,
    num_graphs: int = 1000,
    force: bool = False,
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      source: `"generated"`; `"official"`, which downloads the published file into `<folder>/raw` unless it is
        there; or the path of a local copy of it (see `read_official`).
      folder: holds `raw/` and `processed/`.
      seed, num_graphs: see `data.generate_ba2motifs`; they are part of the file name and mean nothing to the other
        sources.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, the download fails, or the raw file is not what was published.
    """
    if source not in ("generated", "official") and not Path(source).is_file():
        raise DataError(f"source '{source}' is neither 'generated' nor 'official' nor a file")
    name = _generated_name(seed, num_graphs) if source == "generated" else "ba2motifs-official"

    def make() -> GraphDataset:
        if source == "generated":
            return generate_ba2motifs(num_graphs, seed)
        if source == "official":
            return _download_official(Path(folder) / "raw")
        return read_official(source)

    return make_processed(Path(folder) / "processed" / f"{name}.npz", make, force=force)


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares BA-2Motifs: 1000 graphs of 25 nodes, class 0 a five-cycle, class 1 a house.",
        """\
  python data_prep/ba2motifs.py                               generate it, no network needed
  python data_prep/ba2motifs.py --seed 1 --num-graphs 200     another, smaller draw
  python data_prep/ba2motifs.py --source official             download the published arrays
  python data_prep/ba2motifs.py --source BA-2motif.pkl        use a copy of the published file""",
    )
    parser.add_argument(
        "--source",
        default="generated",
        help="'generated' (default), 'official' (download) or a local .pkl or .npz of the published arrays",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the generated graphs (default: %(default)s)")
    parser.add_argument("--num-graphs", type=int, default=1000, help="how many to generate (default: %(default)s)")
    args = parser.parse_args(argv)
    if args.num_graphs < 2 or args.seed < 0:
        parser.error("--num-graphs must be at least 2 and --seed at least 0")
    run_command_line(
        lambda: prepare(args.source, folder=args.folder, seed=args.seed, num_graphs=args.num_graphs, force=args.force)
    )


def _generated_name(seed: int, num_graphs: int) -> str:
    size = "" if num_graphs == 1000 else f"-{num_graphs}graphs"
    return f"ba2motifs-generated-seed{seed}{size}"


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    if path.suffix == ".npz":
        arrays = read_archive(path)
        for field in _OFFICIAL_SHAPES:
            if field not in arrays:
                raise DataError(f"{path}: field '{field}' is missing")
        return arrays
    values = load_arrays(path)
    if not isinstance(values, tuple | list) or len(values) != len(_OFFICIAL_SHAPES):
        raise DataError(f"{path}: must hold the three arrays {', '.join(_OFFICIAL_SHAPES)}")
    return dict(zip(_OFFICIAL_SHAPES, values, strict=True))


def _check_array(path: Path, field: str, array, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or array.shape != shape:
        found = f"{array.dtype}{list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
        raise DataError(f"{path}: field '{field}' must be an array of numbers {list(shape)}, is {found}")


def _check_graphs(path: Path, field: str, correct: np.ndarray, problem: str) -> None:
    wrong = ~correct.reshape(len(correct), -1).all(axis=1)
    if wrong.any():
        raise DataError(f"{path}: graph {np.argmax(wrong)}, field '{field}': {problem}")


def _content_checksum(adjacency: np.ndarray, features: np.ndarray, labels: np.ndarray) -> str:
    """SHA-256 of the arrays' values, in C order as uint8, little-endian float32 and uint8."""
    digest = hashlib.sha256()
    for array, dtype in ((adjacency, "u1"), (features, "<f4"), (labels, "u1")):
        digest.update(np.ascontiguousarray(array, dtype).data)
    return digest.hexdigest()


def _download_official(raw: Path) -> GraphDataset:
    try:
        # The pickle's own checksum is not known, but read_official checks its content.
        return fetch_and_read(URL, raw / "BA-2motif.pkl", read_official)
    except DataError as error:
        raise DataError(f"{error}; or use '--source generated', which needs no network") from error


if __name__ == "__main__":
    main()
