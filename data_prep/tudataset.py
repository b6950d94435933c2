"""Any dataset of the TU Dortmund collection, by its name: MUTAG, PROTEINS, ENZYMES, IMDB-BINARY and the like.

What the features and labels are: see `gnnjax.data.read_tudataset`. The collection has no splits.

Source: Morris et al., arXiv 2007.08663; the names are listed at chrsmrrs.github.io/datasets.
"""

import os
import re
import sys
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch_and_read
from data_prep.processed import argument_parser, load_if_readable, make_processed, run_command_line
from gnnjax.data import GraphDataset
from gnnjax.data.from_arrays import WithoutFeatures
from gnnjax.data.tudataset import LabelsAs, read_tudataset
from gnnjax.errors import DataError

__all__ = ["main", "prepare"]

URL = "https://www.chrsmrrs.com/graphkerneldatasets"


def prepare(
    name: str,
    source: str | os.PathLike = "download",
    *,
    regression: bool = False,
    labels_as: LabelsAs = "one-hot",
    without_features: WithoutFeatures = "constant",
    folder: str | os.PathLike = "data",
    force: bool = False,
) -> Path:
    """Makes the processed file `tu_<name>.npz` unless it is there, and returns its path.

    Args:
      name: as in the collection, which tells capitals apart.
      source: `"download"`, which fetches the published archive into `<folder>/raw` unless it is there; or a local copy,
        an archive or a folder of its files.
      regression: predict the attributes of the graphs, where there are classes too.
      labels_as, without_features: see `read_tudataset`.
      folder: holds `raw/` and `processed/`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, the download fails, or the files are not what they must be; or the processed
        file is there, but was made in another way.
    """
    if not re.fullmatch(r"\w[\w.+-]*", name, re.ASCII):
        raise DataError(f"'{name}' is not a name of the TU collection; see chrsmrrs.github.io/datasets for those")
    url = f"{URL}/{name}.zip"
    origin = f"TU collection, {name}, {url if source == 'download' else 'a local copy'}, labels {labels_as}, "
    origin += f"without features {without_features}" + (", regression" if regression else "")
    target = Path(folder) / "processed" / f"tu_{name}.npz"
    there = None if force else load_if_readable(target)
    if there is not None and there.source != origin:
        raise DataError(f"{target}: was made in another way ({there.source}); force to replace it")

    def read(path: str | os.PathLike) -> GraphDataset:
        return read_tudataset(
            path,
            name,
            task="regression" if regression else None,
            labels_as=labels_as,
            without_features=without_features,
            source=origin,
        )

    def make() -> GraphDataset:
        if source != "download":
            return read(source)
        # No checksums are published; what the archive holds is checked instead.
        return fetch_and_read(url, Path(folder) / "raw" / f"tu_{name}.zip", read)

    return make_processed(target, make, force=force)


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares a dataset of the TU Dortmund collection; chrsmrrs.github.io/datasets lists their names.",
        """\
  python data_prep/tudataset.py --name MUTAG                              download it
  python data_prep/tudataset.py --name MUTAG --source MUTAG.zip           use a copy of the published archive
  python data_prep/tudataset.py --name IMDB-BINARY --without-features degree
  python data_prep/tudataset.py --name QM9 --regression""",
    )
    parser.add_argument("--name", required=True, help="as in the collection, such as MUTAG or PROTEINS")
    parser.add_argument(
        "--source", default="download", help="'download' (default), or a local zip, or a folder of its text files"
    )
    parser.add_argument(
        "--regression", action="store_true", help="predict attributes of graphs, instead of their class"
    )
    parser.add_argument(
        "--labels-as",
        choices=["one-hot", "categories"],
        default="one-hot",
        help="what node and edge labels become (default: %(default)s)",
    )
    parser.add_argument(
        "--without-features",
        choices=["constant", "degree"],
        default="constant",
        help="what nodes get that have neither labels nor attributes (default: %(default)s)",
    )
    args = parser.parse_args(argv)
    run_command_line(lambda: prepare(**vars(args)))


if __name__ == "__main__":
    main()
