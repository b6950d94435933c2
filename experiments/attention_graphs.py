"""Trains graph transformers on node classification and studies their attention as a graph.

Examples:
  python experiments/attention_graphs.py --config=configs/attention_graphs.py:texas
  python experiments/attention_graphs.py --config=configs/attention_graphs.py:cora --config.layers=2 --config.heads=2
  python experiments/attention_graphs.py --config=configs/attention_graphs.py:texas --config.dataset.source=PATH
  python experiments/attention_graphs.py --config=configs/attention_graphs.py:wisconsin --workers=2
  python experiments/attention_graphs.py --config=configs/attention_graphs.py:squirrel_filtered \\
    --config.split.protocol=published

Any value of the configuration file can be overridden as --config.NAME=VALUE. The run's folder receives the models of
every split, `results.json`, the tables (`tables.md`), the figures, and for each model of most layers and heads a page
on which its attention graph is explored. A killed run continues when the same command is given again; models that are
there are not trained again.
"""

import sys
from pathlib import Path
from typing import Any

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from absl import flags
from ml_collections import ConfigDict
from tqdm import tqdm

from experiments.attention_analysis import analyze, bias_only_recovery, mean_attention
from experiments.attention_figures import draw_deletion, draw_figures, write_pages
from experiments.attention_tables import ResultTable, attention_tables
from experiments.command_line import define_config_flag, run_main
from experiments.node_runs import NodeExperiment, Variant, variants
from experiments.report import print_wide
from experiments.workers import num_workers
from gnnjax import explain
from gnnjax.atomic import atomic_open
from gnnjax.plot import save_figure
from gnnjax.train.run_folder import open_run_folder, read_json, write_json


def run(config: ConfigDict, workdir: Path, *, overwrite: bool = False, workers: int = 1) -> list[ResultTable]:
    """Trains the grid of models, analyses their attention, writes tables, figures and pages; returns the tables."""
    grid = variants(config)
    experiment = NodeExperiment(config, workdir)
    open_run_folder(workdir, run_settings(config, experiment), overwrite=overwrite)
    experiment.train(grid, workers=workers)
    results = collect(experiment, grid)
    write_json(workdir / "results.json", results)
    tables = attention_tables(results)
    with atomic_open(workdir / "tables.md", "t") as file:
        file.write("\n".join(table.to_markdown() for table in tables))
    return tables


def collect(experiment: NodeExperiment, grid: list[Variant]) -> dict[str, Any]:
    """Accuracy and analysis of each variant, and the figures of each number of layers and heads."""
    results: dict[str, Any] = {
        "name": experiment.dataset.name,
        "chance": explain.chance_recovery(experiment.dataset.adjacency()),
        # Beside convolutions, which have no attention, nothing needs distances between all pairs of nodes.
        "bias_only_recovery": {
            str(n): bias_only_recovery(experiment, n) for n in {v.num_layers for v in grid if v.family != "sc"}
        },
        "variants": {},
    }
    sizes = sorted({(variant.num_layers, variant.num_heads) for variant in grid})
    for size in tqdm(sizes, desc="analysis", dynamic_ncols=True):
        same_size = [variant for variant in grid if (variant.num_layers, variant.num_heads) == size]
        attention = {}
        for variant in same_size:
            runs = experiment.results(variant)
            entry: dict[str, Any] = {name: [run[key] for run in runs] for name, key in _STORED.items()}
            entry["analysis"] = None
            if variant.family != "sc":
                attention[variant] = mean_attention(experiment, variant)
                entry["analysis"] = stored_analysis(experiment, variant, attention[variant])
            results["variants"][variant.folder] = entry
        if attention:
            analyses = {variant: results["variants"][variant.folder]["analysis"] for variant in attention}
            figures = draw_figures(experiment, attention) | {"deletion": draw_deletion(analyses)}
            for name, figure in figures.items():
                save_figure(figure, experiment.workdir / "figures" / f"{size[0]}l{size[1]}h_{name}.png")
        if size == sizes[-1]:
            write_pages(experiment, attention)
    return results


_STORED = {
    "accuracy": "test_accuracy",
    "best_epoch": "best_epoch",
    "wall_seconds": "wall_seconds",
    "peak": "peak_bytes",
}


def stored_analysis(experiment: NodeExperiment, variant: Variant, attention: np.ndarray) -> dict[str, Any]:
    """The analysis of a variant, computed once."""
    path = experiment.workdir / variant.folder / "analysis.json"
    if not path.exists():
        write_json(path, analyze(experiment, variant, attention))
    return read_json(path)


def run_settings(config: ConfigDict, experiment: NodeExperiment) -> dict[str, Any]:
    """All that decides a model's results; the grid can be widened later."""
    names = ("name", "split", "seed", "model", "positional_features", "training")
    values = config.to_dict()
    return {name: values[name] for name in names} | {"fingerprint": experiment.dataset.fingerprint()}


def main() -> None:
    config = CONFIG.value
    workdir = Path(WORKDIR.value or f"runs/attention-graphs-{config.name}")
    tables = run(config, workdir, overwrite=OVERWRITE.value, workers=num_workers())
    print_wide(*(table.to_rich() for table in tables))
    print(f"Models, tables, figures and pages are in {workdir}.")


if __name__ == "__main__":
    CONFIG = define_config_flag("configs/attention_graphs.py:texas")
    WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run (default: runs/attention-graphs-<data>).")
    OVERWRITE = flags.DEFINE_bool("overwrite", False, "Delete an earlier run in the folder first.")
    run_main(main)
