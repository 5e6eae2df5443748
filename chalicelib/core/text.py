"""How text is compared: addresses, login names, and the words of a search."""

import unicodedata
from typing import Annotated

from pydantic import StringConstraints

# What a person reads on one line: no control characters, and more than white space.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]  # fmt: skip  # noqa: E501

# What turns the direction of writing around, by which one text can be made to look like another.
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]


def normalized(text: str) -> str:
    """Equal for texts that people take for the same: NFKC, case-folded, without outer white space.

    `Ann@Example.com` and `ann@example.com` are one person (the local part is case-sensitive by
    RFC 5321 section 2.4, but no provider of note treats it so).
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def one_line(text: str) -> str:
    """As typed, but on one line and without control characters: what people call themselves in a form."""
    return " ".join(
        "".join(" " if one in _DIRECTIONS or unicodedata.category(one) == "Cc" else one for one in text).split()
    )
