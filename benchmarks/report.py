"""The table, the figure and the JSON of a benchmark."""

import statistics
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.workload import OURS, Workload

__all__ = ["draw_ratios", "ratios", "summary", "time_table"]

Times = Mapping[str, list[float]]


def ratios(times: Times) -> tuple[str, np.ndarray] | None:
    """The other side, and how many times as long as ours it takes: `[repetitions]`; None without another side."""
    others = [side for side in times if side != OURS]
    return (others[0], np.divide(times[others[0]], times[OURS])) if others else None


def summary(values, digits: int = 2) -> str:
    """Median and range, or the only value."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} .. {max(values):.{digits}f})"


def time_table(workloads: list[Workload], times: Mapping[str, Times], memory: Mapping[str, Mapping[str, int]]) -> Table:
    """One row per workload: median and range of the blocks and of their ratios, the target, peak memory."""
    table = Table(title="milliseconds per step: median (range) of the blocks; MB: peak memory beside the imports")
    table.add_column("workload")
    for column in ("gnnjax, ms", "the other, ms", "the other / gnnjax", "target", "MB", "the other's"):
        table.add_column(column, justify="right")
    for workload in workloads:
        blocks, found = times[workload.name], ratios(times[workload.name])
        row = [workload.name, summary(blocks[OURS], 1), "", "", "", "", ""]
        peaks = memory.get(workload.name, {})
        if OURS in peaks:
            row[5] = f"{peaks[OURS] / 1e6:.0f}"
        if found is not None:
            other, ratio = found
            row[2], row[3] = f"{other} {summary(blocks[other], 1)}", summary(ratio)
            if workload.target is not None:
                met = "met" if statistics.median(ratio) >= workload.target else "missed"
                row[4] = f"{workload.target:.2f}, {met}"
            if other in peaks:
                row[6] = f"{peaks[other] / 1e6:.0f}"
        table.add_row(*row)
    return table


def draw_ratios(workloads: list[Workload], times: Mapping[str, Times]) -> Figure:
    """A bar per workload with another side: the ratio's median and range, and a mark at its target."""
    rows = [(workload, found) for workload in workloads if (found := ratios(times[workload.name])) is not None]
    figure = Figure(figsize=(10, 1.2 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(rows))[::-1]
    medians = np.array([np.median(ratio) for _, (_, ratio) in rows])
    ranges = np.array([[np.min(ratio), np.max(ratio)] for _, (_, ratio) in rows]).T
    axes.barh(positions, medians - 1, left=1, height=0.6, color="#4477aa", label="median")
    errors = np.abs(ranges - medians)
    axes.errorbar(medians, positions, xerr=errors, fmt="none", ecolor="black", capsize=2, label="range of the blocks")
    targets = [(place, row[0].target) for place, row in zip(positions, rows, strict=True) if row[0].target is not None]
    if targets:
        axes.scatter(
            *zip(*[(target, place) for place, target in targets], strict=True),
            marker="|",
            s=160,
            c="#ee6677",
            linewidths=2.5,
            label="target",
            zorder=3,
        )
    axes.axvline(1, color="gray", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 3, 5, 10, 20, 30], labels=["0.5", "1", "2", "3", "5", "10", "20", "30"])
    axes.minorticks_off()
    axes.set_yticks(positions, [workload.name for workload, _ in rows], fontsize=8)
    axes.set_xlabel("time of the other library / time of gnnjax (more is faster)")
    axes.legend(loc="lower right", fontsize=8)
    return figure
