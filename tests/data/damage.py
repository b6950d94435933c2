"""Damage to a text file, for the fuzzing of readers."""

from collections.abc import Sequence

from hypothesis import strategies as st

__all__ = ["damaged_bytes"]


@st.composite
def damaged_bytes(draw: st.DrawFn, content: bytes, entries: Sequence[bytes], replaced: Sequence[bytes]) -> bytes:
    """Draws `content` cut off, with its lines in another order, with other bytes somewhere, or with another entry.

    Args:
      draw: given by hypothesis.
      content: of the file.
      entries: what may stand where one of `replaced` first stood.
      replaced: see `entries`.
    """
    match draw(st.sampled_from(["truncate", "permute", "bytes", "entry"])):
        case "truncate":
            return content[: draw(st.integers(0, len(content)))]
        case "permute":
            return b"".join(draw(st.permutations(content.splitlines(keepends=True))))
        case "bytes":
            place = draw(st.integers(0, len(content)))
            return content[:place] + draw(st.binary(min_size=1, max_size=4)) + content[place + 1 :]
    entry = draw(st.sampled_from(entries))
    return content.replace(draw(st.sampled_from(replaced)), entry, 1)
