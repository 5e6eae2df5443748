"""Items of rollouts, batches, rows, chunks and enrollments."""

from collections.abc import Sequence

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)

from chalicelib.aws.items import CoreItem, EnrollmentItem
from chalicelib.aws.table import Ref
from chalicelib.core.ids import shard_of
from chalicelib.tenants.access.models import msp_pk, org_pk


class RolloutSpec(CoreItem):
    """`MSP#m#ROLLOUT#r` / `SPEC`: what was submitted (as `schemas.Plan`), and what became of each client."""

    PERSONAL = frozenset({"plan"})

    plan = JSONAttribute()
    results = JSONAttribute()
    idempotency_sk = UnicodeAttribute(null=True)
    # The request that reopened the rollout for clients that had failed, and when.
    retried_by = UnicodeAttribute(null=True)
    retried_at = UnicodeAttribute(null=True)


SPEC_SK = "SPEC"


def rollout_pk(msp_id: str, rollout_id: str) -> str:
    return f"{msp_pk(msp_id)}#ROLLOUT#{rollout_id}"


def spec_ref(msp_id: str, rollout_id: str) -> Ref[RolloutSpec]:
    return Ref(RolloutSpec, rollout_pk(msp_id, rollout_id), SPEC_SK)


class Batch(CoreItem):
    """`ORG#o#BATCHES` / `BATCH#b`: one client's part of a rollout, with the number of its rows by status.

    `dates_revision` counts transactions that follow from the dates of all rows: of two at once, one reads again.
    """

    batch_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    rollout_id = UnicodeAttribute()
    name = UnicodeAttribute()
    num_courses = NumberAttribute()
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    expanded_at = UnicodeAttribute(null=True)
    schedules_made = BooleanAttribute(default=False)
    next_enroll_on = UnicodeAttribute(null=True)
    dates_revision = NumberAttribute(null=True)
    num_scheduled = NumberAttribute(default=0)
    num_enrolling = NumberAttribute(default=0)
    num_enrolled = NumberAttribute(default=0)
    num_partial = NumberAttribute(default=0)
    num_failed = NumberAttribute(default=0)
    num_access_denied = NumberAttribute(default=0)
    num_cancelled = NumberAttribute(default=0)
    # Names of groups that it is for and that the client did not have when a course started last.
    missing_groups: ListAttribute[str] = ListAttribute(null=True)
    # Who launched it: the MSP, or the organization inside itself, by an admin who is limited to these departments.
    launched_by = UnicodeAttribute(null=True)
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    # Of a group's batch (auto_enrollment): the group whose new members it enrolls.
    group_id = UnicodeAttribute(null=True)


def batches_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#BATCHES"


def batch_sk(batch_id: str) -> str:
    return f"BATCH#{batch_id}"


def batch_ref(org_id: str, batch_id: str) -> Ref[Batch]:
    return Ref(Batch, batches_pk(org_id), batch_sk(batch_id))


class Row(CoreItem):
    """`ORG#o#BATCH#b` / `COURSE#c`: one course of one batch. Usually half a KB, so that a page of rows stays cheap.

    `run` counts starts and retries; `partition_run` is the run for which the partition was made. `open_due` is the
    number of enrollments not completed, by due date, from which the overdue ones follow at any moment.
    """

    course_id = UnicodeAttribute()
    title = UnicodeAttribute()
    status = UnicodeAttribute()
    code = UnicodeAttribute(null=True)
    enroll_on = UnicodeAttribute(null=True)
    enroll_at = UnicodeAttribute()
    due_by = UnicodeAttribute(null=True)
    run = NumberAttribute(default=1)
    # The request that began this run, if one did: the same request again sees that it was done.
    retried_by = UnicodeAttribute(null=True)
    # The departments that limit who asked for this run, and for the latest reminder: neither reaches anybody outside.
    retried_within: ListAttribute[str] = ListAttribute(null=True)
    reminded_within: ListAttribute[str] = ListAttribute(null=True)
    reminded_by = UnicodeAttribute(null=True)
    reminded_at = UnicodeAttribute(null=True)
    reminded_first = UnicodeAttribute(null=True)  # of several within ten minutes, whose mails carry its id
    earlier_reminders: ListAttribute[str] = ListAttribute(null=True)
    partition_id = UnicodeAttribute(null=True)
    partition_run = NumberAttribute(default=0)
    sent_run = NumberAttribute(default=0)
    num_chunks = NumberAttribute(default=0)
    chunks_left = NumberAttribute(default=0)
    num_targeted = NumberAttribute(default=0)
    num_enrolled = NumberAttribute(default=0)
    num_already = NumberAttribute(default=0)
    num_skipped = NumberAttribute(default=0)
    num_failed = NumberAttribute(default=0)
    num_withdrawn = NumberAttribute(default=0)
    num_started = NumberAttribute(default=0)
    num_completed = NumberAttribute(default=0)
    cancelled_at = UnicodeAttribute(null=True)
    # With what it had failed as a whole when it was cancelled.
    code_before = UnicodeAttribute(null=True)
    changing = UnicodeAttribute(null=True)
    # The mails that are switched on, as words; absent when none is.
    mails = UnicodeAttribute(null=True)
    group_id = UnicodeAttribute(null=True)
    open_due: MapAttribute[str, int] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]


def batch_pk(org_id: str, batch_id: str) -> str:
    return f"{org_pk(org_id)}#BATCH#{batch_id}"


ROWS_PREFIX = "COURSE#"


def row_sk(course_id: str) -> str:
    return f"{ROWS_PREFIX}{course_id}"


def row_ref(org_id: str, batch_id: str, course_id: str) -> Ref[Row]:
    return Ref(Row, batch_pk(org_id, batch_id), row_sk(course_id))


class Partition(CoreItem):
    """`ORG#o#BATCH#b` / `PARTITION#k`: how the recipients are partitioned into ranges of member ids, written once.

    Range n holds the ids after `bounds[n - 1]` (from the start for 0) up to and including `bounds[n]`. The last is
    open, so that everybody who joins meanwhile is in a range.
    """

    PERSONAL = frozenset({"recipients"})

    recipients = JSONAttribute()
    bounds: ListAttribute[str] = ListAttribute(default=list)
    sizes: ListAttribute[int] = ListAttribute(default=list)
    reenroll_completed = BooleanAttribute(default=False)
    made_at = UnicodeAttribute(null=True)

    @property
    def total(self) -> int:
        return sum(map(int, self.sizes))


def partition_sk(partition_id: str) -> str:
    return f"PARTITION#{partition_id}"


def bounds_of(bounds: Sequence[str], chunk: int) -> tuple[str, str | None]:
    """(after, until] of one range; the last has no end. Without bounds every range is open at both ends."""
    if not bounds:
        return "", None
    after = bounds[chunk - 1] if chunk else ""
    until = bounds[chunk] if chunk < len(bounds) - 1 else None
    return after, until


class ChunkResult(CoreItem):
    """`ORG#o#BATCH#b` / `CHUNK#c#<n>`: the result of one range, as of its latest run.

    `member_ids_by_code` names those who were not newly enrolled: already enrolled, skipped, failed.
    """

    run = NumberAttribute()
    num_targeted = NumberAttribute()
    num_enrolled = NumberAttribute()
    num_already = NumberAttribute()
    num_skipped = NumberAttribute()
    num_failed = NumberAttribute()
    member_ids_by_code = JSONAttribute()
    # When each run looked for its recipients; runs that only counted are left out.
    ran_at: ListAttribute[str] = ListAttribute(null=True)


def chunks_prefix(course_id: str) -> str:
    return f"CHUNK#{course_id}#"


def chunk_sk(course_id: str, chunk: int) -> str:
    return f"{chunks_prefix(course_id)}{chunk:06d}"


class ChunkStart(CoreItem):
    """`ORG#o#BATCH#b` / `START#c#<n>#<run>`: the run was begun. A later delivery looks up whom it enrolled."""


def start_sk(course_id: str, chunk: int, run: int) -> str:
    return f"START#{course_id}#{chunk:06d}#{run}"


class SeatsReserved(CoreItem):
    """`ORG#o#BATCH#b` / `RESERVED#c#<n>#<run>`: seats taken for a run of a chunk before it enrolls anybody."""

    number = NumberAttribute()


def reserved_sk(course_id: str, chunk: int, run: int) -> str:
    return f"RESERVED#{course_id}#{chunk:06d}#{run}"


class Enrollment(EnrollmentItem):
    """`ORG#o#MEMBER#m` / `COURSE#c`, in index `by_row` under `row_shard`. `revision` guards every change."""

    row_shard = UnicodeAttribute(null=True)
    batch_id = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    enrolled_at = UnicodeAttribute()
    due_by = UnicodeAttribute(null=True)
    started_at = UnicodeAttribute(null=True)
    completed_at = UnicodeAttribute(null=True)
    score = NumberAttribute(null=True)
    revision = NumberAttribute(default=1)
    changed_by = UnicodeAttribute(null=True)
    due_before = UnicodeAttribute(null=True)
    # Self-enrollment: the MSP whose course it is, and the organizations that took the progress over.
    msp_id = UnicodeAttribute(null=True)
    carried_to: ListAttribute[str] = ListAttribute(null=True)
    # When progress of a self-enrollment became this enrollment.
    carried_at = UnicodeAttribute(null=True)
    # Links of those whose progress is this one's: a self-enrollment and what it was carried over to name each other.
    one_with: ListAttribute[str] = ListAttribute(null=True)
    # When the learner was archived: from then on the enrollment counts on its row as withdrawn.
    left_at = UnicodeAttribute(null=True)
    # Of a cancelled one; `cancelled_by` is the account of the admin who cancelled this one alone.
    cancelled_at = UnicodeAttribute(null=True)
    cancelled_by = UnicodeAttribute(null=True)
    # Of one that a group made: `invitation` when the member came with the group, and was not added to it.
    origin = UnicodeAttribute(null=True)

    @property
    def course_id(self) -> str:
        return str(self.sk.split("#")[1])

    @property
    def link(self) -> str:
        """How another enrollment names this one."""
        return f"{self.pk} {self.sk}"


BY_ROW = "by_row"

# One key takes 1,000 writes a second, and ten workers may enroll 6,000 learners of one row in one.
NUM_ROW_SHARDS = 16


def shards_of_row(row: Row) -> range:
    """As many as it has chunks, at most: the learners of a small row are read with few queries."""
    return range(min(int(row.num_chunks), NUM_ROW_SHARDS))


def learner_shard(row: Row, member_id: str) -> int:
    """Learners of one chunk are spread over all shards of the row."""
    return shard_of(member_id, len(shards_of_row(row)))


def learner_pk(org_id: str, member_id: str) -> str:
    return f"{org_pk(org_id)}#MEMBER#{member_id}"


def enrollment_sk(course_id: str) -> str:
    return f"COURSE#{course_id}"


def enrollment_ref(org_id: str, member_id: str, course_id: str) -> Ref[Enrollment]:
    return Ref(Enrollment, learner_pk(org_id, member_id), enrollment_sk(course_id))


def history_sk(course_id: str, history_id: str) -> str:
    return f"COURSE#{course_id}#HISTORY#{history_id}"


def row_shard(org_id: str, batch_id: str, course_id: str, shard: int) -> str:
    return f"{batch_pk(org_id, batch_id)}#COURSE#{course_id}#{shard:02d}"
