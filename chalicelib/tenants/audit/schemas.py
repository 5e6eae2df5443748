"""What the audit trail answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from chalicelib.core.lazy import BaseModel
from chalicelib.web.paging import PageQuery


def is_in_our_days(instant: datetime) -> bool:
    """In these bounds it is an instant in every time zone."""
    return 2000 <= instant.year <= 3000


def _in_our_days(instant: datetime) -> datetime:
    if not is_in_our_days(instant):
        raise PydanticCustomError("out_of_range", "Choose a date from 2000 to 3000.")
    return instant


_Instant = Annotated[AwareDatetime, AfterValidator(_in_our_days)]


class AuditQuery(PageQuery):
    """Filters narrow each other down."""

    kind: str | None = Field(
        None, min_length=1, max_length=60, description="The start of an action: `import`, or `import.approved`."
    )
    actor: str | None = Field(None, min_length=1, max_length=100, description="The account that did it.")
    since: _Instant | None = Field(None, description="Entries from this instant on.")
    until: _Instant | None = Field(None, description="Entries before this instant.")


class AuditEntryOut(BaseModel):
    """`actor` is an account. `before` and `after` hold the fields that changed.

    Entries are numbered within their chain; there is more than one where many admins worked at the same moment.
    """

    chain: int
    number: int
    at: str
    actor: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str


class AuditPage(BaseModel):
    items: list[AuditEntryOut]
    next_cursor: str | None


class Tampering(StrEnum):
    """What is wrong at a place: the entry is not as it was written; it is missing; it was not there, or not there;
    the end of the chain is missing; the note of the end is; the chain is whole and not the one that was anchored.
    """

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"
    HEAD = "head"
    REWRITTEN = "rewritten"


class Break(BaseModel):
    """A place in a chain. `at` is the time of the entry at or behind it, empty where there is none."""

    chain: int
    number: int
    at: str
    problem: Tampering


class AnchoredHead(BaseModel):
    number: int
    hash: str


class Anchor(BaseModel):
    """Where each chain ended on a day, by chain, written where nobody can change it."""

    tenant: str
    at: str
    heads: dict[str, AnchoredHead]


class Verification(BaseModel):
    """`first_broken` is the number of the first entry that is missing, or not as it was written; `broken` names the
    first places, `anchored_at` the day whose anchor agrees, when there is one.
    """

    ok: bool
    num_entries: int
    first_broken: int | None
    broken: list[Break]
    anchored_at: str | None
