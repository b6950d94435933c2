"""Tables of results over seeds."""

import numpy as np
from rich.console import Console
from rich.table import Table

__all__ = ["print_table", "summarize"]

_PERCENTAGES = {
    "accuracy": "accuracy %",
    "explanation_roc_auc": "explanation ROC-AUC %",
    "precision_at_5": "precision@5 %",
}
_PLAIN = {"best_epoch": "best epoch", "wall_seconds": "time s"}


def summarize(results: list[dict]) -> dict[str, dict[str, float]]:
    """Mean and (population) standard deviation over the seeds of every figure that the table shows."""
    shown = [name for name in (*_PERCENTAGES, *_PLAIN) if name in results[0]]
    values = {name: [result[name] for result in results] for name in shown}
    return {name: {"mean": float(np.mean(v)), "std": float(np.std(v))} for name, v in values.items()}


def print_table(results: list[dict]) -> None:
    """Shows a row per seed and, for several seeds, mean and standard deviation."""
    columns = {name: title for name, title in (_PERCENTAGES | _PLAIN).items() if name in results[0]}
    scale = {name: 100 if name in _PERCENTAGES else 1 for name in columns}
    table = Table("seed", *columns.values(), title="test graphs")
    for result in results:
        cells = [f"{scale[name] * result[name]:.{0 if name == 'best_epoch' else 2}f}" for name in columns]
        table.add_row(str(result["seed"]), *cells)
    if len(results) > 1:
        table.add_section()
        statistics = {name: {k: scale[name] * v for k, v in s.items()} for name, s in summarize(results).items()}
        table.add_row("mean ± std", *(f"{s['mean']:.2f} ± {s['std']:.2f}" for s in statistics.values()))
    Console().print(table)
