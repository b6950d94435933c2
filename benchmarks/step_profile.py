"""Where the time of a workload's step goes in gnnjax, by kind of operation, from a trace of XLA's own.

    python benchmarks/step_profile.py gsat --match "training, GIN, BA-2Motifs"
    python benchmarks/step_profile.py large-graph --threads 1 --operations 10

Times are summed over threads. What XLA fuses counts as the operation that gives the fusion its name.
"""

import argparse
import collections
import gzip
import json
import os
import re
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
from rich.table import Table

from benchmarks.choice import add_choice, check_choice, chosen_workloads
from benchmarks.machine import limit_threads
from benchmarks.workload import OURS, Workload
from experiments.report import print_wide
from gnnjax.host_memory import keep_freed_memory

# The first that a fusion's operation, or else its instruction, has in its name.
KINDS = {
    "products of matrices": ("dot", "transpose"),
    "random bits": ("threefry", "random", "shift_right"),
    "sums, minima and maxima over edges": ("scatter",),
    "gathers": ("gather",),
    "copies": ("concatenate", "copy", "slice", "broadcast", "split", "pad"),
    "reductions": ("reduce",),
    "loops": ("while",),  # In a step of GSAT those that draw random bits.
}

Instruction = tuple[str, str]  # the program's name and the instruction's


def operations(hlo: str) -> dict[str, str]:
    """The operation of each instruction of a compiled program, with the functions that it stands in."""
    found = {}
    for line in hlo.splitlines():
        if instruction := re.match(r"\s*(?:ROOT )?%?([\w.\-]+) = ", line):
            operation = re.search(r'op_name="([^"]*)"', line)
            found[instruction[1]] = operation[1] if operation else ""
    return found


def kind_of(operation: str, instruction: str) -> str:
    """A key of `KINDS`, or what remains."""
    innermost = operation.rpartition("/")[2]
    # What belongs to a loop and is not in its body is the loop's own, or copies its state.
    for text in (instruction, innermost) if innermost == "while" else (innermost, instruction):
        for kind, parts in KINDS.items():
            if any(part in text for part in parts):
                return kind
    return "element by element"


def dumped_operations(folder: Path) -> dict[Instruction, str]:
    """Operations of all programs that XLA has written into a folder; of those of one name the newest counts."""
    return {
        (file.name.split(".")[1], instruction): operation
        for file in sorted(folder.glob("*after_optimizations.txt"))
        for instruction, operation in operations(file.read_text()).items()
    }


def trace(workload: Workload, folder: Path) -> collections.Counter[Instruction]:
    """Milliseconds a step of each instruction."""
    run = workload.sides[OURS]()
    steps = workload.our_steps or workload.steps
    run(steps)
    with jax.profiler.trace(str(folder)):
        run(steps)
    (file,) = folder.glob("plugins/profile/*/*.trace.json.gz")
    with gzip.open(file) as stream:
        events = json.load(stream)["traceEvents"]
    times: collections.Counter[Instruction] = collections.Counter()
    for event in events:
        facts = event.get("args", {})
        if event.get("ph") == "X" and "hlo_op" in facts:
            times[facts["hlo_module"], facts["hlo_op"]] += event["dur"] / 1000 / steps
    return times


def time_tables(name: str, times: collections.Counter[Instruction], named: dict[Instruction, str], longest: int):
    """Times by kind, and those of the operations that take longest."""
    by_kind: collections.Counter[str] = collections.Counter()
    for key, time in times.items():
        by_kind[kind_of(named.get(key, ""), key[1])] += time
    table = Table(title=f"{name}: {times.total():.1f} ms a step")
    for column in ("kind", "ms", "share"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, time in by_kind.most_common():
        table.add_row(kind, f"{time:.1f}", f"{time / times.total():.0%}")
    yield table
    if longest:
        table = Table("instruction", "operation", "ms")
        for (program, instruction), time in times.most_common(longest):
            table.add_row(instruction, named.get((program, instruction), ""), f"{time:.1f}")
        yield table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_choice(parser)
    parser.add_argument("--operations", type=int, default=0, help="list so many that take longest (default: none)")
    arguments = parser.parse_args()
    check_choice(parser, arguments)
    if arguments.operations < 0:
        parser.error("--operations must not be negative")
    limit_threads(arguments.threads)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as scratch:
        programs = Path(scratch, "programs")
        # XLA reads it when JAX starts its backend, which importing JAX does not.
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_dump_to={programs} --xla_dump_hlo_as_text"
        for index, workload in enumerate(chosen_workloads(parser, arguments, Path(scratch))):
            times = trace(workload, Path(scratch, f"trace{index}"))
            for table in time_tables(workload.name, times, dumped_operations(programs), arguments.operations):
                print_wide(table)


if __name__ == "__main__":
    main()
