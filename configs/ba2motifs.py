"""GSAT on BA-2Motifs, with the published settings.

Reproduces the BA-2Motifs column of table 1 in Miao et al. (ICML 2022, arXiv 2201.12987): explanation ROC-AUC
98.74 +- 0.55 % with GIN, over ten seeds.

    python experiments/gsat.py --config=configs/ba2motifs.py
    python experiments/gsat.py --config=configs/ba2motifs.py --config.seeds=0:10 --config.dataset.source=official
"""

from ml_collections import ConfigDict


def get_config(backbone: str = "gin") -> ConfigDict:
    if backbone != "gin":
        raise ValueError(f"backbone {backbone!r} is not known here; configs/ba2motifs.py has: gin")
    return ConfigDict(
        {
            "dataset": {
                "name": "ba2motifs",
                "source": "generated",  # or: official (downloads it), or the path of the published file
                "folder": "data",
                "seed": 0,  # of the generated graphs
            },
            "seeds": "0",  # of split, initial weights and training: "3", "0:10" or "1,4,5"
            "model": {
                "backbone": backbone,
                "hidden_size": 64,
                "num_layers": 2,
                "dropout_rate": 0.3,
                "separate_batch_statistics": False,  # True: batch-norm statistics of the two passes apart
            },
            "attention": {"learn_on_edges": True, "dropout_rate": 0.5, "temperature": 1.0},
            "r": {"init": 0.9, "final": 0.5, "decay": 0.1, "interval": 10},
            "loss": {"prediction_coefficient": 1.0, "information_coefficient": 1.0},
            "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.0},
            "training": {"epochs": 100, "batch_size": 128, "checkpoint_every": 10},
        }
    )
