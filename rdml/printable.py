"""Text that comes from files, made safe for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with everything that is not printable, such as a terminal's escape sequences, written out."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
