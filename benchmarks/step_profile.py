"""Where the time of a training step goes, by kind of operation, from a trace of XLA's own.

    python benchmarks/step_profile.py ba2motifs-gin
    python benchmarks/step_profile.py molhiv-pna --raw-data PATH --threads 2

Times are summed over threads. What XLA fuses counts as the operation that gives the fusion its name.
"""

import argparse
import collections
import gzip
import json
import re
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
from rich.table import Table

from benchmarks.gsat_steps import R, load_problem, training_state
from benchmarks.machine import available_cores, limit_threads
from experiments.report import print_wide
from gnnjax.errors import GnnjaxError
from gnnjax.host_memory import keep_freed_memory
from gnnjax.train import make_train_step

STEPS = 4
# The first that a fusion's operation, or else its instruction, has in its name.
KINDS = {
    "products of matrices": ("dot", "transpose"),
    "random bits": ("threefry", "random", "shift_right", "while"),
    "sums, minima and maxima over edges": ("scatter",),
    "gathers": ("gather",),
    "copies": ("concatenate", "copy", "slice", "broadcast", "split", "pad"),
    "reductions": ("reduce",),
}


def operations(hlo: str) -> dict[str, str]:
    """The operation of each instruction of a compiled program."""
    found = {}
    for line in hlo.splitlines():
        if instruction := re.match(r"\s*(?:ROOT )?%?([\w.\-]+) = ", line):
            operation = re.search(r'op_name="[^"]*?([^"/]*)"', line)
            found[instruction[1]] = operation[1] if operation else ""
    return found


def kind_of(operation: str, instruction: str) -> str:
    """A key of `KINDS`, or what remains."""
    for text in (operation, instruction):
        for kind, parts in KINDS.items():
            if any(part in text for part in parts):
                return kind
    return "element by element"


def milliseconds_by_kind(folder: str, hlo: str) -> collections.Counter[str]:
    """Milliseconds a step of each kind, from the trace in a folder."""
    named = operations(hlo)
    (file,) = Path(folder).glob("plugins/profile/*/*.trace.json.gz")
    with gzip.open(file) as stream:
        events = json.load(stream)["traceEvents"]
    total: collections.Counter[str] = collections.Counter()
    for event in events:
        instruction = event.get("args", {}).get("hlo_op")
        if event.get("ph") == "X" and instruction is not None:
            total[kind_of(named.get(instruction, ""), instruction)] += event["dur"] / 1000 / STEPS
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="named as in experiments/reproduce.py, such as ba2motifs-gin")
    parser.add_argument("--data", default="data", help="folder of the processed data (default: data)")
    parser.add_argument("--raw-data", default="", help="folder with local copies of the raw data (default: download)")
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    arguments = parser.parse_args()
    if not 1 <= arguments.threads <= available_cores():
        parser.error(f"--threads must be between 1 and the {available_cores()} cores available")
    limit_threads(arguments.threads)
    keep_freed_memory()
    try:
        problem, batch, _ = load_problem(arguments.run, arguments.data, arguments.raw_data)
    except (GnnjaxError, KeyError) as error:
        parser.error(f"{arguments.run}: {error}")
    optimizer, objective, graphdef, state = training_state(problem)
    step, batch, key = make_train_step(graphdef, optimizer, objective), jax.device_put(batch), jax.random.key(0)
    hlo = jax.jit(step, donate_argnums=0).lower(state, batch, R, 1.0, key).compile().as_text() or ""
    for _ in range(2):
        state, *_ = step(state, batch, R, 1.0, key)
    jax.block_until_ready(state)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(STEPS):
                state, *_ = step(state, batch, R, 1.0, key)
            jax.block_until_ready(state)
        total = milliseconds_by_kind(folder, hlo)
    table = Table(title=f"{arguments.run}: {total.total():.0f} ms a step")
    for column in ("kind", "ms", "share"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, time in total.most_common():
        table.add_row(kind, f"{time:.1f}", f"{time / total.total():.0%}")
    print_wide(table)


if __name__ == "__main__":
    main()
