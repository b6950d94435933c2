"""An extension of griffe: the package's docstrings become what mkdocstrings shows.

Formulas in reStructuredText get the marks that the Markdown extension arithmatex knows. What an entry says of several
arguments at once ("senders, receivers: ...") is said of each of them, so that each has its type beside it. Names of
public things become links, and examples without a heading get one.
"""

import contextlib
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

# mkdocstrings imports this file by its path.
sys.path.insert(0, str(Path(__file__).parent))

from links import link_names

__all__ = ["DocstringMarkup"]

_BLOCK = re.compile(r"^(?P<indent> *)\.\. math:: *(?P<tex>.+)$", re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]+)`")
_SECTION = re.compile(r"^( *)(?:Args|Attributes):$")
_EXAMPLES = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
_ENTRY = re.compile(r"^( *)(\w+(?:, \w+)*):(.*)$")


class DocstringMarkup(griffe.Extension):
    """Rewrites the text of every docstring of the package."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is None or not obj.path.startswith("gnnjax"):
            return
        text = _BLOCK.sub(r"\g<indent>$$\g<tex>$$", obj.docstring.value)
        text = link_names(_INLINE.sub(r"$\1$", text))
        text = _EXAMPLES.sub(lambda found: "Examples:\n" + textwrap.indent(found[0], "  "), text)
        parameters = obj.parameters if isinstance(obj, griffe.Function) else None
        obj.docstring.value = "\n".join(_split_entries(text.splitlines(), parameters))

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Where a module and what a package takes from it have one name, the package's name is the latter's."""
        packages = list(_packages(pkg))
        for package in packages:
            for member in package.members.values():
                if member.is_alias and not member.target_path.startswith(f"{pkg.path}.__"):
                    with contextlib.suppress(griffe.AliasResolutionError):
                        member.resolve_target()
        for package in packages[1:]:
            for name, member in list(package.members.items()):
                if name not in (package.exports or ()):
                    continue
                if not member.is_alias and member.is_module and name in member.members:
                    package.members[name] = griffe.Alias(name, member.members[name], parent=package)
                shown = package.members[name]
                if shown.is_attribute and shown.docstring is None:
                    shown.final_target.docstring = griffe.Docstring(_comment_above(shown) or "A constant or a type.")


def _packages(package: griffe.Module) -> Iterator[griffe.Module]:
    yield package
    for module in package.modules.values():
        if not module.is_alias and module.is_init_module:
            yield from _packages(module)


def _split_entries(lines: list[str], parameters: griffe.Parameters | None) -> list[str]:
    """Entries of several names become several; those that `**options` takes come under a heading of their own."""
    keywords = parameters is not None and any(
        parameter.kind is griffe.ParameterKind.var_keyword for parameter in parameters
    )
    result: list[str] = []
    indent, place = None, 0
    while place < len(lines):
        line = lines[place]
        place += 1
        if (section := _SECTION.match(line)) is not None:
            indent = len(section[1])
        elif line.strip() and indent is not None and _indent(line) <= indent:
            indent = None
        entry = None if indent is None else _ENTRY.match(line)
        if indent is None or entry is None or len(entry[1]) != indent + 2:
            result.append(line)
            continue
        names = entry[2].split(", ")
        if keywords and parameters is not None and names[0] not in parameters:
            result += ["", " " * indent + "Keyword Args:"]
            keywords = False
        more = []
        while place < len(lines) and lines[place].strip() and _indent(lines[place]) > len(entry[1]):
            more.append(lines[place])
            place += 1
        for name in names:
            result += [f"{entry[1]}{name}:{entry[3]}", *more]
    return result


def _comment_above(attribute: griffe.Object | griffe.Alias) -> str:
    lines = attribute.filepath.read_text().splitlines()[: attribute.lineno - 1]
    comment: list[str] = []
    while lines and lines[-1].startswith("#"):
        comment.insert(0, lines.pop().removeprefix("#").strip())
    return " ".join(comment)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
