"""Standing batches: found, or made with a row for each course that the group has by now."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from chalicelib.aws import table
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.people.members.models import group_roster_pk
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.structure.models import Group
from chalicelib.training.auto_enrollment import group_batch_store as standing_store
from chalicelib.training.auto_enrollment.models import MADE_BY, MAX_NAME, NAME, standing_batch_id
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.local_dates import local_date
from chalicelib.training.batches.models import (
    NUM_ROW_SHARDS,
    Batch,
    Partition,
    Row,
    batch_pk,
    batch_sk,
    batches_pk,
    row_sk,
)
from chalicelib.training.batches.recipients import Recipients
from chalicelib.training.batches.schemas import Notifications, Plan, PlannedCourse, PlannedOrg, Targeting
from chalicelib.training.batches.states import RowStatus
from chalicelib.training.batches.store import BatchKey

_TRIES = 5


def open_batch(msp_id: str, org_id: str, group_id: str) -> tuple[BatchKey, Batch | None]:
    """The group's standing batch that no undo has closed; None when it is not made yet."""
    for number in count():
        key = BatchKey(msp_id, org_id, standing_batch_id(group_id, number))
        batch = batch_store.batch(key)
        if batch is None or not batch.num_cancelled:
            return key, batch
    raise AssertionError("count() does not end")


def batch_with_rows(org: Org, group: Group, course_ids: Sequence[str], now: datetime) -> tuple[BatchKey, list[str]]:
    """The open standing batch, with a row for each of the courses, and those of them that the library has."""
    for _ in range(_TRIES):
        key, batch = open_batch(org.msp_id, org.org_id, group.group_id)
        known = batch_store.rows(key) if batch is not None else []
        there = [row.course_id for row in known]
        missing = [course_id for course_id in course_ids if course_id not in there]
        titles = standing_store.titles(org.msp_id, missing) if missing else {}
        if len(titles) < len(missing):
            observability.warning("courses of a group are not in the library", group_id=group.group_id)
        made = [_row(key, org, group, course_id, title, now) for course_id, title in titles.items()]
        if made:
            plan = _plan(org, group, batch, [*known, *made], now)
            if batch is None:
                writes = standing_store.new_batch_writes(
                    key, _batch(key, org, group, now), _partition(key, group), made, plan
                )
            else:
                writes = standing_store.more_rows_writes(key, batch, made, plan)
            try:
                table.transact(writes)
            except ConditionFailed:
                # Somebody else joined at the same moment, or an admin undid the batch: look again.
                continue
        return key, [course_id for course_id in course_ids if course_id in there or course_id in titles]
    raise Unavailable()


def _batch(key: BatchKey, org: Org, group: Group, now: datetime) -> Batch:
    return Batch(
        batches_pk(key.org_id),
        batch_sk(key.batch_id),
        batch_id=key.batch_id,
        org_id=key.org_id,
        msp_id=key.msp_id,
        rollout_id=key.batch_id,
        name=_name(group),
        num_courses=0,
        created_by=MADE_BY,
        created_at=to_text(now),
        expanded_at=to_text(now),
        schedules_made=True,
        group_id=group.group_id,
    )


def _row(key: BatchKey, org: Org, group: Group, course_id: str, title: str, now: datetime) -> Row:
    return Row(
        batch_pk(key.org_id, key.batch_id),
        row_sk(course_id),
        course_id=course_id,
        title=title,
        status=RowStatus.ENROLLED.value,
        enroll_on=str(local_date(now, zone_of(org))),
        enroll_at=to_text(now),
        partition_id=derived_id(key.batch_id, "partition"),
        partition_run=1,
        sent_run=1,
        num_chunks=NUM_ROW_SHARDS,
        group_id=group.group_id,
    )


def _partition(key: BatchKey, group: Group) -> Partition:
    """Without bounds: each range is a shard of the index, and open."""
    return Partition(
        recipients=Recipients([group_roster_pk(key.org_id, group.group_id)]).as_json(), bounds=[], sizes=[]
    )


def _plan(org: Org, group: Group, batch: Batch | None, rows: Sequence[Row], now: datetime) -> Plan:
    """By which the batch can be copied as a launch."""
    courses = [PlannedCourse(course_id=row.course_id, title=row.title, enroll_on=None, due_by=None) for row in rows]
    return Plan(
        name=_name(group),
        orgs=[PlannedOrg(org_id=org.org_id, name=org.name)],
        courses=courses,
        targeting=Targeting(mode="groups", group_ids=[group.group_id]),
        notifications=Notifications(),
        reenroll_completed=False,
        created_by=MADE_BY,
        created_at=batch.created_at if batch else to_text(now),
    )


def _name(group: Group) -> str:
    return NAME.format(group=group.name)[:MAX_NAME]
