"""One person who joins, and one row of a standing batch: everything that is known of the two, and what comes of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Item, Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id, shard_of
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, Org, org_sk
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write, seat_limit_in, take_write
from chalicelib.tenants.structure.models import Group, group_sk
from chalicelib.training.auto_enrollment.models import MAX_JOINS, Joined, joined_pk, joined_sk, joiner_sk
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.models import (
    NUM_ROW_SHARDS,
    ChunkResult,
    Enrollment,
    Row,
    batch_pk,
    course_sk,
    history_sk,
    learner_pk,
    row_shard,
    row_sk,
)
from chalicelib.training.batches.states import STANDING, Code, EnrollmentStatus, Outcome, RowStatus, outcome_of
from chalicelib.training.batches.store import BatchKey, Move, add_open_due

I = TypeVar("I", bound=Item)  # noqa: E741

# Where in the transaction that enrolls somebody the seat is taken, and where its limit is looked at.
SEAT, LIMIT = 1, 2

_COUNT_BY_OUTCOME = {
    Outcome.ENROLLED: "num_enrolled",
    Outcome.ALREADY_ENROLLED: "num_already",
    Outcome.ALREADY_COMPLETED: "num_skipped",
    Outcome.FAILED: "num_failed",
}


@dataclass(frozen=True)
class Joiner:
    """`seat_limit` 0 is as many as wanted, None that the organization may not use the course."""

    key: BatchKey
    row: Row | None
    member_id: str
    enrollment: Enrollment | None
    result: ChunkResult | None
    joined: Joined | None
    seat_limit: int | None

    @property
    def code(self) -> str | None:
        """Why the row did not enroll this person, as of their latest joining."""
        return next(iter(self.result.member_ids_by_code)) if self.result else None

    def has_answered(self, join_id: str) -> bool:
        return self.joined is not None and join_id in self.joined.join_ids


def org_and_groups(msp_id: str, org_id: str, group_ids: Iterable[str]) -> tuple[Org, dict[str, Group]]:
    org_key = (msp_pk(msp_id), org_sk(org_id))
    wanted = [(Group, org_pk(org_id), group_sk(group_id)) for group_id in group_ids]
    found = table.batch_get([(Org, *org_key), *wanted])
    org = found[org_key]
    if not isinstance(org, Org):
        raise TypeError("this key holds another item")
    return org, {item.group_id: item for item in found.values() if isinstance(item, Group)}


@dataclass(frozen=True)
class Crowd:
    """Some of a group's members, and one row: those to whom nothing of it has happened yet are `fresh`."""

    row: Row | None
    fresh: list[str]
    seat_limit: int | None


def crowd(key: BatchKey, group_id: str, course_id: str, member_ids: Sequence[str]) -> Crowd:
    row, entitlements = (batch_pk(key.org_id, key.batch_id), row_sk(course_id)), (org_pk(key.org_id), ENTITLEMENTS_SK)
    wanted: list[tuple[type[Item], str, str]] = [(Row, *row), (Entitlements, *entitlements)]
    for member_id in member_ids:
        wanted.append((Enrollment, learner_pk(key.org_id, member_id), course_sk(course_id)))
        wanted.append((Joined, joined_pk(key.org_id, group_id), joined_sk(course_id, member_id)))
    found = table.batch_get(wanted)
    met = {pk for pk, sk in found if sk == course_sk(course_id)}
    answered = {sk for pk, sk in found if pk == joined_pk(key.org_id, group_id)}
    fresh = [
        member_id
        for member_id in member_ids
        if learner_pk(key.org_id, member_id) not in met and joined_sk(course_id, member_id) not in answered
    ]
    limit = seat_limit_in(_read(Entitlements, found, entitlements), course_id)
    return Crowd(_read(Row, found, row), fresh, limit)


def enroll_all_writes(
    key: BatchKey, row: Row, member_ids: Sequence[str], join_id: str, limit: int, due_by: str | None, now: datetime
) -> list[Write]:
    """Enroll people to whom nothing of the row has happened yet. ConditionFailed when that is not so for one."""
    number, course_id = len(member_ids), row.course_id
    seats: Any = Entitlements.seats_by_course[course_id]
    actions: list[Action] = [Row.num_enrolled.add(number), Row.num_targeted.add(number)]
    if due_by:
        actions.append(add_open_due(due_by, number))
    still_open = Row.status.is_in(*(status.value for status in STANDING)) & _same_due(row)
    writes = [
        Write("update", Row(row.pk, row.sk), still_open, tuple(actions)),
        take_write(key.org_id, course_id, number, limit) if limit else count_write(key.org_id, course_id, number),
        Write("check", Entitlements(org_pk(key.org_id), ENTITLEMENTS_SK), seats == limit),
        bump_revision(key.org_id, "enrollments"),
    ]
    for member_id in member_ids:
        one = Joiner(key, row, member_id, None, None, None, limit)
        writes += [_answer(one, row, join_id), _active_check(one), *_enrollment_writes(one, row, due_by, now)]
    return writes


def answered(
    org_id: str, group_id: str, course_ids: Sequence[str], member_ids: Sequence[str], join_id: str
) -> set[tuple[str, str]]:
    """The pairs of course and member for which this joining was answered."""
    pairs = {joined_sk(*pair): pair for pair in product(course_ids, member_ids)}
    found = table.batch_get([(Joined, joined_pk(org_id, group_id), sk) for sk in pairs])
    return {pairs[sk] for (_, sk), item in found.items() if isinstance(item, Joined) and join_id in item.join_ids}


def joiner(key: BatchKey, group_id: str, course_id: str, member_id: str) -> Joiner:
    """One call."""
    pk = batch_pk(key.org_id, key.batch_id)
    row, result = (pk, row_sk(course_id)), (pk, joiner_sk(course_id, member_id))
    joined = (joined_pk(key.org_id, group_id), joined_sk(course_id, member_id))
    enrollment = (learner_pk(key.org_id, member_id), course_sk(course_id))
    entitlements = (org_pk(key.org_id), ENTITLEMENTS_SK)
    found = table.batch_get(
        [
            (Row, *row),
            (ChunkResult, *result),
            (Joined, *joined),
            (Enrollment, *enrollment),
            (Entitlements, *entitlements),
        ]
    )
    return Joiner(
        key,
        _read(Row, found, row),
        member_id,
        _read(Enrollment, found, enrollment),
        _read(ChunkResult, found, result),
        _read(Joined, found, joined),
        seat_limit_in(_read(Entitlements, found, entitlements), course_id),
    )


def _read(model: type[I], found: dict[tuple[str, str], Item], key: tuple[str, str]) -> I | None:
    item = found.get(key)
    return item if isinstance(item, model) else None


def enroll_writes(one: Joiner, row: Row, join_id: str, limit: int, due_by: str | None, now: datetime) -> list[Write]:
    """Enroll, in place of whatever was cancelled before. ConditionFailed when anything is not as it was read.

    With index SEAT alone, no seat is free.
    """
    key, course_id = one.key, row.course_id
    seats: Any = Entitlements.seats_by_course[course_id]
    return [
        _answer(one, row, join_id),
        take_write(key.org_id, course_id, 1, limit) if limit else count_write(key.org_id, course_id, 1),
        Write("check", Entitlements(org_pk(key.org_id), ENTITLEMENTS_SK), seats == limit),
        _active_check(one),
        *_enrollment_writes(one, row, due_by, now),
        bump_revision(key.org_id, "enrollments"),
        *([Write("delete", one.result)] if one.result else []),
        *_row_writes(one, row, Outcome.ENROLLED, due_by),
    ]


def refuse_writes(one: Joiner, row: Row, join_id: str, code: Code) -> list[Write]:
    """Note why the row does not enroll this person. ConditionFailed as above."""
    if one.code == code:
        return [_answer(one, row, join_id)]
    outcome = outcome_of(code)
    counts: dict[str, Any] = {name: int(what == outcome) for what, name in _COUNT_BY_OUTCOME.items()}
    result = ChunkResult(
        row.pk,
        joiner_sk(row.course_id, one.member_id),
        run=1,
        num_targeted=1,
        **counts,
        member_ids_by_code={code.value: [one.member_id]},
    )
    return [_answer(one, row, join_id), Write("put", result), *_row_writes(one, row, outcome, None)]


def leave_writes(one: Joiner, row: Row, join_id: str) -> list[Write]:
    """The row has enrolled this person, or has nothing to do with them any more. ConditionFailed as above."""
    gone = [Write("delete", one.result), *_row_writes(one, row, None, None)] if one.result else []
    return [_answer(one, row, join_id), *gone]


def _answer(one: Joiner, row: Row, join_id: str) -> Write:
    """ConditionFailed when another delivery, or another joining, was answered since this one was read."""
    before = list(one.joined.join_ids) if one.joined else []
    unchanged = Joined.join_ids == before if one.joined else Joined.pk.does_not_exist()
    pk, sk = joined_pk(one.key.org_id, str(row.group_id)), joined_sk(row.course_id, one.member_id)
    answered = Joined(pk, sk, join_ids=[*before, join_id][-MAX_JOINS:])
    return Write("put", answered, unchanged)


def _active_check(one: Joiner) -> Write:
    member = Member(members_pk(one.key.org_id), member_sk(one.member_id))
    return Write("check", member, Member.status == MemberStatus.ACTIVE.value)


def _same_due(row: Row) -> Condition:
    return Row.due_by.does_not_exist() if row.due_by is None else Row.due_by == row.due_by


def _enrollment_writes(one: Joiner, row: Row, due_by: str | None, now: datetime) -> list[Write]:
    key, old = one.key, one.enrollment
    shard = shard_of(one.member_id, NUM_ROW_SHARDS)
    new = Enrollment(
        learner_pk(key.org_id, one.member_id),
        course_sk(row.course_id),
        row_shard=row_shard(key.org_id, key.batch_id, row.course_id, shard),
        batch_id=key.batch_id,
        status=EnrollmentStatus.ENROLLED.value,
        enrolled_at=to_text(now),
        due_by=due_by,
    )
    if old is None:
        return [put_new(new)]
    new.revision = old.revision + 1
    kept = Enrollment.from_raw_data(old.serialize())
    kept.sk = history_sk(row.course_id, new_id(now))
    return [Write("put", new, Enrollment.revision == old.revision), put_new(kept)]


def _row_writes(one: Joiner, row: Row, outcome: Outcome | None, due_by: str | None) -> list[Write]:
    """Count the person under this outcome and no longer under the one before; the row is partial while one failed."""
    counts: Counter[str] = Counter()
    if outcome is not None:
        counts.update([_COUNT_BY_OUTCOME[outcome], "num_targeted"])
    if one.code is not None:
        counts.subtract([_COUNT_BY_OUTCOME[outcome_of(one.code)], "num_targeted"])
    actions: list[Action] = [getattr(Row, name).add(number) for name, number in sorted(counts.items()) if number]
    if due_by:
        actions.append(add_open_due(due_by, 1))
    if not actions:
        return []
    same_due = _same_due(row)
    if not counts["num_failed"]:
        still_open = Row.status.is_in(*(status.value for status in STANDING))
        return [Write("update", Row(row.pk, row.sk), still_open & same_due, tuple(actions))]
    failed = row.num_failed + counts["num_failed"]
    unchanged = same_due & (Row.num_failed == row.num_failed)
    to = RowStatus.PARTIAL if failed else RowStatus.ENROLLED
    if to == row.status:
        here: Condition = Row.status == row.status
        return [Write("update", Row(row.pk, row.sk), here & unchanged, tuple(actions))]
    told = Row.code.set(Code.SOME_FAILED.value) if failed else Row.code.remove()
    first, *others = batch_store.move_writes(one.key, [Move(row, to, (*actions, told))])
    if first.condition is None:
        raise ValueError("a row moves from the status that it was read in")
    return [replace(first, condition=first.condition & unchanged), *others]
