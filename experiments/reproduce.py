"""Runs the published experiments, as many as asked for, and writes their results beside the published ones.

Examples:
  python experiments/reproduce.py --runs=ba2motifs-gin --seeds=0:10
  python experiments/reproduce.py --runs=mutag-gin,mutag-gin-star,mutag_leak_free-gin --seeds=0:5
  python experiments/reproduce.py --runs='mol*-gin' --seeds=0:3 --raw_data=PATH
  python experiments/reproduce.py --runs=spmotif_0.5-pna --seeds=0:3 --epochs=40 --interval=12
  python experiments/reproduce.py --list
  python experiments/reproduce.py

A run is named <data>-<backbone>, with -star for GSAT*, which first trains the classifiers it starts from. What is done
is skipped, what was cut is resumed; without --runs nothing is run. At the end `results.md` and `results.csv` are
written from all that the folder holds: per run mean and standard deviation over its seeds, epochs, wall time, and the
published numbers. Nothing else gets there. `--epochs` and `--interval` (epochs between steps of r) shorten a run, which
the table says.
"""

import csv
import fnmatch
import importlib
import io
import itertools
import sys
from pathlib import Path
from typing import Any

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from absl import flags
from jax.sharding import Mesh
from ml_collections import ConfigDict

from experiments import gsat, pretrain
from experiments.command_line import parse_seeds, run_main
from experiments.devices import device_mesh
from experiments.from_config import load_dataset
from experiments.published_results import PUBLISHED
from experiments.report import print_table
from experiments.workers import num_workers
from gnnjax.atomic import atomic_open
from gnnjax.errors import RunError
from gnnjax.parallel import is_first_process
from gnnjax.train.run_folder import read_json

# data -> configuration file, what it overrides, folder of the raw files below --raw_data
DATA: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "ba2motifs": ("ba2motifs", {"dataset.source": "official"}, "ba_2motifs/BA_2Motifs.npz"),
    "mutag": ("mutag", {}, "mutagenicity"),
    "mutag_leak_free": ("mutag", {"split.protocol": "leak_free"}, "mutagenicity"),
    **{f"spmotif_{bias}": ("spmotif", {"dataset.bias": bias}, None) for bias in (0.5, 0.7, 0.9)},
    "mnist75sp": ("mnist75sp", {}, "mnist"),
    "mnist75sp_small": (
        "mnist75sp",
        {"dataset.num_train": 5000, "dataset.num_test": 1000, "split.num_train": 4000, "split.num_valid": 1000},
        "mnist",
    ),
    "graph_sst2": ("graph_sst2", {}, "graph_sst2"),
    **{
        f"mol{name}": ("ogbg_mol", {"dataset.dataset": name}, f"ogbg_mol{name}")
        for name in ("hiv", "bace", "bbbp", "clintox", "sider", "tox21")
    },
}
METRICS = ("explanation_roc_auc", "accuracy", "roc_auc", "precision_at_5")
TITLES = {"explanation_roc_auc": "explanation ROC-AUC", "accuracy": "accuracy", "roc_auc": "ROC-AUC"}


def run_names() -> list[str]:
    """All runs that there are."""
    names = []
    for data, (config, *_) in DATA.items():
        backbones = importlib.import_module(f"configs.{config}").SETTINGS
        names += [f"{data}-{backbone}{star}" for backbone, star in itertools.product(backbones, ("", "-star"))]
    return names


def select(patterns: str) -> list[str]:
    """The runs that match a comma-separated list of names or patterns.

    Raises:
      RunError: one of them matches nothing.
    """
    chosen = []
    for pattern in patterns.split(","):
        matching = fnmatch.filter(run_names(), pattern)
        if not matching:
            raise RunError(f"--runs: {pattern!r} matches no run; --list shows them")
        chosen += matching
    return chosen


def configure(name: str, *, raw_data: str, data_folder: str, epochs: int, interval: int) -> ConfigDict:
    """The configuration of a run; 0 leaves `epochs` and `interval` as published."""
    data, backbone, *_ = name.split("-")
    file, overrides, raw = DATA[data]
    config = importlib.import_module(f"configs.{file}").get_config(backbone)
    config.update_from_flattened_dict(overrides | {"name": data, "dataset.folder": data_folder})
    if raw_data and raw is not None:
        config.dataset.source = str(Path(raw_data) / raw)
    if epochs:
        config.training.epochs = config.pretraining.epochs = epochs
    if interval:
        config.r.interval = interval
    return config


def run(name: str, config: ConfigDict, folder: Path, *, mesh: Mesh | None = None, workers: int = 1) -> list[dict]:
    """Runs one experiment, for GSAT* with its first stage."""
    dataset = load_dataset(config)
    if name.endswith("-star"):
        classifiers = folder / name.replace("-star", "-classifier")
        pretrain.run(config, dataset, classifiers, mesh=mesh, workers=workers)
        config.pretrained = str(classifiers)
    return gsat.run(config, dataset, folder / name, mesh=mesh, workers=workers)


def collect(folder: Path) -> list[dict[str, Any]]:
    """One row per run that `folder` holds, in the order of `run_names`."""
    rows = []
    for name in run_names():
        file = folder / name / "results.json"
        if not file.exists():
            continue
        results = read_json(file)
        data, backbone, *star = name.split("-")
        settings, summary = results["settings"], results["summary"]
        published = configure(name, raw_data="", data_folder="", epochs=0, interval=0)
        row = {"data": data, "backbone": backbone, "method": "GSAT*" if star else "GSAT"}
        row |= {"seeds": len(results["seeds"]), "epochs": settings["training"]["epochs"]}
        row["settings"] = ", ".join(_changes(settings, published)) or "published"
        if "peak_bytes" in summary:
            row["peak_gb"] = round(max(seed["peak_bytes"] for seed in results["seeds"]) / 1e9, 2)
        row["minutes_per_seed"] = round(summary["wall_seconds"]["mean"] / 60, 1)
        for metric in METRICS:
            if metric in summary:
                row |= {f"{metric}_{k}": round(100 * summary[metric][k], 2) for k in ("mean", "std")}
        rows.append(row)
    return rows


def _changes(settings: dict[str, Any], published: ConfigDict) -> list[str]:
    """What a run did otherwise than published, a phrase for each; its epochs first."""
    names = ("dataset", "split", "model", "attention", "r", "loss", "optimizer", "training", "pretraining")
    changes = []
    for section in (name for name in names if name in settings):
        for name, value in settings[section].items():
            expected = published[section].get(name)
            # JSON has lists only.
            expected = list(expected) if isinstance(expected, tuple) else expected
            if (section, name) == ("training", "epochs") and value != expected:
                changes.insert(0, f"{value} of {expected} epochs")
            elif name != "checkpoint_every" and value != expected:
                changes.append(f"{section}.{name} {value} instead of {expected}")
    return changes


def write_report(rows: list[dict[str, Any]], folder: Path) -> None:
    """Writes `results.md` and `results.csv`."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_open(folder / "results.csv", "t") as file:
        file.write(text.getvalue())
    with atomic_open(folder / "results.md", "t") as file:
        file.write(markdown(rows))


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table for people: ours beside what was published, in %."""
    lines = [
        "# Results",
        "",
        "Written by `python experiments/reproduce.py` from finished runs: test graphs, mean ± standard deviation",
        "over the seeds, in %. *paper*: Miao et al., ICML 2022; *re-run*: its mended code, by Chen",
        "et al., ICML 2024. The epoch is chosen by validation accuracy (molecules: ROC-AUC), as published. Minutes are",
        "those of CPU cores shared with other work: they tell the order of magnitude.",
        "",
        "| data | backbone | method | metric | ours | paper | re-run | seeds | settings | min / seed | peak GB |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        # What is published here is GSAT; beside GSAT* it would be taken for its number.
        published = PUBLISHED.get((row["data"], row["backbone"]), {}) if row["method"] == "GSAT" else {}
        molecules = row["data"].startswith("mol")
        for metric, title in TITLES.items():
            if f"{metric}_mean" not in row or metric == ("accuracy" if molecules else "roc_auc"):
                continue
            ours = f"**{row[f'{metric}_mean']:.2f} ± {row[f'{metric}_std']:.2f}**"
            others = [_published(published.get(source, {}).get(metric)) for source in ("paper", "re-run")]
            cells = [row["data"], row["backbone"], row["method"], title, ours, *others, row["seeds"], row["settings"]]
            cells += [row["minutes_per_seed"], row.get("peak_gb", "")]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, ""])


def _published(value: tuple[float, float | None] | None) -> str:
    if value is None:
        return ""
    mean, std = value
    return f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}"


def main() -> None:
    if LIST.value:
        print("\n".join(run_names()))
        return
    folder, mesh = Path(FOLDER.value), device_mesh()
    for name in select(RUNS.value) if RUNS.value else []:
        config = configure(
            name, raw_data=RAW_DATA.value, data_folder=DATA_FOLDER.value, epochs=EPOCHS.value, interval=INTERVAL.value
        )
        config.seeds = ",".join(map(str, parse_seeds(SEEDS.value)))
        results = run(name, config, folder, mesh=mesh, workers=num_workers())
        if is_first_process():
            print_table(results, title=name)
    if not is_first_process():
        return
    rows = collect(folder)
    if not rows:
        raise RunError(f"{folder} holds no finished run; name some with --runs (--list shows them)")
    write_report(rows, Path(REPORT.value))
    print(f"{REPORT.value}/results.md and results.csv: {len(rows)} runs")


if __name__ == "__main__":
    RUNS = flags.DEFINE_string("runs", "", "Comma-separated names or patterns of what to run (default: nothing).")
    SEEDS = flags.DEFINE_string("seeds", "0:10", "Seeds of each run, like 3, 0:10 or 1,4,5.")
    FOLDER = flags.DEFINE_string("folder", "runs/reproduce", "Folder of the runs.")
    REPORT = flags.DEFINE_string("report", "docs", "Folder of results.md and results.csv.")
    RAW_DATA = flags.DEFINE_string("raw_data", "", "Folder with local copies of the raw data (default: download).")
    DATA_FOLDER = flags.DEFINE_string("data", "data", "Folder of the processed data.")
    EPOCHS = flags.DEFINE_integer("epochs", 0, "Epochs of each run (default: as published).")
    INTERVAL = flags.DEFINE_integer("interval", 0, "Epochs between the steps of r (default: as published).")
    LIST = flags.DEFINE_bool("list", False, "Show all runs and stop.")
    run_main(main)
