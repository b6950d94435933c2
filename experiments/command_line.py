"""What the experiments' command lines share: flags with one-line errors, lists of seeds."""

import os
import sys
from collections.abc import Callable
from typing import Any

import jax
from absl import app, flags, logging
from ml_collections import ConfigDict, config_flags

from gnnjax.errors import GnnjaxError, RunError
from gnnjax.host_memory import keep_freed_memory

__all__ = ["define_config_flag", "parse_numbers", "parse_seeds", "run_main"]


_KEEP_FREED_MEMORY = flags.DEFINE_bool(
    "keep_freed_memory",
    True,
    "On Linux, keep freed memory in the process: faster on CPUs, and its memory stays at its peak.",
)


_COMPILATION_CACHE = flags.DEFINE_string(
    "compilation_cache",
    None,
    "Folder that keeps compiled programs, so that training of the same kind starts sooner the next time. What lies "
    "there is executed: nobody else should be able to write to it.",
)


def define_config_flag(example: str) -> flags.FlagHolder[ConfigDict]:
    """Defines the required flag `--config` with its overrides `--config.NAME=VALUE`."""
    config = config_flags.DEFINE_config_file("config", None, f"Configuration file, e.g. {example}.")
    flags.mark_flag_as_required("config")
    return config


def run_main(main: Callable[[], None]) -> None:
    """Parses the command line and calls `main`; what the user can mend ends in one line instead of a traceback."""
    # --help shows the flags of the program alone, unless the others are said to matter.
    for module, defined in flags.FLAGS.flags_by_module_dict().items():
        if module.startswith("experiments."):
            for flag in defined:
                flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(lambda _: _one_line_errors(GnnjaxError, main), flags_parser=_parse)


def _parse(argv: list[str]) -> list[str]:
    def parse():
        arguments = app.parse_flags_with_usage(argv)
        if len(arguments) > 1:
            raise ValueError(f"unexpected argument {arguments[1]!r}; all options start with --")
        if "config" in flags.FLAGS:
            # Using the value is what reports a configuration file that could not be loaded.
            config: Any = flags.FLAGS["config"].value
            config.keys()
        if not flags.FLAGS["verbosity"].present:
            logging.set_verbosity(logging.WARNING)
        if _COMPILATION_CACHE.value:
            jax.config.update("jax_compilation_cache_dir", _COMPILATION_CACHE.value)
            # For the processes of --workers.
            os.environ["JAX_COMPILATION_CACHE_DIR"] = _COMPILATION_CACHE.value
        if _KEEP_FREED_MEMORY.value and keep_freed_memory():
            print(
                "Keeping freed memory in the process (faster on CPUs); --nokeep_freed_memory leaves that to the system."
            )
        return arguments

    return _one_line_errors((AttributeError, KeyError, OSError, TypeError, ValueError), parse)


def _one_line_errors(kinds, action):
    try:
        return action()
    except kinds as error:
        # ml_collections raises AttributeError(KeyError(message)), whose text is quoted and escaped twice.
        while error.args and isinstance(error.args[0], Exception):
            error = error.args[0]
        text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
        sys.exit(f"error: {text}")


def parse_seeds(text: str) -> list[int]:
    """Reads `3`, `0:10` (0 to 9) or `1,4,5`.

    Raises:
      RunError: the text is none of these.
    """
    return parse_numbers(text, "seeds", smallest=0)


def parse_numbers(text: str, name: str, *, smallest: int = 1) -> list[int]:
    """Reads `3`, `0:10` (0 to 9) or `1,4,5`; `name` is what an error calls them.

    Raises:
      RunError: the text is none of these, or a number is below `smallest`.
    """
    try:
        first, colon, last = str(text).partition(":")
        numbers = list(range(int(first), int(last))) if colon else [int(part) for part in first.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < smallest:
        raise RunError(f"{name} is {text!r}, must be like 3, {smallest}:10 or 1,4,5")
    return numbers
