"""Items of bulk changes."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.training.batches.models import batch_pk


class BulkChange(CoreItem):
    """`ORG#o#BATCH#b` / `CHANGE#<id>`: a change of many enrollments, chunk by chunk; `undo` or a new due date.

    `chunks_left` is -1 until the chunks were counted. `problems` names learners that could not be changed, each with
    the code after a space. `within` are the departments to which the admin is limited who asked for it; `num_left` of
    an undo's learners had moved away from these, and stay enrolled.
    """

    kind = UnicodeAttribute()
    course_ids: ListAttribute[str] = ListAttribute(default=list)
    due_by = UnicodeAttribute(null=True)
    requested_at = UnicodeAttribute()
    chunks_left = NumberAttribute(default=-1)
    num_changed = NumberAttribute(default=0)
    num_kept = NumberAttribute(default=0)
    problems: ListAttribute[str] = ListAttribute(default=list)
    within: ListAttribute[str] = ListAttribute(null=True)
    num_left = NumberAttribute(null=True)


UNDO = "undo"
DUE_DATE = "due_date"

# A batch is undone once: that change has a name instead of an id. The other is for those whom an undo by who is limited
# to departments left.
UNDO_ID = "UNDO"
REST_ID = "UNDO_REST"


def change_ref(org_id: str, batch_id: str, change_id: str) -> Ref[BulkChange]:
    return Ref(BulkChange, batch_pk(org_id, batch_id), f"CHANGE#{change_id}")


class ChangedChunk(CoreItem):
    """`ORG#o#BATCH#b` / `CHANGED#<change>#<course>#<n>`: this change was applied to this chunk."""


def changed_chunk_ref(org_id: str, batch_id: str, change_id: str, course_id: str, chunk: int) -> Ref[ChangedChunk]:
    return Ref(ChangedChunk, batch_pk(org_id, batch_id), f"CHANGED#{change_id}#{course_id}#{chunk:06d}")
