"""GSAT on the nodes of one graph: which neighbours a classification rests on.

The paper classifies graphs; the losses are the same, taken over the training nodes and over the edges. Data: cora,
citeseer, minesweeper, roman_empire, ... (data_prep/node_data.py), or `generated`, a graph of communities of any size.

    python experiments/gsat_nodes.py --config=configs/gsat_nodes.py:cora
    python experiments/gsat_nodes.py --config=configs/gsat_nodes.py:minesweeper --config.split.protocol=published
    python experiments/gsat_nodes.py --config=configs/gsat_nodes.py:generated --config.dataset.edges=1000000 \
        --config.neighbours=10,10 --config.training.batch_size=1024 --config.training.epochs=12
"""

from ml_collections import ConfigDict


def get_config(name: str = "cora") -> ConfigDict:
    dataset: dict = {"source": "download", "folder": "data"}  # source: or a folder with the published files
    if name == "generated":
        dataset = {"nodes": 10_000, "edges": 100_000, "folder": "data"}
    return ConfigDict(
        {
            "name": name,
            "dataset": dataset,
            # protocol: random (40/30/30 of the seed), published (the data's own masks), or paper (see
            # configs/attention_graphs.py); seed n takes split n of them
            "split": {"protocol": "random", "num_splits": 10, "seed": 0},
            "seeds": "0",
            # Edges to draw into each node at each step away from those to classify, such as 10,10; empty takes the
            # whole graph at each step.
            "neighbours": "",
            "model": {"backbone": "gin", "hidden_size": 64, "num_layers": 2, "dropout_rate": 0.5},
            "attention": {"learn_on_edges": True, "dropout_rate": 0.5, "temperature": 1.0},
            "r": {"init": 0.9, "final": 0.7, "decay": 0.1, "interval": 20},
            "loss": {"prediction_coefficient": 1.0, "information_coefficient": 1.0},
            "optimizer": {"learning_rate": 5e-3, "weight_decay": 5e-4},
            "training": {"epochs": 100, "batch_size": 512, "checkpoint_every": 10, "metric": "accuracy"},
        }
    )
