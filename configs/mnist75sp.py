"""GSAT on MNIST-75sp, with the published settings.

Reproduces the MNIST-75sp columns of tables 1 and 2 in Miao et al. (ICML 2022, arXiv 2201.12987): explanation ROC-AUC
83.36 % and accuracy 96.24 % with GIN, 84.68 and 93.96 % with PNA. Needs scikit-image (`pip install -e ".[images]"`);
all 70 000 images take some ten minutes to prepare on two cores. A smaller experiment:

    python experiments/gsat.py --config=configs/mnist75sp.py
    python experiments/gsat.py --config=configs/mnist75sp.py --workdir=runs/mnist-small \\
      --config.dataset.num_train=5000 --config.dataset.num_test=1000 \\
      --config.split.num_train=4000 --config.split.num_valid=1000
"""

from ml_collections import ConfigDict

from configs.published import gsat_config

SETTINGS = {
    "gin": {"epochs": 200, "learning_rate": 1e-3, "final_r": 0.7, "interval": 30},
    "pna": {"epochs": 200, "learning_rate": 1e-3, "final_r": 0.7, "interval": 30},
}


def get_config(backbone: str = "gin") -> ConfigDict:
    return gsat_config(
        "mnist75sp",
        backbone,
        SETTINGS,
        # source: download, or a folder with the four IDX files; the first so many images of each file
        dataset={"name": "mnist75sp", "source": "download", "num_train": 60_000, "num_test": 10_000},
        split={"protocol": "subsampled", "num_train": 20_000, "num_valid": 5_000},
        learn_on_edges=False,
        batch_size=256,
        lazy_parts=("test",),
    )
