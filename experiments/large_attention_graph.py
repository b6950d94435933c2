"""Attention graphs where no matrix of all pairs of nodes fits: trains sparse attention, builds its pruned graph.

Examples:
  python experiments/large_attention_graph.py --data=pubmed
  python experiments/large_attention_graph.py --data=generated --nodes=100000 --edges=1000000
  python experiments/large_attention_graph.py --data=pubmed --source=PATH --top_k=64

With --devices=4 the nodes and the edges that they receive by are partitioned over so many devices in training. Prints
the time and the peak memory of each step, and the memory that the dense way would take. `generated` is a random
graph whose classes are communities, with features that hint at them.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from absl import flags
from flax import nnx
from jax.sharding import Mesh
from tqdm import tqdm

from data_prep.communities import generate
from data_prep.node_data import prepare_node_data
from experiments.command_line import run_main
from experiments.devices import device_mesh
from gnnjax import data, explain, models, train
from gnnjax.host_memory import peak_memory
from gnnjax.train.run_folder import write_json

_LAYERS, _HEADS = 2, 2


def run(
    dataset: data.NodeDataset, *, epochs: int, top_k: int, num_rows: int, mesh: Mesh | None = None
) -> dict[str, Any]:
    """Trains, builds the attention graph, and reports on each step."""
    steps: dict[str, Any] = {}

    def measured(name: str, action: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        result = action()
        steps[name] = {"seconds": time.perf_counter() - begin, "peak_bytes": peak_memory()}
        print(f"{name}: {steps[name]['seconds']:.1f} s, peak memory so far {peak_memory() / 1e9:.2f} GB", flush=True)
        return result

    inputs = measured("prepare", lambda: models.node_inputs(dataset.graph, flow=models.FAMILY_FLOWS["sl"]))
    masks = data.random_node_splits(dataset.num_nodes, num_splits=1)
    model = models.GraphTransformer(
        dataset.nodes.shape[1],
        dataset.num_classes,
        attention="sparse",
        num_layers=_LAYERS,
        num_heads=_HEADS,
        rngs=nnx.Rngs(0),
    )
    with tqdm(total=epochs, unit="epoch", mininterval=1.0, dynamic_ncols=True) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        arguments = {"seeds": [0], "epochs": epochs, "on_progress": show, "mesh": mesh}
        (fit,) = measured(
            f"train {epochs} epochs", lambda: train.fit_nodes([model], inputs, dataset.labels, masks, **arguments)
        )
    attention = measured("attention", lambda: np.asarray(model.attend(inputs)[1]))
    rows, columns = inputs.pattern.rows, inputs.pattern.columns
    ends = attention, rows, columns, dataset.num_nodes
    result = measured(f"attention graph, {top_k} per row", lambda: explain.sparse_attention_graph(*ends, top_k=top_k))
    chosen = np.linspace(0, dataset.num_nodes - 1, num_rows).astype(np.int64)
    exact = measured(f"{num_rows} exact rows", lambda: explain.attention_from(*ends, chosen))
    error = np.abs(np.asarray(exact) - result.graph[chosen].toarray()).sum(1)
    return {
        "data": dataset.name,
        "nodes": dataset.num_nodes,
        "edges": dataset.num_edges,
        "test_accuracy": fit.test_accuracy,
        "entries": result.graph.nnz,
        "dropped_mass_mean": float(result.dropped_mass.mean()),
        "dropped_mass_max": float(result.dropped_mass.max()),
        "error_of_exact_rows_max": float(error.max()),
        "dense_bytes": 4 * dataset.num_nodes**2,
        "steps": steps,
    }


def main() -> None:
    if DATA.value == "generated":
        dataset = generate(NODES.value, EDGES.value)
    else:
        dataset = data.load_nodes(prepare_node_data(DATA.value, SOURCE.value, folder=FOLDER.value))
    report = run(dataset, epochs=EPOCHS.value, top_k=TOP_K.value, num_rows=ROWS.value, mesh=device_mesh())
    print(
        f"{report['data']}: {report['nodes']} nodes, {report['edges']} edges; test accuracy "
        f"{100 * report['test_accuracy']:.1f} %\n"
        f"attention graph: {report['entries']} entries; left out of a row: mean {report['dropped_mass_mean']:.4f}, at "
        f"most {report['dropped_mass_max']:.4f} of its attention\n"
        f"one dense matrix of all pairs would take {report['dense_bytes'] / 1e9:.1f} GB"
    )
    if REPORT.value:
        write_json(REPORT.value, report)


if __name__ == "__main__":
    DATA = flags.DEFINE_string("data", "pubmed", "`generated`, or a name of data_prep/node_data.py.")
    SOURCE = flags.DEFINE_string("source", "download", "`download`, or a folder with the published files.")
    FOLDER = flags.DEFINE_string("folder", "data", "Holds raw and processed data.")
    NODES = flags.DEFINE_integer("nodes", 100_000, "Of the generated graph.")
    EDGES = flags.DEFINE_integer("edges", 1_000_000, "Of the generated graph, before duplicates are removed.")
    EPOCHS = flags.DEFINE_integer("epochs", 99, "Steps of training.", lower_bound=1)
    TOP_K = flags.DEFINE_integer("top_k", 64, "Entries kept in each row of the attention graph.", lower_bound=1)
    ROWS = flags.DEFINE_integer("rows", 100, "How many rows are computed exactly, to compare.", lower_bound=1)
    REPORT = flags.DEFINE_string("report", None, "JSON file for what was measured.")
    run_main(main)
