"""The molecules of the Open Graph Benchmark: ogbg-molhiv, -molbace, -molbbbp, -molclintox, -molsider and -moltox21.

Atoms and bonds have categorical features (see `molecules`), each bond is two edges, and the split by scaffold is the
published one. Of several tasks, labels may be missing.

Source: Hu et al., NeurIPS 2020 (arXiv 2005.00687), after Wu et al., Chem. Sci. 2018 (MoleculeNet, arXiv 1703.00564).
"""

import os
import sys
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch_and_read
from data_prep.molecules import ATOM_FEATURES, BOND_FEATURES, molecule_dataset
from data_prep.processed import argument_parser, make_processed, run_command_line
from data_prep.raw_files import RawFiles
from gnnjax.data import GraphDataset
from gnnjax.errors import DataError

__all__ = ["SIZES", "main", "prepare", "read"]

URL = "https://snap.stanford.edu/ogb/data/graphproppred/csv_mol_download"
# Published numbers of graphs and tasks.
SIZES = {
    "hiv": (41127, 1),
    "bace": (1513, 1),
    "bbbp": (2039, 1),
    "clintox": (1477, 2),
    "sider": (1427, 27),
    "tox21": (7831, 12),
}
_PARTS = ("train", "valid", "test")


def prepare(
    dataset: str = "hiv",
    source: str | os.PathLike = "download",
    *,
    folder: str | os.PathLike = "data",
    force: bool = False,
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      dataset: hiv, bace, bbbp, clintox, sider or tox21.
      source: `"download"`, which fetches the published archive into `<folder>/raw` unless it is there; or a local copy
        (see `read`).
      folder: holds `raw/` and `processed/`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such dataset or source, the download fails, or the raw files are not what was published.
    """
    _check_name(dataset)

    def make() -> GraphDataset:
        if source != "download":
            return read(source, dataset)
        archive = Path(folder) / "raw" / f"ogbg_mol{dataset}.zip"
        # No checksum is published; what the archive holds is checked instead.
        return fetch_and_read(f"{URL}/{dataset}.zip", archive, lambda path: read(path, dataset))

    return make_processed(Path(folder) / "processed" / f"ogbg_mol{dataset}.npz", make, force=force)


def read(path: str | os.PathLike, dataset: str) -> GraphDataset:
    """Reads the published files.

    Args:
      path: the published archive; a folder with its `raw/` and `split/scaffold/`; or a folder that holds that one
        under the name `<dataset>` or `ogbg_mol<dataset>`.
      dataset: hiv, bace, bbbp, clintox, sider or tox21.

    Returns:
      Graphs with node features `[atoms, 9]`, edge features `[2 bonds, 3]` (each bond's edge is followed by its
      reverse), labels `[graphs, tasks]` with NaN for "not labelled", and the splits train, valid and test.

    Raises:
      DataError: there is no such dataset; or a file is missing or damaged, does not fit the others, or has not the
        published number of graphs; names the file.
    """
    _check_name(dataset)
    num_graphs, num_tasks = SIZES[dataset]
    url = f"{URL}/{dataset}.zip"
    files = RawFiles(_locate(Path(path), dataset), remedy=f"get {url}")

    def table(name: str, columns: int, rows: int, dtype: type[np.number] = np.int32) -> np.ndarray:
        values = files.table(name, columns, dtype)
        if len(values) != rows:
            raise DataError(f"{files.path}: '{name}' must have {rows} rows, has {len(values)}; get {url} again")
        return values

    n_atom = table("raw/num-node-list.csv.gz", 1, num_graphs)[:, 0]
    n_bond = table("raw/num-edge-list.csv.gz", 1, num_graphs)[:, 0]
    num_atoms, num_bonds = int(n_atom.sum()), int(n_bond.sum())
    parts = {part: files.table(f"split/scaffold/{part}.csv.gz", 1)[:, 0] for part in _PARTS}
    if not np.array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(num_graphs)):
        raise DataError(
            f"{files.path}: 'split/scaffold' does not put each of the {num_graphs} graphs into one of "
            f"{', '.join(_PARTS)}; get {url} again"
        )
    try:
        return molecule_dataset(
            f"ogbg_mol{dataset}",
            n_atom=n_atom,
            n_bond=n_bond,
            atoms=table("raw/node-feat.csv.gz", len(ATOM_FEATURES), num_atoms),
            bonds=table("raw/edge.csv.gz", 2, num_bonds),
            bond_features=table("raw/edge-feat.csv.gz", len(BOND_FEATURES), num_bonds),
            labels=table("raw/graph-label.csv.gz", num_tasks, num_graphs, np.float32),
            splits=parts,
            source=f"the files of {url} or a copy of them",
        )
    except DataError as error:
        raise DataError(f"{files.path}: {error}; get {url} again") from error


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares one of the molecule datasets of the Open Graph Benchmark, with its split by scaffold.",
        """\
  python data_prep/ogbg_mol.py                                 download ogbg-molhiv
  python data_prep/ogbg_mol.py --dataset bace                  another of them
  python data_prep/ogbg_mol.py --source dataset/ogbg_molhiv    use files that the ogb package has downloaded""",
    )
    parser.add_argument("--dataset", choices=SIZES, default="hiv", help="which (default: %(default)s)")
    parser.add_argument(
        "--source",
        default="download",
        help="'download' (default), or a local copy of the published zip, or a folder with its raw/ and split/",
    )
    args = parser.parse_args(argv)
    run_command_line(lambda: prepare(args.dataset, args.source, folder=args.folder, force=args.force))


def _check_name(dataset: str) -> None:
    if dataset not in SIZES:
        raise DataError(
            f"dataset '{dataset}' is not one of {', '.join(SIZES)}: only classification with OGB's ROC-AUC is "
            "supported, so not the regression tasks esol, freesolv and lipo"
        )


def _locate(path: Path, dataset: str) -> Path:
    for candidate in (path, path / dataset, path / f"ogbg_mol{dataset}"):
        if (candidate / "raw").is_dir():
            return candidate
    if path.is_file():
        return path
    raise DataError(
        f"{path}: is neither an archive nor a folder with raw/ and split/scaffold/; get {URL}/{dataset}.zip"
    )


if __name__ == "__main__":
    main()
