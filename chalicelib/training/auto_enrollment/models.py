"""Items of auto-enrollment: the batch of a group, and the joins that its rows have processed.

A group's batch belongs to no rollout. It is made when the first member joins, with a row per course that enrolls nobody
by itself. Each row has as many chunks as the index has shards, all of them without bounds.
"""

from pynamodb.attributes import ListAttribute

from chalicelib.aws.items import CoreItem
from chalicelib.aws.table import Ref
from chalicelib.core.ids import derived_id
from chalicelib.tenants.access.models import org_pk
from chalicelib.training.batches.models import ChunkResult, batch_pk, chunks_prefix

# The name of a group's batch, and its creator: no account.
BATCH_NAME = "Joining {group}"
CREATED_BY = "muster"

# The origin of enrollments of those who came to the group by accepting an invitation.
BY_INVITATION = "invitation"

# As long as the name of a launch may be, so that the batch can be copied as one.
MAX_NAME_LENGTH = 200


class ProcessedJoins(CoreItem):
    """`ORG#o#JOINED#g` / `<course>#<member>`: the joins of this member that were processed, the latest last.

    Kept per group and not per batch: a message that is delivered again after an undo enrolls nobody.
    """

    join_ids: ListAttribute[str] = ListAttribute(default=list)


# A message is delivered again within days at most; nobody joins one group more often meanwhile.
MAX_JOINS = 20


def processed_joins_ref(org_id: str, group_id: str, course_id: str, member_id: str) -> Ref[ProcessedJoins]:
    return Ref(ProcessedJoins, f"{org_pk(org_id)}#JOINED#{group_id}", f"{course_id}#{member_id}")


def member_result_ref(org_id: str, batch_id: str, course_id: str, member_id: str) -> Ref[ChunkResult]:
    """The result of one member who was not enrolled on joining. Pages list it with the results of chunks."""
    return Ref(ChunkResult, batch_pk(org_id, batch_id), f"{chunks_prefix(course_id)}{member_id}")


def group_batch_id(group_id: str, number: int = 0) -> str:
    """The first batch of a group is number 0. An undo closes it; who joins later is enrolled by the next one."""
    return derived_id(group_id, "joiners", *([str(number)] if number else []))
