"""Text: types of short texts, and the normal form in which texts are compared."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

# One line of text: no control characters, not only white space.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]  # fmt: skip  # noqa: E501

# Marks that change the direction of writing: with them one text can be made to look like another.
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]


def normalized(text: str) -> str:
    """The normal form for comparisons: NFKC, case-folded, without outer white space.

    `Ann@Example.com` and `ann@example.com` are one person (the local part is case-sensitive by
    RFC 5321 section 2.4, but no provider of note treats it so).
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def one_line(text: str) -> str:
    """The text on one line, without control characters and direction marks: for names that people type."""
    return " ".join(
        "".join(" " if char in _DIRECTIONS or unicodedata.category(char) == "Cc" else char for char in text).split()
    )
