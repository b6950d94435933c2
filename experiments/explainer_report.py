"""What a comparison of explainers found, as a table and as figures."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

from experiments.report import print_wide
from gnnjax import explain, plot
from gnnjax.atomic import atomic_open
from gnnjax.plot.style import ATTENTION, TRUTH

__all__ = ["METHODS", "draw_comparison", "draw_graphs", "markdown", "report", "rows"]

# method -> what tables and figures call it
METHODS = {
    "gsat": "GSAT",
    "pg_explainer": "PGExplainer",
    "gnn_explainer": "GNNExplainer",
    "integrated_gradients": "integrated gradients",
    "gradient_times_input": "gradient times input",
    "absolute_gradient": "absolute gradient",
    "random": "random",
}
# column -> (title, factor, digits)
COLUMNS = {
    "roc_auc_per_graph": ("ROC-AUC per graph %", 100, 2),
    "roc_auc": ("ROC-AUC pooled %", 100, 2),
    "fidelity_plus": ("fidelity+", 1, 3),
    "fidelity_minus": ("fidelity-", 1, 3),
    "characterization": ("characterization", 1, 3),
    "milliseconds_per_graph": ("ms per graph", 1, 3),
    "fit_seconds": ("fit s", 1, 1),
}
NOTE = (
    "Mean ± standard deviation over the seeds. ROC-AUC is that of the scores against the true edges: mean over the "
    "graphs, or of all edges pooled. Fidelity is the loss of the predicted class's probability when the best-scored "
    "{share:g} of the edges are taken away (+, more is better) or kept alone (-, less is better); GSAT's is that of "
    "its own model, all others' that of the plain classifier. Time is that of a second call, without compilation; "
    "PGExplainer is trained beforehand, which took the seconds beside, with compilation."
)


def summarize(results: list[dict]) -> dict[str, dict[str, tuple[float, float]]]:
    """For each method mean and (population) standard deviation over the seeds of each column that it has."""
    summary: dict[str, dict[str, tuple[float, float]]] = {}
    for method in (name for name in METHODS if all(name in result["methods"] for result in results)):
        scores = [result["methods"][method] for result in results]
        values = {name: [each.get(name, np.nan) for each in scores] for name in COLUMNS}
        finite = {name: each for name, each in values.items() if np.isfinite(each).all()}
        summary[method] = {name: (float(np.mean(each)), float(np.std(each))) for name, each in finite.items()}
    return summary


def rows(results: list[dict]) -> list[list[str]]:
    """Titles and a row of texts per method."""
    summary = summarize(results)
    columns = [name for name in COLUMNS if any(name in each for each in summary.values())]
    lines = [["method", *(COLUMNS[name][0] for name in columns)]]
    for method, values in summary.items():
        cells = []
        for name in columns:
            _, factor, digits = COLUMNS[name]
            mean, deviation = (factor * value for value in values.get(name, (np.nan, np.nan)))
            spread = f" ± {deviation:.{digits}f}" if len(results) > 1 else ""
            cells.append(f"{mean:.{digits}f}{spread}" if name in values else "")
        lines.append([METHODS[method], *cells])
    return lines


def markdown(results: list[dict], title: str, options: dict[str, Any]) -> str:
    """The table with what its columns mean."""
    titles, *lines = rows(results)
    graphs = sorted({result["num_graphs"] for result in results})
    seeds = ", ".join(str(result["seed"]) for result in results)
    return "\n".join(
        [
            f"# Explanations of {title}",
            "",
            f"Seeds {seeds}; {' or '.join(map(str, graphs))} graphs each. {NOTE.format(share=options['top_fraction'])}",
            "",
            f"| {' | '.join(titles)} |",
            f"|{'---|' * len(titles)}",
            *(f"| {' | '.join(line)} |" for line in lines),
            "",
        ]
    )


def draw_comparison(results: list[dict], title: str) -> Figure:
    """Bars of ROC-AUC, fidelity and time, a row per method."""
    summary = summarize(results)
    places = np.arange(len(summary))[::-1]
    figure = Figure((10, 0.42 * len(summary) + 1.6), layout="constrained")
    known = any("roc_auc_per_graph" in values for values in summary.values())
    panels = figure.subplots(1, 3 if known else 2, sharey=True)

    def bars(axes, name, places, factor=1.0, **style):
        means, deviations = np.array([values.get(name, (np.nan, np.nan)) for values in summary.values()]).T * factor
        axes.barh(places, means, xerr=deviations if len(results) > 1 else None, **style)

    if known:
        bars(panels[0], "roc_auc_per_graph", places, 100, color=ATTENTION, height=0.6)
        panels[0].axvline(50, color="#777777", linewidth=0.8, linestyle=":")
        panels[0].set(xlabel="ROC-AUC per graph, %", xlim=(0, 100))
    bars(panels[-2], "fidelity_plus", places + 0.18, color=ATTENTION, height=0.34, label="fidelity+ (more is better)")
    bars(panels[-2], "fidelity_minus", places - 0.18, color=TRUTH, height=0.34, label="fidelity- (less is better)")
    panels[-2].axvline(0, color="#777777", linewidth=0.8)
    panels[-2].set(xlabel="change of the probability")
    figure.legend(
        *panels[-2].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=8
    )
    bars(panels[-1], "milliseconds_per_graph", places, color="#777777", height=0.6)
    panels[-1].set(xlabel="ms per graph, without compilation", xscale="log")
    panels[0].set_yticks(places, [METHODS[method] for method in summary])
    figure.suptitle(title, fontsize=10)
    return figure


def draw_graphs(found: dict[str, explain.Explanations], num_graphs: int = 3) -> Figure:
    """The first graphs of each class by turns, one row per graph: true edges, then the scores of each method."""
    first = next(iter(found.values()))
    dataset = first.dataset
    positions = choose(first, num_graphs)
    truth = dataset.edge_labels
    columns = len(found) + (truth is not None)
    figure = Figure((2.0 * columns, 2.1 * len(positions) + 0.3), layout="constrained")
    grid = figure.subplots(len(positions), columns, squeeze=False)
    for row, position in enumerate(positions):
        index = int(first.indices[position])
        panels = {} if truth is None else {"true edges": truth[dataset.edge_slice(index)].astype(float)}
        panels |= {METHODS[method]: within_unit(each[position].edge_mask) for method, each in found.items()}
        for axes, (name, values) in zip(grid[row], panels.items(), strict=True):
            axes.set_axis_off()
            axes.set_title(name if row == 0 else "", fontsize=9)
            plot.draw_attention(axes, dataset, index, values, color=TRUTH if name == "true edges" else ATTENTION)
    return figure


def choose(found: explain.Explanations, num_graphs: int) -> list[int]:
    """Positions of the first graphs that have edges, labels by turns."""
    labels = found.dataset.labels[found.indices].reshape(len(found), -1)[:, 0]
    has_edges = found.dataset.n_edge[found.indices] > 0
    groups = [np.flatnonzero((labels == label) & has_edges) for label in np.unique(labels[~np.isnan(labels)])]
    by_turns = [int(group[turn]) for turn in range(num_graphs) for group in groups if turn < len(group)]
    return by_turns[:num_graphs] or [0]


def within_unit(scores: np.ndarray) -> np.ndarray:
    """Scores of a graph, the least 0 and the largest 1, for lines of a width."""
    span = np.ptp(scores) if len(scores) else 0
    return (scores - scores.min()) / span if span else np.full(len(scores), 0.5)


def report(results: list[dict], workdir: Path, title: str, options: dict[str, Any]) -> None:
    """Writes the table and the figure, and shows the table."""
    with atomic_open(workdir / "comparison.md", "t") as file:
        file.write(markdown(results, title, options))
    plot.save_figure(draw_comparison(results, title), workdir / "comparison.png")
    titles, *lines = rows(results)
    table = Table(*titles, title=title)
    for line in lines:
        table.add_row(*line)
    print_wide(table)
    print("Time is that of a second call, without compilation.")
    print(f"comparison.md, comparison.png, results.json and the explained graphs of each seed are in {workdir}.")
