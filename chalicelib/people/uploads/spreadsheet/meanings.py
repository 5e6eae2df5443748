"""What can be said of an uploaded file: what its columns mean and why, and how its encoding is known."""

from collections.abc import Mapping
from enum import StrEnum


class Meaning(StrEnum):
    """`field` is a profile field, named by the heading."""

    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    GROUPS = "groups"
    DEPARTMENT = "department"
    LOCATION = "location"
    FIELD = "field"


class Reason(StrEnum):
    """Why a column has its meaning, or is left out. `own` is what a file of failed rows added."""

    KNOWN = "known"
    CHOSEN = "chosen"
    LAST_TIME = "last_time"
    NOT_CHOSEN = "not_chosen"
    REPEATED = "repeated"
    SECRET = "secret"  # noqa: S105
    NO_HEADING = "no_heading"
    OWN = "own"


class Source(StrEnum):
    """How the encoding of a text is known. `bytes`: it can be no other, for UTF-8 and UTF-16 are not hit by chance."""

    MARK = "mark"
    DECLARED = "declared"
    BYTES = "bytes"
    GUESSED = "guessed"
    CHOSEN = "chosen"


Choices = Mapping[str, Meaning | None]
"""By heading: what its column means, or None to leave it out."""
