"""Attention graphs on node classification, with the published settings.

Reproduces the tables and figures of El et al. 2025 (arXiv 2502.12352): four model families, one and two layers, one and
two heads, ten splits. Accuracy with two layers and two heads on Texas: 77 % (SL), 75 % (DLB), 77 % (DL); 66 % (SC, one
head). Other data: cora, citeseer, chameleon, squirrel, cornell, wisconsin, or any name of data_prep/node_data.py with
`--config.split.protocol=random`.

    python experiments/attention_graphs.py --config=configs/attention_graphs.py:texas
    python experiments/attention_graphs.py --config=configs/attention_graphs.py:cora --config.layers=2 --config.heads=2
"""

from ml_collections import ConfigDict


def get_config(name: str = "texas") -> ConfigDict:
    return ConfigDict(
        {
            "name": name,
            # source: download, or a folder with the published files
            "dataset": {"source": "download", "folder": "data"},
            # protocol: paper (40/30/30, the published order of nodes), published (60/20/20, the data's own masks), or
            # random (40/30/30, from the seed)
            "split": {"protocol": "paper", "num_splits": 10, "seed": 0},
            # sc: graph convolution; sl: attention to neighbours; dlb: to all, biased by distance; dl: to all
            "families": "sc,sl,dlb,dl",
            "layers": "1,2",
            "heads": "1,2",
            "seed": 0,  # of initial weights and dropout, counted up from split to split
            "model": {"hidden_size": 128, "dropout_rate": 0.5},
            "positional_features": 16,
            "training": {"epochs": 99, "learning_rate": 1e-3, "weight_decay": 0.0},
        }
    )
