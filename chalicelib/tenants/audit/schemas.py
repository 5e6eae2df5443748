"""What the audit trail answers."""

from typing import Any

from chalicelib.core.lazy import BaseModel


class AuditEntryOut(BaseModel):
    """`actor` is an account. `before` and `after` hold the fields that changed."""

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


class Verification(BaseModel):
    """`first_broken` is the number of the first entry that is missing, or not as it was written."""

    ok: bool
    num_entries: int
    first_broken: int | None
