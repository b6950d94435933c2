"""The molecules of the Open Graph Benchmark: ogbg-molhiv, -molbace, -molbbbp, -molclintox, -molsider and -moltox21, and
for regression ogbg-molesol, -molfreesolv and -mollipo.

Atoms and bonds have categorical features (see `gnnjax.data.molecules`), each bond is two edges, and the split by
scaffold is the published one. Of several tasks, labels may be missing.

Source: Hu et al., NeurIPS 2020 (arXiv 2005.00687), after Wu et al., Chem. Sci. 2018 (MoleculeNet, arXiv 1703.00564).
"""

import os
import sys
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch_and_read
from data_prep.processed import argument_parser, make_processed, run_command_line
from gnnjax.data import GraphDataset
from gnnjax.data.ogb_layout import read_ogb_layout
from gnnjax.errors import DataError

__all__ = ["REGRESSION", "SIZES", "main", "prepare", "read"]

URL = "https://snap.stanford.edu/ogb/data/graphproppred/csv_mol_download"
# Published numbers of graphs and tasks.
SIZES = {
    "hiv": (41127, 1),
    "bace": (1513, 1),
    "bbbp": (2039, 1),
    "clintox": (1477, 2),
    "sider": (1427, 27),
    "tox21": (7831, 12),
    "esol": (1128, 1),
    "freesolv": (642, 1),
    "lipo": (4200, 1),
}
REGRESSION = ("esol", "freesolv", "lipo")


def prepare(
    dataset: str = "hiv",
    source: str | os.PathLike = "download",
    *,
    folder: str | os.PathLike = "data",
    force: bool = False,
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      dataset: hiv, bace, bbbp, clintox, sider, tox21, esol, freesolv or lipo.
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
      dataset: hiv, bace, bbbp, clintox, sider, tox21, esol, freesolv or lipo.

    Returns:
      Graphs with node features `[atoms, 9]`, edge features `[2 bonds, 3]` (each bond's edge is followed by its
      reverse), labels `[graphs, tasks]` with NaN for "not labelled" (of `REGRESSION` real values), and the splits
      train, valid and test.

    Raises:
      DataError: there is no such dataset; or a file is missing or damaged, does not fit the others, or has not the
        published number of graphs; names the file.
    """
    _check_name(dataset)
    num_graphs, num_tasks = SIZES[dataset]
    url = f"{URL}/{dataset}.zip"
    return read_ogb_layout(
        _locate(Path(path), dataset),
        f"ogbg_mol{dataset}",
        task="regression" if dataset in REGRESSION else None,
        split="scaffold",
        molecules=True,
        num_graphs=num_graphs,
        num_tasks=num_tasks,
        source=f"the files of {url} or a copy of them",
        remedy=f"get {url}",
    )


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares one of the molecule datasets of the Open Graph Benchmark, with its split by scaffold.",
        """\
  python data_prep/ogbg_mol.py                                 download ogbg-molhiv
  python data_prep/ogbg_mol.py --dataset esol                  another of them
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
        raise DataError(f"dataset '{dataset}' is not one of {', '.join(SIZES)}")


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
