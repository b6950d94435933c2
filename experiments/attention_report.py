"""Writes the tables of finished runs of experiments/attention_graphs.py into one page.

Examples:
  python experiments/attention_report.py --runs='runs/attention-graphs-*'
  python experiments/attention_report.py --runs='runs/attention-graphs-*' --report=docs/attention_graphs_results.md

Nothing gets there that was not run; a run that has not finished is named and left out.
"""

import sys
from pathlib import Path

# experiments/ and data_prep/ live in the repository and are not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from absl import flags

from experiments.attention_tables import attention_tables
from experiments.command_line import run_main
from experiments.published_attention import NAMES
from gnnjax.atomic import atomic_open
from gnnjax.errors import RunError
from gnnjax.train.run_folder import read_json

_HEAD = """\
# Attention graphs: results

Written by `python experiments/attention_report.py` from finished runs of
`python experiments/attention_graphs.py --config=configs/attention_graphs.py:DATA`: the settings of El et al. 2025
(arXiv 2502.12352), ours beside the published numbers. Accuracy is mean ± standard deviation over the runs, one a split
(40 % train, 30 % validate, 30 % test), at the epoch of best validation accuracy; attention is that after the last
epoch, averaged over the runs. Times are those of CPU cores shared with other work: they tell the order of magnitude.
[Attention graphs](attention_graphs.md) says how to read them.
"""


def page(folders: list[Path]) -> tuple[str, list[Path]]:
    """The page, and the folders whose runs have not finished.

    Raises:
      RunError: a folder's results are not readable.
    """
    unfinished = [folder for folder in folders if not (folder / "results.json").exists()]
    results = [read_json(folder / "results.json") for folder in folders if folder not in unfinished]
    order = {name: place for place, name in enumerate(NAMES)}
    results.sort(key=lambda each: (order.get(each["name"], len(order)), each["name"]))
    parts = [_HEAD]
    for each in results:
        parts += [f"## {each['name']}\n", *(table.to_markdown() for table in attention_tables(each))]
    return "\n".join(parts), unfinished


def main() -> None:
    pattern = Path(RUNS.value)
    folders = sorted(path for path in pattern.parent.glob(pattern.name) if path.is_dir())
    if not folders:
        raise RunError(f"there is no folder {RUNS.value}; --runs takes a pattern such as 'runs/attention-graphs-*'")
    text, unfinished = page(folders)
    for folder in unfinished:
        print(f"left out, not finished: {folder}")
    with atomic_open(REPORT.value, "t") as file:
        file.write(text)
    print(f"{REPORT.value}: {len(folders) - len(unfinished)} runs")


if __name__ == "__main__":
    RUNS = flags.DEFINE_string("runs", "runs/attention-graphs-*", "Folders of runs, a pattern.")
    REPORT = flags.DEFINE_string("report", "docs/attention_graphs_results.md", "Where the page goes.")
    run_main(main)
