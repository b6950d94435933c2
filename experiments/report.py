"""Tables of results over seeds."""

import math

import numpy as np
from rich.console import Console
from rich.table import Table

__all__ = ["print_table", "print_wide", "summarize"]

_PERCENTAGES = {
    "accuracy": "accuracy %",
    "roc_auc": "ROC-AUC %",
    "explanation_roc_auc": "explanation ROC-AUC %",
    "precision_at_5": "precision@5 %",
    "same_class_roc_auc": "same-class ROC-AUC %",
}
_PLAIN = {"rmse": "RMSE", "mae": "MAE", "best_epoch": "best epoch", "wall_seconds": "time s"}
# In results.json, but not in the table on the screen.
_STORED = ("peak_bytes",)


def summarize(results: list[dict]) -> dict[str, dict[str, float]]:
    """Mean and (population) standard deviation over the seeds of each figure of the table, and of the peak memory."""
    stored = [name for name in _STORED if all(name in result for result in results)]
    values = {name: [result[name] for result in results] for name in [*_columns(results), *stored]}
    return {name: {"mean": float(np.mean(v)), "std": float(np.std(v))} for name, v in values.items()}


def print_table(results: list[dict], *, title: str) -> None:
    """Shows a row per seed and, for several seeds, mean and standard deviation."""
    columns = _columns(results)
    scale = {name: 100 if name in _PERCENTAGES else 1 for name in columns}
    table = Table("seed", *columns.values(), title=title)
    for result in results:
        cells = [f"{scale[name] * result[name]:.{0 if name == 'best_epoch' else 2}f}" for name in columns]
        table.add_row(str(result["seed"]), *cells)
    if len(results) > 1:
        table.add_section()
        summary = {name: summarize(results)[name] for name in columns}
        statistics = {name: {k: scale[name] * v for k, v in s.items()} for name, s in summary.items()}
        table.add_row("mean ± std", *(f"{s['mean']:.2f} ± {s['std']:.2f}" for s in statistics.values()))
    print_wide(table)


def print_wide(*tables: Table) -> None:
    """Prints tables, each as wide as it needs to be unless a terminal is narrower."""
    console = Console()
    if not console.is_terminal:
        # Nobody's log has to be cut to 80 columns.
        console.width = 250
    for table in tables:
        console.print(table)


def _columns(results: list[dict]) -> dict[str, str]:
    """Name and title of each column that every result has a value for."""
    return {
        name: title
        for name, title in (_PERCENTAGES | _PLAIN).items()
        if all(not math.isnan(result.get(name, math.nan)) for result in results)
    }
