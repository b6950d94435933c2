"""How long raw data takes to become a dataset, beside what the libraries under it take for their part alone.

    python benchmarks/raw_data.py --raw-data PATH
    python benchmarks/raw_data.py mnist75sp --images 10000 --raw-data PATH

PATH holds `mutagenicity/`, `ogbg_molhiv/` and `mnist/` in their published layouts. The libraries' part is one core's:
numpy parsing the tables of text that the dataset is read from, or scikit-image's SLIC on every image, as often as it
has to be asked. A ratio below 1 says that other cores took a share of it.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.table import Table

from benchmarks.machine import available_cores
from data_prep import mnist75sp, mutag, ogbg_mol
from experiments.report import print_wide
from gnnjax.data.raw_files import RawFiles
from gnnjax.errors import GnnjaxError

DATASETS = ("mutagenicity", "ogbg_molhiv", "mnist75sp")


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def tables(folder: Path, pattern: str, dtype: type[np.number]) -> Callable[[], object]:
    """Parses all tables of text in a folder, and does nothing else."""
    files = RawFiles(folder, remedy="see --raw-data")
    return lambda: [files.table(name, dtype=dtype) for name in files.find(pattern)]


def measure(dataset: str, raw: Path, images: int, processes: int) -> tuple[str, float, float]:
    """What there was to do; seconds of gnnjax and of the libraries' part."""
    if dataset == "mutagenicity":
        archive = raw / dataset / "raw" / "Mutagenicity.zip"
        ours = seconds(lambda: mutag.read(archive))
        return "4337 graphs", ours, seconds(tables(archive, "Mutagenicity_[Aegn]*.txt", np.int32))
    if dataset == "ogbg_molhiv":
        folder = raw / dataset
        ours = seconds(lambda: ogbg_mol.read(folder, "hiv"))
        return "41127 graphs", ours, seconds(tables(folder / "raw", "*.csv.gz", np.float32))
    digits, labels = mnist75sp.read_raw(raw / "mnist")["test"]
    digits, labels = digits[:images], labels[:images]
    raw_parts = {"train": (digits[:1], labels[:1]), "test": (digits, labels)}
    ours = seconds(lambda: mnist75sp.generate(raw_parts, 1, len(digits), processes))
    pixels = (digits / 255).astype(np.float32)
    return f"{len(digits)} images", ours, seconds(lambda: [mnist75sp.superpixels(image) for image in pixels])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="*", help=f"default: {' '.join(DATASETS)}")
    parser.add_argument("--raw-data", required=True, type=Path, help="folder with local copies of the raw data")
    parser.add_argument("--images", type=int, default=10_000, help="of MNIST's test part (default: 10000)")
    parser.add_argument(
        "--processes", type=int, default=available_cores(), help="for the images (default: one per core)"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.datasets) - set(DATASETS):
        parser.error(f"{sorted(unknown)} are not among {' '.join(DATASETS)}")
    table = Table(title=f"seconds from raw files to a dataset; images in {arguments.processes} processes")
    for column in ("dataset", "size", "gnnjax", "libraries alone, one core", "ratio"):
        table.add_column(column, justify="left" if column == "dataset" else "right")
    for dataset in arguments.datasets or DATASETS:
        try:
            size, ours, alone = measure(dataset, arguments.raw_data, arguments.images, arguments.processes)
        except GnnjaxError as error:
            parser.error(f"{dataset}: {error}")
        table.add_row(dataset, size, f"{ours:.2f}", f"{alone:.2f}", f"{ours / alone:.2f}")
    print_wide(table)


if __name__ == "__main__":
    main()
