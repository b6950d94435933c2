"""Self-contained pages from a template, a script and data: no network, nothing inserted as HTML."""

import base64
import hashlib
import html
import json
import re
from importlib import resources
from typing import Any

__all__ = ["fill_page"]


def fill_page(name: str, *, title: str, description: str, data: dict[str, Any]) -> bytes:
    """The page `<name>.html` with the script `<name>.js`, whose digest its security policy holds, and its data.

    Args:
      name: of the template and the script beside this file.
      title, description: plain text.
      data: JSON-able, finite.
    """
    folder = resources.files("gnnjax.explain")
    template = folder.joinpath(f"{name}.html").read_text("utf-8")
    script = folder.joinpath(f"{name}.js").read_text("utf-8")
    values = {
        "title": html.escape(title),
        "description": html.escape(description),
        "digest": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        # No text in a JSON element may look like its end or like a comment.
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        "script": script,
    }
    # In one pass, so that no value is searched for the names of others.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template).encode()
