"""The graphs with node labels of Platonov et al., most of whose neighbors are of other classes.

`minesweeper` (a grid; is there a mine?), `tolokers` (crowd workers who shared a task; was the worker banned?),
`roman_empire` (words of an article; syntactic role), `amazon_ratings` (products bought together; rating) and
`questions` (users who answered each other; do they stay?); and `chameleon_filtered` and `squirrel_filtered`, the
Wikipedia graphs without the duplicate nodes that leak test labels, each also with its directed links. The authors'
other versions of Geom-GCN's graphs are here too: undirected ones, under the name `<name>_undirected` where the file has
only the name.

An undirected graph has both directions of each edge here, which the file lists once.

Source: Platonov et al., ICLR 2023 (arXiv 2302.11640), github.com/yandex-research/heterophilous-graphs.
"""

import dataclasses
import os
import sys
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch_and_read
from data_prep.node_files import SHA256, check_name, find_folder, named_dataset_main
from data_prep.processed import make_processed
from gnnjax.data import NodeDataset, load_nodes, sorted_unique_edges
from gnnjax.data.format import read_archive
from gnnjax.errors import DataError

__all__ = ["GRAPHS", "URL", "Published", "main", "prepare", "read"]

URL = "https://raw.githubusercontent.com/yandex-research/heterophilous-graphs/a431395582e929d88271309716bea4fe24ce6318/data"


@dataclasses.dataclass(frozen=True)
class Published:
    """What is published: the file's name without `.npz`, and sizes, of which `edges` are the rows of its edge list."""

    file: str
    nodes: int
    features: int
    classes: int
    edges: int
    directed: bool = False


GRAPHS = {
    "minesweeper": Published("minesweeper", 10000, 7, 2, 39402),
    "tolokers": Published("tolokers", 11758, 10, 2, 519000),
    "roman_empire": Published("roman_empire", 22662, 300, 18, 32927),
    "amazon_ratings": Published("amazon_ratings", 24492, 300, 5, 93050),
    "questions": Published("questions", 48921, 301, 2, 153540),
    "chameleon_filtered": Published("chameleon_filtered", 890, 2325, 5, 8854),
    "chameleon_filtered_directed": Published("chameleon_filtered_directed", 890, 2325, 5, 13584, directed=True),
    "squirrel_filtered": Published("squirrel_filtered", 2223, 2089, 5, 46998),
    "squirrel_filtered_directed": Published("squirrel_filtered_directed", 2223, 2089, 5, 65718, directed=True),
    "actor": Published("actor", 7600, 932, 5, 26659),
    "chameleon_undirected": Published("chameleon", 2277, 2325, 5, 31371),
    "chameleon_directed": Published("chameleon_directed", 2277, 2325, 5, 36101, directed=True),
    "squirrel_undirected": Published("squirrel", 5201, 2089, 5, 198353),
    "squirrel_directed": Published("squirrel_directed", 5201, 2089, 5, 217073, directed=True),
    "cornell_undirected": Published("cornell", 183, 1703, 5, 277),
    "texas_undirected": Published("texas", 183, 1703, 5, 279),
    "texas_4_classes": Published("texas_4_classes", 183, 1703, 5, 279),
    "wisconsin_undirected": Published("wisconsin", 251, 1703, 5, 450),
}
_MASKS = {"train": "train_masks", "valid": "val_masks", "test": "test_masks"}


def prepare(
    dataset: str, source: str | os.PathLike = "download", *, folder: str | os.PathLike = "data", force: bool = False
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      dataset: one of `GRAPHS`.
      source: `"download"`, which fetches the published file into `<folder>/raw/heterophilous/raw` unless it is there;
        or a folder of local copies (see `read`).
      folder: holds `raw/` and `processed/`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, the download fails, or the raw file is not what was published.
      ValueError: there is no such dataset.
    """
    check_name(dataset, GRAPHS)

    def make() -> NodeDataset:
        if source != "download":
            return read(dataset, source)
        place = f"heterophilous/raw/{_file_name(dataset)}"
        return fetch_and_read(
            f"{URL}/{_file_name(dataset)}",
            Path(folder) / "raw" / place,
            lambda path: read(dataset, path.parents[1]),
            sha256=SHA256.get(place),
        )

    return make_processed(Path(folder) / "processed" / f"{dataset}.npz", make, force=force, read=load_nodes)


def read(dataset: str, path: str | os.PathLike) -> NodeDataset:
    """Reads a published file.

    Args:
      dataset: one of `GRAPHS`.
      path: a folder with the file in `raw/`; or the folder that holds that folder as `heterophilous`.

    Returns:
      The graph with the ten published splits: 50 % train, 25 % validate, the rest test (Geom-GCN's graphs: about 48 %
      and 32 %).

    Raises:
      DataError: the file is missing or damaged, or is not what was published.
      ValueError: there is no such dataset.
    """
    check_name(dataset, GRAPHS)
    published = GRAPHS[dataset]
    remedy = f"get {URL}/{_file_name(dataset)}"
    file = find_folder(Path(path), "heterophilous", _file_name(dataset), remedy=remedy) / "raw" / _file_name(dataset)
    arrays = read_archive(file)

    def field(name: str, kind: str, *shape: int) -> np.ndarray:
        array = arrays.get(name)
        if array is None:
            raise DataError(f"{file}: '{name}' is missing; {remedy} again")
        if array.shape != shape or array.dtype.kind not in kind:
            raise DataError(
                f"{file}: '{name}' must have shape {list(shape)}, is {array.dtype}{list(array.shape)}; {remedy} again"
            )
        return array

    def integers(name: str, largest: int, *shape: int) -> np.ndarray:
        array = field(name, "iu", *shape)
        bad = array[(array < 0) | (array > largest)]
        if bad.size:
            raise DataError(f"{file}: '{name}' has the value {bad[0]}, must be 0 .. {largest}; {remedy} again")
        return array.astype(np.int32)

    senders, receivers = integers("edges", published.nodes - 1, published.edges, 2).T
    if not published.directed:
        senders, receivers = np.concatenate([senders, receivers]), np.concatenate([receivers, senders])
    senders, receivers = sorted_unique_edges(senders, receivers)
    num_splits = len(np.atleast_1d(arrays.get("train_masks", ())))
    try:
        return NodeDataset(
            name=dataset,
            nodes=field("node_features", "f", published.nodes, published.features).astype(np.float32),
            senders=senders,
            receivers=receivers,
            labels=integers("node_labels", published.classes - 1, published.nodes),
            num_classes=published.classes,
            splits={part: field(key, "b", num_splits, published.nodes) for part, key in _MASKS.items()},
            source=f"{_file_name(dataset)} of Platonov et al., published file, {URL}",
        )
    except DataError as error:
        raise error if str(file) in str(error) else DataError(f"{file}: {error}; {remedy} again") from error


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    named_dataset_main(
        argv,
        prepare,
        GRAPHS,
        description=(
            "Prepares a graph of Platonov et al.: a new heterophilous one, or Chameleon or Squirrel without duplicates."
        ),
        examples="""\
  python data_prep/heterophilous.py minesweeper                           download it
  python data_prep/heterophilous.py squirrel_filtered --source copies     use a copy of the file in copies/raw""",
        source="a folder with raw/<file>.npz",
    )


def _file_name(dataset: str) -> str:
    return f"{GRAPHS[dataset].file}.npz"


if __name__ == "__main__":
    main()
