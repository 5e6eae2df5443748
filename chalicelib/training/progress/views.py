"""Enrollments as learners and admins see them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_date
from chalicelib.training.batches.local_dates import due_instant
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.schemas import EnrollmentOut


def is_overdue(status: str, due_by: str | None, zone: ZoneInfo, now: datetime) -> bool:
    """Derived, never stored: not completed, and the midnight that ends the due date has passed."""
    return bool(due_by and status in LIVE and due_instant(to_date(due_by), zone) <= now)


def enrollment_out(
    org_id: str, member_id: str, enrollment: Enrollment, title: str, zone: ZoneInfo, now: datetime
) -> EnrollmentOut:
    return EnrollmentOut(
        enrollment_id=EnrollmentId.of(org_id, member_id, enrollment),
        org_id=org_id,
        course_id=enrollment.course_id,
        title=title,
        status=EnrollmentStatus(enrollment.status),
        overdue=is_overdue(enrollment.status, enrollment.due_by, zone, now),
        due_by=to_date(enrollment.due_by) if enrollment.due_by else None,
        enrolled_at=enrollment.enrolled_at,
        started_at=enrollment.started_at,
        completed_at=enrollment.completed_at,
        score=int(enrollment.score) if enrollment.score is not None else None,
        batch_id=enrollment.batch_id,
        earlier="#HISTORY#" in enrollment.sk,
    )
