"""A hook of mkdocs: what pages and docstrings write as `models.GSAT` becomes a link to its place in the reference."""

import ast
import functools
import re
from pathlib import Path

__all__ = ["link_names", "on_page_markdown", "public_names"]

_ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"(^ *(?:```|~~~).*?^ *(?:```|~~~) *$)", re.DOTALL | re.MULTILINE)
# Not what is a link already.
_NAME = re.compile(r"(?<!\[)`(?:gnnjax\.)?(?P<module>[a-z_.]+)\.(?P<name>\w+)(?P<rest>(?:\.\w+)*(?:\([^`]*\))?)`(?!\])")


def public_names() -> dict[str, list[str]]:
    """The names in `__all__` of each module that has a page in the reference."""
    names = {}
    for page in (_ROOT / "docs" / "reference").glob("*.md"):
        path = _ROOT.joinpath("gnnjax", *page.stem.split("."))
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                names[page.stem] = _all(file)
    return names


def _all(path: Path) -> list[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["__all__"]:
            return ast.literal_eval(node.value)
    return []


@functools.cache
def _known() -> frozenset[tuple[str, str]]:
    return frozenset((module, name) for module, names in public_names().items() for name in names)


def link_names(text: str) -> str:
    """Markdown in which names of public things of the package are links."""
    return _NAME.sub(_link, text)


def on_page_markdown(markdown: str, **_) -> str:
    pieces = _FENCE.split(markdown)
    # Every second piece is a fenced block.
    return "".join(piece if place % 2 else link_names(piece) for place, piece in enumerate(pieces))


def _link(found: re.Match) -> str:
    if (found["module"], found["name"]) not in _known():
        return found[0]
    return f"[{found[0]}][gnnjax.{found['module']}.{found['name']}]"
