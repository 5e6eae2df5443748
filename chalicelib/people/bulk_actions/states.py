"""What can be done with many people, how far it is, and what became of each."""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.tenants.access.states import Permission


class BulkKind(StrEnum):
    RESEND = "resend"
    CANCEL = "cancel"
    ARCHIVE = "archive"


NEEDS: Mapping[BulkKind, Permission] = {
    BulkKind.RESEND: Permission.INVITES, BulkKind.CANCEL: Permission.INVITES, BulkKind.ARCHIVE: Permission.MEMBERS,
}  # fmt: skip


class BulkStatus(StrEnum):
    """Nothing happens to anybody before `running`."""

    COUNTING = "counting"
    READY = "ready"
    RUNNING = "running"
    DONE = "done"


class Code(StrEnum):
    """What became of a person; sentences of the others are in explanations.toml, here and of invitations."""

    WAITS = "waits"
    DONE = "done"
    NOT_ACTIVE = "not_active"
    BEING_ARCHIVED = "being_archived"
    CLOSED = "closed"
    NOT_ALLOWED = "not_allowed"
