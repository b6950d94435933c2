"""How long `import gnnjax` takes beyond `import jax`, in fresh processes by turns.

    python benchmarks/import_time.py

The first round, which fills the file system's cache, does not count.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

if __package__ in (None, ""):
    # Run as a script, Python looks for imports beside this file and not in the folder that holds benchmarks.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.report import summary

STATEMENTS = {
    "python": "",
    "jax": "import jax",
    "jax, flax, jraph, optax": "import jax, flax.nnx, jraph, optax",
    "gnnjax": "import gnnjax",
}


def seconds(statement: str) -> float:
    """Wall-clock time of a process that does nothing else."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5, help="default: 5")
    arguments = parser.parse_args()
    rounds = [
        {name: seconds(statement) for name, statement in STATEMENTS.items()} for _ in range(arguments.repetitions + 1)
    ][1:]
    for name in STATEMENTS:
        print(f"{name:24s} {summary([times[name] for times in rounds])} s")
    beyond = np.array([times["gnnjax"] - times["jax"] for times in rounds])
    print(f"{'beyond jax':24s} {summary(beyond.tolist())} s")


if __name__ == "__main__":
    main()
