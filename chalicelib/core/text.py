"""Text: types of short texts, and the forms in which texts are compared and searched."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

# Marks that change the direction of writing: with them one text can be made to look like another.
_OVERRIDES = "\u202a-\u202e\u2066-\u2069"
_DIRECTIONS = re.compile("[\u200e\u200f" + _OVERRIDES + "]")

# Characters that nobody sees: spaces, joiners, fillers, variation selectors, tags.
_UNSEEN = (
    "\\s\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(f"[^{_UNSEEN}]")
# Spaces are not among them: they part words.
_HIDDEN = re.compile(f"(?!\\s)[{_UNSEEN}]")

_REFUSED = "\u0000-\u001f\u007f" + _OVERRIDES
_LINE = f"^[^{_REFUSED}]*[^{_UNSEEN}{_REFUSED}][^{_REFUSED}]*$"


def has_visible(text: str) -> bool:
    """Whether there is anything to see: a name of zero-width characters is the name of nothing."""
    return _VISIBLE.search(text) is not None


def is_overriding(text: str) -> bool:
    """Whether the text has marks that turn the direction of writing."""
    return re.search(f"[{_OVERRIDES}]", text) is not None


# To the validator, so that its sentence is ours; to readers it has the code of a pattern (web/problems.py).
NOT_A_LINE = "not_a_line"


def _line(text: str) -> str:
    if re.fullmatch(_LINE, text) is None:
        raise PydanticCustomError(
            NOT_A_LINE,
            "Use one line with at least one visible character, and no hidden marks that change its direction.",
        )
    return text


# One line of text: something to see, no control characters, no marks that turn the direction of writing.
Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_line),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200, "pattern": _LINE}),
]

# The same, or nothing.
LineOrNothing = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(lambda text: text and _line(text)),
    WithJsonSchema({"type": "string", "maxLength": 200, "pattern": f"^$|{_LINE}"}),
]

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]


def normalized(text: str) -> str:
    """The normal form in which addresses, log-in and profile fields are compared: NFKC, small letters, no outer space.

    `Ann@Example.com` and `ann@example.com` are one person (the local part is case-sensitive by RFC 5321 section 2.4,
    but no provider of note treats it so). `strau\u00df` and `strauss` are two: case folding would make one of them.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).strip()


_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4\u0060\uff07", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
        "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00e6": "ae", "\u0153": "oe", "\u0131": "i",
        "\u00f0": "d", "\u00fe": "th",
    }
)  # fmt: skip


def searchable(text: str) -> str:
    """The form in which names are searched: `nunez` finds N\u00fa\u00f1ez, and `o'neil` finds O\u2019Neil.

    What nobody sees makes no other name.
    """
    # Accents of their own go; an apostrophe is changed first, for some are a space and an accent in NFKD.
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_ALIKE)).casefold().translate(_ALIKE)
    plain = "".join(char for char in _HIDDEN.sub("", decomposed) if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def one_line(text: str) -> str:
    """The text on one line, without control characters and direction marks: for names that people type.

    Empty when there is nothing to see.
    """
    plain = "".join(" " if unicodedata.category(char) == "Cc" else char for char in _DIRECTIONS.sub(" ", text))
    return " ".join(plain.split()) if has_visible(plain) else ""


def without_unseen(text: str) -> str:
    """Without characters that nobody sees: for what has none within, such as an address. Control characters stay."""
    return "".join(char for char in text if has_visible(char) or unicodedata.category(char) in ("Cc", "Zs"))
