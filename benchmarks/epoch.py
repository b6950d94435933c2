"""What an epoch of GSAT takes beside its steps: assembling batches, metrics, bookkeeping; and how much is padding.

    python benchmarks/epoch.py
    python benchmarks/epoch.py ba2motifs-gin molhiv-gin --raw-data PATH --epochs 4

An epoch trains on all graphs of the training part and evaluates validation, as `train.fit` does it. Beside it stand the
same steps alone on batches that are on the device already, and the assembly of all training batches by itself, which in
`train.fit` a thread does ahead of the steps.
"""

import argparse
import sys
import time
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import numpy as np
from rich.table import Table

from benchmarks.gsat_steps import R
from benchmarks.machine import available_cores, limit_threads
from experiments.from_config import load_dataset, split_dataset
from experiments.gsat import build_model
from experiments.report import print_wide
from experiments.reproduce import configure
from gnnjax import train
from gnnjax.data import GraphDataset, batch_shape, epoch_order, iterate_batches
from gnnjax.errors import GnnjaxError
from gnnjax.host_memory import keep_freed_memory
from gnnjax.train.steps import create_state, make_eval_step, make_train_step

RUNS = ("ba2motifs-gin", "ba2motifs-pna", "spmotif_0.5-gin", "molhiv-gin")


class EpochEnds(train.Callback):
    """Notes when each epoch ends."""

    def __init__(self):
        self.times = []

    def on_epoch(self, entry, evaluations):
        self.times.append(time.perf_counter())


def fitted_epoch(config, dataset, splits, epochs: int) -> float:
    """Median seconds of an epoch of `train.fit`, the first, which compiles, left out."""
    ends = EpochEnds()
    options = {"batch_size": config.training.batch_size, "metric": config.training.metric, **config.optimizer}
    train.fit(build_model(config, dataset, splits, 0), dataset, splits, epochs=epochs, callbacks=[ends], **options)
    return float(np.median(np.diff(ends.times)))


def steps_alone(config, dataset, splits, epochs: int) -> float:
    """Median seconds of the same steps on batches that are there."""
    model, optimizer = build_model(config, dataset, splits, 0), train.adam_l2(**config.optimizer)
    objective = train.GSATObjective(dataset.task)
    graphdef, state = create_state(model, optimizer)
    train_step, eval_step = make_train_step(graphdef, optimizer, objective), make_eval_step(graphdef, objective)
    batches = {part: jax.device_put(assembled(config, dataset, splits, part, epochs)) for part in splits}
    key, times = jax.random.key(0), []
    for _ in range(epochs):
        begin = time.perf_counter()
        for batch in batches["train"]:
            state, *_ = train_step(state, batch, R, 1.0, key)
        jax.block_until_ready([eval_step(state[:2], batch, R) for batch in batches["valid"]])
        times.append(time.perf_counter() - begin)
    return float(np.median(times[1:]))


def assembled(config, dataset: GraphDataset, splits, part: str, epochs: int) -> list:
    """The batches of a part; of the training part those of the first epoch."""
    size = config.training.batch_size
    if part != "train":
        return list(iterate_batches(dataset, splits[part], batch_size=size))
    orders = [epoch_order(splits["train"], seed=0, epoch=epoch) for epoch in range(epochs)]
    return list(iterate_batches(dataset, orders[0], batch_size=size, shape=batch_shape(dataset, orders, size)))


def padding(batches: list) -> tuple[float, float]:
    """Share of the rows of nodes and of edges that are padding."""
    real = [
        (batch.graphs.n_node[batch.graph_mask].sum(), batch.graphs.n_edge[batch.graph_mask].sum()) for batch in batches
    ]
    there = [(len(batch.graphs.nodes), len(batch.graphs.senders)) for batch in batches]
    nodes, edges = 1 - np.sum(real, axis=0) / np.sum(there, axis=0)
    return nodes, edges


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help=f"of experiments/reproduce.py (default: {' '.join(RUNS)})")
    parser.add_argument("--data", default="data", help="folder of the processed data (default: data)")
    parser.add_argument("--raw-data", default="", help="folder with local copies of the raw data (default: download)")
    parser.add_argument("--epochs", type=int, default=5, help="at least 2; the first is not timed (default: 5)")
    parser.add_argument("--threads", type=int, default=min(2, available_cores()), help="default: 2")
    arguments = parser.parse_args()
    if arguments.epochs < 2 or not 1 <= arguments.threads <= available_cores():
        parser.error(f"--epochs must be at least 2, --threads between 1 and {available_cores()}")
    limit_threads(arguments.threads)
    keep_freed_memory()
    table = Table(title="seconds of an epoch")
    for column in ("run", "train.fit", "steps alone", "beside the steps", "batches", "padding: nodes", "edges"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for name in arguments.runs or RUNS:
        try:
            config = configure(name, raw_data=arguments.raw_data, data_folder=arguments.data, epochs=0, interval=0)
            dataset = load_dataset(config)
        except (GnnjaxError, KeyError) as error:
            parser.error(f"{name}: {error}")
        splits = {part: split_dataset(config, dataset, 0)[part] for part in ("train", "valid")}
        whole = fitted_epoch(config, dataset, splits, arguments.epochs)
        alone = steps_alone(config, dataset, splits, arguments.epochs)
        begin = time.perf_counter()
        batches = assembled(config, dataset, splits, "train", arguments.epochs)
        batching = time.perf_counter() - begin
        shares = (f"{share:.1%}" for share in padding(batches))
        table.add_row(name, f"{whole:.2f}", f"{alone:.2f}", f"{whole / alone - 1:+.0%}", f"{batching:.2f}", *shares)
    print_wide(table)


if __name__ == "__main__":
    main()
