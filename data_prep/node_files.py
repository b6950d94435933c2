"""What the scripts for graphs with node labels share: where files lie, whole downloads, a command line by name."""

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from data_prep.download import fetch
from data_prep.processed import argument_parser, run_command_line
from gnnjax.data import load_nodes
from gnnjax.data.format import read_archive
from gnnjax.errors import DataError

__all__ = [
    "GEOM_GCN",
    "SHA256",
    "check_name",
    "fetch_all",
    "find_folder",
    "named_dataset_main",
    "read_splits",
    "split_urls",
]

GEOM_GCN = "https://raw.githubusercontent.com/graphdml-uiuc-jlu/geom-gcn/f1fc0d14b3b019c562737240d06ec83b07d16a8f"
# What `sha256sum --check` reads, of the layout that `fetch_all` makes.
_CHECKSUMS = Path(__file__).with_name("node_files.sha256").read_text().splitlines()
SHA256 = {path: digest for digest, path in map(str.split, _CHECKSUMS)}

_NUM_SPLITS = 10


def check_name(dataset: str, names: Collection[str]) -> None:
    """Raises ValueError, which lists all, unless `dataset` is one of `names`."""
    if dataset not in names:
        raise ValueError(f"dataset must be one of {', '.join(names)}, is {dataset!r}")


def named_dataset_main(
    argv: list[str] | None,
    prepare: Callable[..., Path],
    names: Collection[str],
    *,
    description: str,
    examples: str,
    source: str,
) -> None:
    """The command line of a script that prepares one of several datasets.

    Args:
      argv: the arguments; None takes the process's.
      prepare: the script's.
      names: of the datasets.
      description, examples: for `--help`.
      source: what a local source holds, for `--help`.
    """
    parser = argument_parser(description, examples)
    parser.add_argument("dataset", choices=list(names), metavar="dataset", help=", ".join(names))
    parser.add_argument("--source", default="download", help=f"'download' (default), or {source}")
    args = parser.parse_args(argv)
    run_command_line(lambda: prepare(args.dataset, args.source, folder=args.folder, force=args.force), load_nodes)


def fetch_all(urls: dict[str, str], folder: Path) -> None:
    """Downloads each file that is not there, and compares all that have a known checksum with it.

    Args:
      urls: path within `folder` -> address.
      folder: below which the files belong.

    Raises:
      DataError: see `data_prep.download.fetch`.
    """
    for path, url in urls.items():
        fetch(url, folder / path, sha256=SHA256.get(path))


def find_folder(source: Path, dataset: str, *probes: str, remedy: str) -> Path:
    """The folder that has one of `probes` in `raw/`: `source` itself, or its subfolder `dataset`.

    Raises:
      DataError: neither has; ends with `remedy`.
    """
    for folder in (source, source / dataset):
        if any((folder / "raw" / probe).is_file() for probe in probes):
            return folder
    raise DataError(f"{source}: has neither raw/{probes[0]} nor {dataset}/raw/{probes[0]}; {remedy}")


def split_urls(dataset: str) -> dict[str, str]:
    """The ten published splits of a dataset, for `fetch_all`."""
    names = [_split_name(dataset, split) for split in range(_NUM_SPLITS)]
    return {f"{dataset}/splits/{name}": f"{GEOM_GCN}/splits/{name}" for name in names}


def read_splits(folder: Path, dataset: str) -> dict[str, np.ndarray] | None:
    """The ten splits that Geom-GCN publishes, as masks; 48 % train, 32 % validate, though the files are named 60/20.

    Args:
      folder: holds `splits/`; where it does not, there are no splits.
      dataset: as the files are named.

    Returns:
      `{"train", "valid", "test"}`, each bool `[10, nodes]`, or None.

    Raises:
      DataError: one of the files is missing or damaged, or does not fit the others.

    Source: Pei et al., ICLR 2020 (arXiv 2002.05287).
    """
    if not (folder / "splits").is_dir():
        return None
    masks: dict[str, list[np.ndarray]] = {"train": [], "valid": [], "test": []}
    for split in range(_NUM_SPLITS):
        path = folder / "splits" / _split_name(dataset, split)
        remedy = f"get {GEOM_GCN}/splits/{path.name}"
        try:
            arrays = read_archive(path)
        except DataError as error:
            raise DataError(f"{error}; {remedy}") from error
        for part, key in (("train", "train_mask"), ("valid", "val_mask"), ("test", "test_mask")):
            mask = arrays.get(key)
            if mask is None or mask.ndim != 1 or mask.dtype.kind not in "bu" or (mask > 1).any():
                raise DataError(f"{path}: '{key}' is missing or not a mask of nodes; {remedy} again")
            masks[part].append(mask.astype(bool))
            if len(mask) != len(masks["train"][0]):
                before = len(masks["train"][0])
                raise DataError(f"{path}: '{key}' has {len(mask)} nodes, the masks before it {before}; {remedy} again")
    return {part: np.stack(rows) for part, rows in masks.items()}


def _split_name(dataset: str, split: int) -> str:
    return f"{dataset}_split_0.6_0.2_{split}.npz"
