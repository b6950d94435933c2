"""What the configurations of GSAT share: the published settings of each backbone, and the shape of a configuration.

Source: the published code of Miao et al., ICML 2022 (arXiv 2201.12987).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict

_COMMON = {"dropout_rate": 0.3, "separate_batch_statistics": False, "use_edge_features": True}
_MODELS: dict[str, dict[str, Any]] = {
    "gin": {"hidden_size": 64, "num_layers": 2, **_COMMON},
    "pna": {
        "hidden_size": 80,
        "num_layers": 4,
        "aggregators": ("mean", "min", "max", "std", "sum"),
        "degree_scalers": False,
        **_COMMON,
    },
    "spmotifnet": {"hidden_size": 32, "num_layers": 2},
}
_WEIGHT_DECAY = {"gin": 0.0, "pna": 3e-6, "spmotifnet": 0.0}


def gsat_config(
    name: str,
    backbone: str,
    settings: Mapping[str, Mapping[str, Any]],
    *,
    dataset: Mapping[str, Any],
    split: Mapping[str, Any],
    learn_on_edges: bool,
    batch_size: int = 128,
    metric: str = "accuracy",
    lazy_parts: Sequence[str] = (),
    model: Mapping[str, Any] | None = None,
) -> ConfigDict:
    """The configuration of GSAT and GSAT* for a dataset.

    Args:
      name: of the data, for folders and tables.
      backbone: a key of `settings`.
      settings: for each backbone `epochs`, `learning_rate`, `final_r`, `interval`, and where they are others than those
        `pretraining_epochs`, `pretraining_learning_rate`, `plateau_patience`.
      dataset: arguments of the `prepare` of `data_prep/<name>.py`, and that name.
      split: see `experiments.from_config.split_dataset`.
      learn_on_edges: attention on edges, else on nodes.
      batch_size, metric, lazy_parts: see `train.fit`.
      model: changes to the backbone's settings.

    Raises:
      ValueError: the backbone is none of `settings`.
    """
    if backbone not in settings:
        raise ValueError(f"backbone {backbone!r} is not known here; {name} has: {', '.join(settings)}")
    own = settings[backbone]
    weight_decay = _WEIGHT_DECAY[backbone]
    return ConfigDict(
        {
            "name": name,
            "dataset": {**dataset, "folder": "data"},
            "split": dict(split),
            "seeds": "0",  # of split, initial weights and training: "3", "0:10" or "1,4,5"
            "model": {"backbone": backbone, **_MODELS[backbone], **(model or {})},
            "attention": {"learn_on_edges": learn_on_edges, "dropout_rate": 0.5, "temperature": 1.0},
            "r": {"init": 0.9, "final": own["final_r"], "decay": 0.1, "interval": own["interval"]},
            "loss": {"prediction_coefficient": 1.0, "information_coefficient": 1.0},
            "optimizer": {"learning_rate": own["learning_rate"], "weight_decay": weight_decay},
            "training": {
                "epochs": own["epochs"],
                "batch_size": batch_size,
                "checkpoint_every": 10,
                "metric": metric,
                "lazy_parts": tuple(lazy_parts),
            },
            "pretrained": "",  # GSAT*: "auto", or the folder of a run of experiments/pretrain.py
            "pretraining": {
                "epochs": own.get("pretraining_epochs", own["epochs"]),
                "learning_rate": own.get("pretraining_learning_rate", own["learning_rate"]),
                "weight_decay": weight_decay,
                "plateau_patience": own.get("plateau_patience", 0),  # 0: the learning rate stays
                "plateau_factor": 0.5,
                "plateau_threshold": 1e-4,
            },
        }
    )
