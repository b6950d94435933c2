"""The tables of attention graphs: ours beside the published numbers and beside the null models."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from experiments.published_attention import ACCURACY, ATTENTION_RATIO, RECOVERY_F1

__all__ = ["ResultTable", "attention_tables"]


@dataclasses.dataclass(frozen=True)
class ResultTable:
    """A table of texts, and what a reader must know of its columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def to_rich(self) -> Table:
        """For the screen."""
        table = Table(*self.columns, title=self.title, caption=self.note, caption_justify="left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def to_markdown(self) -> str:
        """For a file."""
        lines = [f"### {self.title}", ""]
        lines += ["| " + " | ".join(cells) + " |" for cells in (self.columns, ["---"] * len(self.columns), *self.rows)]
        return "\n".join([*lines, "", *([self.note, ""] if self.note else [])])


def attention_tables(results: Mapping[str, Any]) -> list[ResultTable]:
    """The tables of one dataset.

    Args:
      results: content of a run's `results.json`.
    """
    variants, analyses = results["variants"], {}
    analyses = {name: each["analysis"] for name, each in variants.items() if each["analysis"]}
    data, bias_only = results["name"], results["bias_only_recovery"]
    tables = [
        ResultTable(
            f"{data}: test accuracy, %",
            ("model", "ours", "published", "runs", "time per run, s"),
            [
                (
                    _title(name),
                    _mean_std(each["accuracy"]),
                    _published(ACCURACY, name, data, 100),
                    str(len(each["accuracy"])),
                    f"{np.mean(each['wall_seconds']):.1f}",
                )
                for name, each in variants.items()
            ],
        )
    ]
    if not analyses:
        return tables
    tables += [
        ResultTable(
            f"{data}: attention and the input graph",
            ("model", "off / on edges", "published", "share on edges", "correlation", "rewired", "z"),
            [
                (
                    _title(name),
                    f"{each['edges']['ratio']:.3f}",
                    _published(ATTENTION_RATIO, name, data),
                    f"{each['edges']['share_on']:.3f}",
                    f"{each['edge_correlation']['observed']:.3f}",
                    f"{each['edge_correlation']['mean']:.3f}",
                    f"{each['edge_correlation']['z_score']:.1f}",
                )
                for name, each in analyses.items()
            ],
            "Off / on: mean attention of entries off the edges over that of entries on them (A + I). Rewired: the same "
            "correlation with graphs of the same degrees; z: how many of their standard deviations lie between.",
        ),
        ResultTable(
            f"{data}: F1 in % of the quasi-adjacency against A + I",
            (
                *("model", "grid", "published", "threshold", "top", "bias only", "rewired", "chance"),
                *("top, no diagonal", "bias only, no diagonal"),
            ),
            [
                (
                    _title(name),
                    _percent(each["recovery"]["grid"]["f1"]),
                    _published(RECOVERY_F1, name, data),
                    f"{each['recovery']['threshold']:.3f}",
                    _percent(each["recovery"]["top"]["f1"]),
                    _percent(bias_only[_num_layers(name)]["grid"]["f1"]),
                    _percent(each["rewired_recovery"]["top"]["mean"]),
                    _percent(results["chance"]),
                    _percent(each["recovery"]["top_off_diagonal"]["f1"]),
                    _percent(bias_only[_num_layers(name)]["top_off_diagonal"]["f1"]),
                )
                for name, each in analyses.items()
            ],
            "Grid: the paper's threshold; top: exactly as many entries as A + I has. Bias only: softmax of the initial "
            "distance bias, without weights or training. Rewired: top entries against graphs of the same degrees. "
            "Chance: density of A + I.",
        ),
        ResultTable(
            f"{data}: how attention is spread",
            (
                *("model", "self-attention", "top 10 keys", "Gini of keys", "expected hops", "heads alike"),
                *("layers alike", "reciprocity", "class assortativity", "modularity", "communities, classes (NMI)"),
            ),
            [
                (
                    _title(name),
                    f"{each['self_attention']:.3f}",
                    f"{each['top_10_keys']:.3f}",
                    f"{each['key_gini']:.3f}",
                    f"{each['expected_hops']:.2f}",
                    _off_diagonal_mean(each["head_agreement"]),
                    _off_diagonal_mean([each["layer_agreement"]]),
                    *(
                        f"{each['network'][key]:.3f}"
                        for key in ("reciprocity", "class_assortativity", "modularity", "community_information")
                    ),
                )
                for name, each in analyses.items()
            ],
            "Shares of all attention. Heads and layers alike: correlation of their entries.",
        ),
    ]
    names = list(dict.fromkeys(name for each in analyses.values() for name in each["interventions"]))
    tables.append(
        ResultTable(
            f"{data}: test accuracy in % after the last epoch with other attention",
            ("model", *(name.replace("_", " ") for name in names)),
            [
                (_title(name), *(_intervention(each["interventions"].get(key)) for key in names))
                for name, each in analyses.items()
            ],
            "In brackets: % of the test nodes whose prediction changes. The other run was trained on another split, "
            "whose training part holds test nodes of this one: its attention may know their classes.",
        )
    )
    return tables


def _title(variant: str) -> str:
    size, family = variant.split("-")
    return f"{size.upper()} {family.upper()}"


def _num_layers(variant: str) -> str:
    return variant.partition("l")[0]


def _percent(value: float) -> str:
    return f"{100 * value:.2f}"


def _mean_std(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.1f} ± {100 * np.std(values):.1f}"


def _published(table: Mapping[str, Mapping[str, Any]], variant: str, data: str, scale: float = 1) -> str:
    value = table.get(variant, {}).get(data)
    if value is None:
        return "-"
    return f"{scale * value[0]:.0f} ± {scale * value[1]:.0f}" if isinstance(value, tuple) else f"{value:.2f}"


def _intervention(result: Mapping[str, float] | None) -> str:
    return "-" if result is None else f"{100 * result['accuracy']:.1f} ({100 * result['changed']:.0f})"


def _off_diagonal_mean(matrices: Sequence[Sequence[Sequence[float]]]) -> str:
    stacked = np.array(matrices, np.float64)
    if stacked.shape[-1] == 1:
        return "-"
    return f"{np.nanmean(stacked[:, ~np.eye(stacked.shape[-1], dtype=bool)]):.3f}"
