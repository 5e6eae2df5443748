"""The courses of an archived member: what is not started is cancelled, what is in progress stays with the learner.

Each enrollment changes together with the counts of its row, once, however often the message is delivered. A member who
becomes active again before this is finished is enrolled anew only afterwards (auto_enrollment).
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.jobs import due
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberArchived
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.progress import archive_store

# Later than every instant, as text.
_NEVER = "~"

_PAGE = 100
_TRIES = 5


def run(job: MemberArchived, now: datetime) -> None:
    """Any number of times: at once, and again when no worker can be left that read a roster with the member on it."""
    member = members_store.member(job.org_id, job.member_id)
    if member is not None and member.archive_id == job.archive_id:
        _withdraw_all(job.org_id, member)
        if to_instant(str(member.archived_at)) + MAX_RUN_TIME > now:
            return
        _finish(job.org_id, member)
    due.close(job)


def withdraw_courses(org_id: str, member: Member) -> None:
    """For a member who is active again before their archiving was finished."""
    _withdraw_all(org_id, member)
    _finish(org_id, member)


def visible_to_admins(status: MemberStatus) -> Callable[[Enrollment], bool]:
    """Of an archived member what was completed; of nobody a course that was withdrawn when they were archived."""
    if status == MemberStatus.ARCHIVED:
        return lambda enrollment: enrollment.status == EnrollmentStatus.COMPLETED and not enrollment.left_at
    return lambda enrollment: not enrollment.left_at


def _withdraw_all(org_id: str, member: Member) -> None:
    archived_at = str(member.archived_at)
    # A member who is active again keeps what they were enrolled in since then.
    until = archived_at if member.status == MemberStatus.ACTIVE else _NEVER
    after: str | None = None
    while True:
        page = enrollment_store.enrollments_of(org_id, member.member_id, _PAGE, after)
        for enrollment in page.items:
            _withdraw(org_id, member.member_id, enrollment, archived_at, until)
        after = page.next_position
        if after is None:
            return


def _withdraw(org_id: str, member_id: str, enrollment: Enrollment, archived_at: str, until: str) -> None:
    current: Enrollment | None = enrollment
    for _ in range(_TRIES):
        if current is None or not _is_to_withdraw(current, until):
            return
        try:
            archive_store.withdraw(org_id, current, archived_at)
            return
        except ConditionFailed:
            # The learner, or an undo, changed it at the same moment: decide again.
            current = enrollment_store.enrollment(org_id, member_id, current.sk)
    raise Unavailable()


def _is_to_withdraw(enrollment: Enrollment, until: str) -> bool:
    return enrollment.status in LIVE and not enrollment.left_at and enrollment.enrolled_at <= until


def _finish(org_id: str, member: Member) -> None:
    # ConditionFailed: another delivery has finished it.
    with suppress(ConditionFailed):
        archive_store.finish(org_id, member.member_id, str(member.archive_id))
