"""MNIST-75sp: tell the ten digits apart by graphs of at most 75 superpixels.

A node is a superpixel of SLIC with features `[mean, mean, mean, row / 28, column / 28]`: its mean pixel in 0 .. 1,
three times, and its centre of mass. Two nodes at distance d (in units of the image) are joined, in both directions
and never with themselves, where the weight `exp(-d / (0.1 pi)^2)` exceeds 0.1; the weight is the edge feature. The
digit's own pixels are the true explanation: edges between nodes whose mean pixel is above 0.

Source: Knyazev et al., NeurIPS 2019 (arXiv 1905.02850), whose generator is in
github.com/bknyaz/graph_attention_pool; edges and true explanation as in github.com/Graph-COM/GSAT. The generator is of
2019, and scikit-image gives other superpixels since 0.17; `slic` is called such that today's gives those of before
(70.57 per image and not 65.6). The order of nodes is random as there, but drawn per image.
"""

import gzip
import hashlib
import math
import os
import sys
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds data_prep.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.download import fetch
from data_prep.processed import argument_parser, make_processed, run_command_line
from gnnjax.data import GraphDataset
from gnnjax.errors import DataError

__all__ = ["generate", "main", "prepare", "read_idx", "read_raw", "superpixels"]

URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
PARTS = {"train": "train", "test": "t10k"}
NUM_TRAIN, NUM_TEST = 60_000, 10_000

_ARCHIVE_SHA256 = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
# Of the uncompressed files: local copies may have been packed again.
_CONTENT_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

_SIDE = 28
_MAX_NODES, _FIRST_REQUEST = 75, 95
_COMPACTNESS = 0.25
_KERNEL_WIDTH = (0.1 * np.pi) ** 2
_SMALLEST_WEIGHT = 0.1
_CHUNK = 250


def superpixels(image: np.ndarray) -> np.ndarray:
    """Numbers the superpixels of an image.

    Args:
      image: `[28, 28]` in 0 .. 1, not constant.

    Returns:
      `[28, 28]` integers 0, 1, ..., at most 74.
    """
    from skimage.segmentation import slic  # noqa: PLC0415, an optional extra

    # scikit-image 0.19 began to stretch each image to 0 .. 1, which this takes back.
    compactness = _COMPACTNESS / float(image.max() - image.min())
    for request in range(_FIRST_REQUEST, 0, -1):
        # Segments are merged and split by size. Since 0.17 the sizes follow from the number of seeds on the grid,
        # before that from the number asked for.
        spacing = math.sqrt(image.size / request)
        seeds = len(range(int(spacing / 2), _SIDE, round(spacing))) ** 2
        labels = slic(
            image.astype(float),
            n_segments=request,
            compactness=compactness,
            min_size_factor=0.5 * seeds / request,
            max_size_factor=3 * seeds / request,
            start_label=0,
            channel_axis=None,
        )
        if labels.max() < _MAX_NODES:
            return labels
    raise AssertionError("SLIC gave more than 75 superpixels although one was asked for")


def read_idx(path: str | os.PathLike, num_axes: int) -> np.ndarray:
    """Reads an array of bytes in IDX format, plain or as `.gz`.

    Args:
      path: the file.
      num_axes: 1 for labels, 3 for images.

    Raises:
      DataError: the file is absent, damaged, truncated, or holds another kind of array.
    """
    path = Path(path)
    content = _read_content(path)
    magic, header = bytes([0, 0, 8, num_axes]), 4 * (1 + num_axes)
    if content[:4] != magic or len(content) < header:
        raise DataError(
            f"{path}: is not an IDX file of bytes with {num_axes} axes: its header is '{content[:header].hex(' ')}', "
            f"must be {header} bytes that begin with '{magic.hex(' ')}'"
        )
    shape = np.frombuffer(content, ">u4", num_axes, offset=4).tolist()
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{path}: is truncated or damaged: an array {shape} needs {math.prod(shape)} bytes, "
            f"there are {len(content) - header}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_raw(folder: str | os.PathLike) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads the four IDX files and checks that they are the published ones.

    Args:
      folder: holds `{train,t10k}-{images-idx3,labels-idx1}-ubyte`, plain or as `.gz`, compressed by whomever.

    Returns:
      Images `[60000 or 10000, 28, 28]` and labels `[60000 or 10000]` of `train` and of `test`, uint8.

    Raises:
      DataError: a file is absent or unreadable or differs from what was published.
    """
    folder, raw = Path(folder), {}
    for part, prefix in PARTS.items():
        image_path = _find(folder, f"{prefix}-images-idx3-ubyte")
        label_path = _find(folder, f"{prefix}-labels-idx1-ubyte")
        images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
        if len(images) != len(labels):
            raise DataError(f"{label_path}: has {len(labels)} labels for {len(images)} images")
        for path in (image_path, label_path):
            _check_content(path)
        raw[part] = images, labels
    return raw


def generate(
    raw: dict[str, tuple[np.ndarray, np.ndarray]],
    num_train: int = NUM_TRAIN,
    num_test: int = NUM_TEST,
    processes: int | None = None,
) -> GraphDataset:
    """Turns images into graphs; the result does not depend on the number of processes.

    The stored split has all graphs in `train` and `test`; a run draws its training and validation graphs from `train`.

    Args:
      raw: as `read_raw` returns it.
      num_train, num_test: how many images to take, from the first; at least 1.
      processes: how many work at a time; None for one per processor.

    Raises:
      DataError: scikit-image is not installed.
      ValueError: an argument is out of its range.
    """
    counts = {"train": num_train, "test": num_test}
    for part, count in counts.items():
        if not 1 <= count <= len(raw[part][0]):
            raise ValueError(f"num_{part} must be 1 to {len(raw[part][0])}, got {count}")
    if processes is not None and processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    _require_scikit_image()
    images, labels = ([raw[part][field][:count] for part, count in counts.items()] for field in (0, 1))
    chunks = [
        (part, start, images[part][start : start + _CHUNK])
        for part, count in enumerate(counts.values())
        for start in range(0, count, _CHUNK)
    ]
    return GraphDataset(
        name="mnist75sp",
        task="multiclass",
        num_classes=10,
        labels=np.concatenate(labels).astype(np.int32),
        splits={"train": np.arange(num_train), "test": np.arange(num_train, num_train + num_test)},
        source=f"SLIC superpixels of MNIST, {URL}",
        kind="image",
        images=np.concatenate(images),
        **_make_graphs(chunks, processes or os.cpu_count() or 1),
    )


def prepare(
    source: str | os.PathLike = "download",
    *,
    folder: str | os.PathLike = "data",
    num_train: int = NUM_TRAIN,
    num_test: int = NUM_TEST,
    processes: int | None = None,
    force: bool = False,
) -> Path:
    """Makes the processed file unless it is there, and returns its path.

    Args:
      source: `"download"`, which fetches the four files into `<folder>/raw/mnist` unless they are there, or a folder
        that holds them (see `read_raw`).
      folder: holds `raw/` and `processed/`.
      num_train, num_test: see `generate`; they are part of the file name.
      processes: see `generate`.
      force: make the file again even though it is there.

    Raises:
      DataError: there is no such source, a download fails, a raw file is not what was published, or scikit-image is
        not installed.
      ValueError: a number is out of its range.
    """
    if source != "download" and not Path(source).is_dir():
        raise DataError(f"source '{source}' is neither 'download' nor a folder")
    size = "" if (num_train, num_test) == (NUM_TRAIN, NUM_TEST) else f"-{num_train}train-{num_test}test"

    def make() -> GraphDataset:
        # Before anything is downloaded.
        _require_scikit_image()
        raw = _download(Path(folder) / "raw" / "mnist") if source == "download" else Path(source)
        return generate(read_raw(raw), num_train, num_test, processes)

    return make_processed(Path(folder) / "processed" / f"mnist75sp{size}.npz", make, force=force)


def main(argv: list[str] | None = None) -> None:
    """The command line; see `--help`."""
    parser = argument_parser(
        "Prepares MNIST-75sp: 70 000 digits as graphs of at most 75 superpixels. Needs scikit-image.",
        """  python data_prep/mnist75sp.py                                      download MNIST, use all processors
  python data_prep/mnist75sp.py --source mnist/                      use a folder with the four IDX files
  python data_prep/mnist75sp.py --num-train 25000 --processes 4      fewer graphs, sooner""",
    )
    parser.add_argument(
        "--source", default="download", help="'download' (default) or a folder that holds the four IDX files"
    )
    parser.add_argument("--num-train", type=int, default=NUM_TRAIN, help="training images (default: %(default)s)")
    parser.add_argument("--num-test", type=int, default=NUM_TEST, help="test images (default: %(default)s)")
    parser.add_argument("--processes", type=int, help="how many work at a time (default: one per processor)")
    args = parser.parse_args(argv)
    if not (1 <= args.num_train <= NUM_TRAIN and 1 <= args.num_test <= NUM_TEST):
        parser.error(f"--num-train must be 1 to {NUM_TRAIN} and --num-test 1 to {NUM_TEST}")
    if args.processes is not None and args.processes < 1:
        parser.error("--processes must be at least 1")
    run_command_line(
        lambda: prepare(
            args.source,
            folder=args.folder,
            num_train=args.num_train,
            num_test=args.num_test,
            processes=args.processes,
            force=args.force,
        )
    )


def _require_scikit_image() -> None:
    try:
        import skimage.segmentation  # noqa: F401, PLC0415, an optional extra
    except ImportError as error:
        raise DataError("MNIST-75sp needs scikit-image: pip install 'gnnjax[images]'") from error


def _download(raw: Path) -> Path:
    for name, sha256 in _ARCHIVE_SHA256.items():
        fetch(f"{URL}{name}.gz", raw / f"{name}.gz", sha256=sha256)
    return raw


def _find(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(f"{folder}: holds neither {name}.gz nor {name}; {URL}{name}.gz is a copy of it")


def _read_content(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error


def _check_content(path: Path) -> None:
    expected = _CONTENT_SHA256[path.name.removesuffix(".gz")]
    found = hashlib.sha256(_read_content(path)).hexdigest()
    if found != expected:
        raise DataError(
            f"{path}: is not the published file: expected content SHA-256 {expected}, found {found}; delete it and "
            f"fetch it from {URL}"
        )


def _make_graphs(chunks: list[tuple[int, int, np.ndarray]], processes: int) -> dict[str, Any]:
    """The per-node, per-edge and per-graph fields of a dataset; see `_make_chunk` for the chunks."""
    num_images = sum(len(images) for _, _, images in chunks)
    with tqdm(total=num_images, desc="mnist75sp", unit="image", disable=None) as progress, ExitStack() as stack:
        apply = map
        if min(processes, len(chunks)) > 1:
            # Not forked: a child may deadlock on the locks of jax's threads.
            executor = ProcessPoolExecutor(min(processes, len(chunks)), mp_context=get_context("spawn"))
            stack.callback(executor.shutdown, cancel_futures=True)
            apply = executor.map
        done = []
        for graphs in apply(_make_chunk, chunks):
            done.append(graphs)
            progress.update(len(graphs["n_node"]))
    return _join(done)


def _make_chunk(chunk: tuple[int, int, np.ndarray]) -> dict[str, np.ndarray]:
    """The graphs of some images; those of a part (0 train, 1 test) from number `start` on."""
    part, start, images = chunk
    return _join(
        [_make_graph(image, np.random.default_rng([part, start + index])) for index, image in enumerate(images)]
    )


def _make_graph(image: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    pixels = (image / 255).astype(np.float32)
    segments = superpixels(pixels).ravel()
    sizes = np.bincount(segments)
    means, rows, columns = (
        np.bincount(segments, weights.ravel()) / sizes for weights in (pixels, *np.indices(pixels.shape))
    )
    order = rng.permutation(len(sizes))
    means, centres = means[order], np.stack([rows, columns], axis=1)[order]

    distances = np.linalg.norm(centres[:, None] - centres, axis=-1) / _SIDE
    weights = np.exp(-distances / _KERNEL_WIDTH)
    np.fill_diagonal(weights, 0)
    senders, receivers = np.nonzero(weights > _SMALLEST_WEIGHT)
    return {
        "n_node": np.array([len(sizes)], np.int32),
        "n_edge": np.array([len(senders)], np.int32),
        "nodes": np.column_stack([means, means, means, centres / _SIDE]).astype(np.float32),
        "node_positions": centres.astype(np.float32),
        "senders": senders.astype(np.int32),
        "receivers": receivers.astype(np.int32),
        "edges": weights[senders, receivers, None].astype(np.float32),
        "edge_labels": ((means[senders] > 0) & (means[receivers] > 0)).astype(np.uint8),
    }


def _join(graphs: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {field: np.concatenate([graph[field] for graph in graphs]) for field in graphs[0]}


if __name__ == "__main__":
    main()
