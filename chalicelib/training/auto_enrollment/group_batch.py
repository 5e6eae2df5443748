"""The batch of a group: found, or created with a row for each course that the group has."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.core.settle import until_settled
from chalicelib.people.members.models import group_roster_pk
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.structure.models import Group
from chalicelib.training.auto_enrollment import group_batch_store
from chalicelib.training.auto_enrollment.models import BATCH_NAME, CREATED_BY, MAX_NAME_LENGTH, group_batch_id
from chalicelib.training.batches import store as batches_store
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


def open_batch(msp_id: str, org_id: str, group_id: str) -> tuple[BatchKey, Batch | None]:
    """The batch of the group that no undo has closed; None when it does not exist yet."""
    for number in count():
        key = BatchKey(msp_id, org_id, group_batch_id(group_id, number))
        batch = batches_store.batch(key)
        if batch is None or not batch.num_cancelled:
            return key, batch
    raise AssertionError("count() does not end")


def ensure_rows(org: Org, group: Group, course_ids: Sequence[str], now: datetime) -> tuple[BatchKey, list[str]]:
    """The open batch, with a row for each of the courses, and those of the courses that the library has.

    When another join or an undo changed the batch at the same moment, it is read again.
    """
    return until_settled(lambda: _ensure_rows(org, group, course_ids, now))


def _ensure_rows(org: Org, group: Group, course_ids: Sequence[str], now: datetime) -> tuple[BatchKey, list[str]]:
    key, batch = open_batch(org.msp_id, org.org_id, group.group_id)
    rows = batches_store.rows(key) if batch is not None else []
    existing = [row.course_id for row in rows]
    missing = [course_id for course_id in course_ids if course_id not in existing]
    titles = courses_store.titles(org.msp_id, missing) if missing else {}
    if len(titles) < len(missing):
        observability.warning("courses of a group are not in the library", group_id=group.group_id)
    new_rows = [_row(key, org, group, course_id, title, now) for course_id, title in titles.items()]
    if new_rows:
        plan = _plan(org, group, batch, [*rows, *new_rows], now)
        if batch is None:
            group_batch_store.create(key, _batch(key, group, now), _partition(key, group), new_rows, plan)
        else:
            group_batch_store.add_rows(key, batch, new_rows, plan)
    return key, [course_id for course_id in course_ids if course_id in existing or course_id in titles]


def _batch(key: BatchKey, group: Group, now: datetime) -> Batch:
    return Batch(
        batches_pk(key.org_id),
        batch_sk(key.batch_id),
        batch_id=key.batch_id,
        org_id=key.org_id,
        msp_id=key.msp_id,
        rollout_id=key.batch_id,
        name=_name(group),
        num_courses=0,
        created_by=CREATED_BY,
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
    """The plan by which the batch can be copied as a launch."""
    courses = [PlannedCourse(course_id=row.course_id, title=row.title, enroll_on=None, due_by=None) for row in rows]
    return Plan(
        name=_name(group),
        orgs=[PlannedOrg(org_id=org.org_id, name=org.name)],
        courses=courses,
        targeting=Targeting(mode="groups", group_ids=[group.group_id]),
        notifications=Notifications(),
        reenroll_completed=False,
        created_by=CREATED_BY,
        created_at=batch.created_at if batch else to_text(now),
    )


def _name(group: Group) -> str:
    return BATCH_NAME.format(group=group.name)[:MAX_NAME_LENGTH]
