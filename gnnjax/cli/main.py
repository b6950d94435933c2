"""The command line of gnnjax."""

import argparse
import sys

from gnnjax.errors import GnnjaxError

__all__ = ["main"]

_EXAMPLES = """\
examples:
  gnnjax prepare molecules.csv --labels toxic --output molecules.npz
  gnnjax train molecules.npz --output model
  gnnjax evaluate model molecules.npz
  gnnjax explain model new_molecules.csv --output explanations
  gnnjax show molecules.npz
"""


def main(argv: list[str] | None = None) -> None:
    """Runs one command; what a user can mend ends in one line instead of a traceback."""
    # Here and not above, so that --help comes at once.
    from gnnjax.cli import evaluate, explain, prepare, show, train  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="gnnjax",
        description="Graph classifiers that show which edges they used.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (prepare, train, evaluate, explain, show):
        name = command.__name__.rpartition(".")[2]
        description = (command.__doc__ or "").partition("\n")[0]
        one = commands.add_parser(
            name,
            help=description,
            description=description,
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(one)
        one.set_defaults(run=command.run)
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except GnnjaxError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
