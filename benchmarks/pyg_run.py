"""A whole run of GSAT in PyTorch Geometric: data loader, training, all parts evaluated each epoch, ROC-AUC.

What `experiments/gsat.py` writes beside that, logs, checkpoints and figures, it does without.

    python benchmarks/pyg_run.py ba2motifs-gin --data=data --epochs=100
"""

import argparse
import sys
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from sklearn.metrics import accuracy_score, roc_auc_score
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader

from benchmarks.pyg_gsat import BACKBONES, Batch, GSATTraining
from experiments.from_config import backbone_arguments, load_dataset, split_dataset
from experiments.reproduce import configure
from gnnjax.data import GraphDataset
from gnnjax.train import RSchedule

__all__ = ["main"]


class GraphData(Data):
    """A graph whose reverse-edge ids are counted on when graphs are batched."""

    def __inc__(self, key, value, *args, **kwargs):
        return self.num_edges if key == "reverse_edges" else super().__inc__(key, value, *args, **kwargs)


def graphs_of(dataset: GraphDataset) -> list[GraphData]:
    """The graphs as PyTorch Geometric keeps them."""
    node_ends, edge_ends = np.cumsum(dataset.n_node), np.cumsum(dataset.n_edge)
    graphs = []
    for index, (node_end, edge_end) in enumerate(zip(node_ends, edge_ends, strict=True)):
        nodes = slice(node_end - dataset.n_node[index], node_end)
        edges = slice(edge_end - dataset.n_edge[index], edge_end)
        ends = np.stack([dataset.senders[edges], dataset.receivers[edges]])
        graphs.append(
            GraphData(
                x=torch.tensor(dataset.nodes[nodes]),
                edge_index=torch.tensor(ends, dtype=torch.long),
                y=torch.tensor(dataset.labels[index : index + 1]),
                reverse_edges=torch.tensor(dataset.reverse_edges[edges], dtype=torch.long),
                edge_labels=torch.tensor(dataset.edge_labels[edges]),
            )
        )
    return graphs


def to_batch(graphs) -> Batch:
    """What the model takes, of what the loader gives."""
    return Batch(graphs.x, graphs.edge_index, None, graphs.batch, graphs.y, graphs.reverse_edges)


def evaluate(training: GSATTraining, loader: DataLoader, r: float) -> tuple[float, float]:
    """Accuracy, and explanation ROC-AUC over all edges of the part."""
    logits, labels, attention, edge_labels = [], [], [], []
    for graphs in loader:
        outputs = training.eval_step(to_batch(graphs), r)
        logits.append(outputs.logits)
        labels.append(graphs.y)
        attention.append(outputs.edge_attention)
        edge_labels.append(graphs.edge_labels)
    accuracy = accuracy_score(torch.cat(labels).numpy() > 0.5, torch.cat(logits).numpy() > 0)
    return accuracy, roc_auc_score(torch.cat(edge_labels).numpy(), torch.cat(attention).numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="of binary data with edge labels, named as in experiments/reproduce.py")
    parser.add_argument("--data", default="data", help="folder of the processed data (default: data)")
    parser.add_argument("--raw-data", default="", help="folder with local copies of the raw data")
    parser.add_argument("--epochs", type=int, default=0, help="default: as published")
    parser.add_argument("--threads", type=int, default=2, help="default: 2")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = configure(
        arguments.run, raw_data=arguments.raw_data, data_folder=arguments.data, epochs=arguments.epochs, interval=0
    )
    dataset = load_dataset(config)
    splits = split_dataset(config, dataset, seed=0)
    graphs, size = graphs_of(dataset), config.training.batch_size
    loaders = {
        part: DataLoader([graphs[index] for index in indices], size, shuffle=part == "train")
        for part, indices in splits.items()
    }
    options = backbone_arguments(config, dataset, splits)
    training = GSATTraining(
        BACKBONES[options.pop("name")](**options),
        dataset.task,
        learn_edge_attention=config.attention.learn_on_edges,
        **config.optimizer.to_dict(),
    )
    schedule = RSchedule(**config.r.to_dict())
    for epoch in range(config.training.epochs):
        r = schedule(epoch)
        for batch in loaders["train"]:
            training.train_step(to_batch(batch), r)
        for part in ("valid", "test"):
            accuracy, roc_auc = evaluate(training, loaders[part], r)
            print(f"epoch {epoch}, {part}: accuracy {accuracy:.3f}, explanation ROC-AUC {roc_auc:.3f}")


if __name__ == "__main__":
    main()
