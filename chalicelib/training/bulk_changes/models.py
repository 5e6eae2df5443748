"""Items of changes to many enrollments."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem


class BulkChange(CoreItem):
    """`ORG#o#BATCH#b` / `CHANGE#<id>`: a change of enrollments that exist, chunk by chunk; `undo` or a new due date.

    `chunks_left` is -1 until the chunks were counted. `problems` names learners that could not be changed.
    """

    kind = UnicodeAttribute()
    course_ids: ListAttribute[str] = ListAttribute(default=list)
    due_by = UnicodeAttribute(null=True)
    requested_at = UnicodeAttribute()
    chunks_left = NumberAttribute(default=-1)
    num_changed = NumberAttribute(default=0)
    num_kept = NumberAttribute(default=0)
    problems: ListAttribute[str] = ListAttribute(default=list)


UNDO = "undo"
DUE_DATE = "due_date"


def change_sk(change_id: str) -> str:
    return f"CHANGE#{change_id}"


class ChangedChunk(CoreItem):
    """`ORG#o#BATCH#b` / `CHANGED#<change>#<course>#<n>`: this chunk has had this change."""


def changed_sk(change_id: str, course_id: str, chunk: int) -> str:
    return f"CHANGED#{change_id}#{course_id}#{chunk:06d}"
