"""Statuses of rows, batches and enrollments, learners' outcomes, and sets of statuses named by what they permit."""

from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never


class RolloutState(StrEnum):
    LAUNCHING = "launching"
    LAUNCHED = "launched"


class RowStatus(StrEnum):
    """One course of one batch."""

    SCHEDULED = "scheduled"
    ENROLLING = "enrolling"
    ENROLLED = "enrolled"
    PARTIAL = "partial"
    FAILED = "failed"
    ACCESS_DENIED = "access_denied"
    CANCELLED = "cancelled"


RETRYABLE = frozenset({RowStatus.FAILED, RowStatus.PARTIAL, RowStatus.ACCESS_DENIED})
WITH_FAILURES = RETRYABLE
RAN = frozenset({RowStatus.ENROLLED}) | RETRYABLE
CANCELABLE = frozenset({RowStatus.SCHEDULED, RowStatus.ENROLLING})

# A group's row takes in whoever joins the group, until an undo cancels it.
JOINABLE = frozenset({RowStatus.ENROLLED, RowStatus.PARTIAL})

# A late chunk still counts after its row failed or was cancelled, so that the row's numbers are true.
ACCEPTING_CHUNKS = frozenset({RowStatus.ENROLLING, RowStatus.FAILED, RowStatus.CANCELLED})

# The last chunk decides the status of these: a failed row gets its real status, a cancelled one stays cancelled.
FINISHABLE = frozenset({RowStatus.ENROLLING, RowStatus.FAILED})


class DashboardColumn(StrEnum):
    """Counters of the dashboards. Cancelled rows are in none."""

    COMPLETED = "num_completed"
    SCHEDULED = "num_scheduled"
    FAILED = "num_failed"


def dashboard_column(status: RowStatus) -> DashboardColumn | None:
    """None: counted in no column. A new status does not pass the type checker before it is decided about here."""
    match status:
        case RowStatus.ENROLLED:
            return DashboardColumn.COMPLETED
        case RowStatus.SCHEDULED | RowStatus.ENROLLING:
            return DashboardColumn.SCHEDULED
        case RowStatus.PARTIAL | RowStatus.FAILED | RowStatus.ACCESS_DENIED:
            return DashboardColumn.FAILED
        case RowStatus.CANCELLED:
            return None
        case _:
            assert_never(status)


class BatchStatus(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    HAS_FAILURES = "has_failures"
    CANCELLED = "cancelled"


def batch_status(num_by_status: Mapping[RowStatus, int]) -> BatchStatus:
    """A batch's status from the number of its rows in each status, without the cancelled ones."""
    live = {status: count for status, count in num_by_status.items() if count and status != RowStatus.CANCELLED}
    if not live:
        return BatchStatus.CANCELLED if num_by_status.get(RowStatus.CANCELLED) else BatchStatus.SCHEDULED
    if live.keys() & WITH_FAILURES:
        return BatchStatus.HAS_FAILURES
    if live.keys() <= RAN:
        return BatchStatus.COMPLETED
    if live.keys() == {RowStatus.SCHEDULED}:
        return BatchStatus.SCHEDULED
    return BatchStatus.IN_PROGRESS


class EnrollmentStatus(StrEnum):
    ENROLLED = "enrolled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


LIVE = frozenset({EnrollmentStatus.ENROLLED, EnrollmentStatus.IN_PROGRESS})


class Outcome(StrEnum):
    """What a row did about one learner."""

    ENROLLED = "enrolled"
    ALREADY_ENROLLED = "already_enrolled"
    ALREADY_COMPLETED = "already_completed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Code(StrEnum):
    """Why a row, a client or a learner failed or was left alone; the sentences are in explanations.toml."""

    ALREADY_ENROLLED = "already_enrolled"
    ALREADY_COMPLETED = "already_completed"
    WRITE_REJECTED = "write_rejected"
    NO_SEAT = "no_seat"
    PROCESSING_FAILED = "processing_failed"
    SOME_FAILED = "some_failed"
    ALL_FAILED = "all_failed"
    NOBODY_MATCHED = "nobody_matched"
    ORG_NOT_READY = "org_not_ready"
    ACCESS_DENIED = "access_denied"
    WRITE_FAILED = "write_failed"
    LAUNCH_FAILED = "launch_failed"


def outcome_of(code: str) -> Outcome:
    if code in (Code.ALREADY_ENROLLED, Code.ALREADY_COMPLETED):
        return Outcome(code)
    return Outcome.FAILED


class LaunchedBy(StrEnum):
    """`group`: courses of a group, for those who join it."""

    MSP = "msp"
    ORGANIZATION = "organization"
    GROUP = "group"
