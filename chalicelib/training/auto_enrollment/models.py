"""Items of standing batches, which enroll people in their groups' courses as they join.

A standing batch is a batch without a rollout of anybody's: one per group, made when its first joiner comes, with a row
per course that is never at work. Its rows have as many chunks as the index has shards, all of them open.
"""

from pynamodb.attributes import ListAttribute

from chalicelib.aws.table import CoreItem
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access.models import org_pk
from chalicelib.training.batches.models import chunks_prefix

# The name of a standing batch, and who made it: nobody who could be asked.
BATCH_NAME = "Joining {group}"
CREATED_BY = "muster"

# As long as the name of any launch may be, so that the batch can be copied as one.
MAX_NAME_LENGTH = 200


class ProcessedJoins(CoreItem):
    """`ORG#o#JOINED#g` / `<course>#<member>`: which joins of this person were answered, the latest last.

    Of the group, not of one of its standing batches: what an undo took back does not come again with a message.
    """

    join_ids: ListAttribute[str] = ListAttribute(default=list)


# A message comes again within days at most; nobody joins one group so often meanwhile.
MAX_JOINS = 20


def processed_joins_pk(org_id: str, group_id: str) -> str:
    return f"{org_pk(org_id)}#JOINED#{group_id}"


def processed_joins_sk(course_id: str, member_id: str) -> str:
    return f"{course_id}#{member_id}"


def member_result_sk(course_id: str, member_id: str) -> str:
    """Where a `ChunkResult` of one person lies who was not enrolled on joining: pages list it with those of chunks."""
    return f"{chunks_prefix(course_id)}{member_id}"


def group_batch_id(group_id: str, number: int = 0) -> str:
    """Of one group, the first is number 0; an undo closes it, and whoever joins later is enrolled by the next."""
    return derived_id(group_id, "joiners", *([str(number)] if number else []))
