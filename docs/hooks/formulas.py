"""A hook of mkdocs: formulas in TeX, which the Markdown extension arithmatex marks, become MathML.

Browsers draw MathML themselves, so that no script has to be fetched.
"""

import html
import re

from latex2mathml.converter import convert

__all__ = ["on_page_content"]

_MARKED = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\s*\\[(\[](?P<tex>.*?)\\[)\]]\s*</(?P=tag)>',
    re.DOTALL,
)


def on_page_content(content: str, **_) -> str:
    return _MARKED.sub(_mathml, content)


def _mathml(found: re.Match) -> str:
    tex = html.unescape(found["tex"]).strip()
    return convert(tex, display="block" if found["tag"] == "div" else "inline")
