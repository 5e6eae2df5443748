"""What an archived member's courses come to: not started is cancelled, in progress stays with the learner alone.

Every enrollment goes together with its row's counts, once, whatever comes twice: what it is decides. Who comes back
while this is still to be done is enrolled anew only after it (joiners.py).
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.aws import table
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.jobs import due
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberArchived
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.training.batches import enrollment_store as learner_store
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.progress import archive_store
from chalicelib.training.progress.progress import course_of

# After every instant, as text.
_FOR_EVER = "~"

_PAGE = 100
_TRIES = 5


def run(job: MemberArchived, now: datetime) -> None:
    """Any number of times: at once, and to its end when nobody is at work any more who saw them on a roster."""
    member = members_store.member(job.org_id, job.member_id)
    if member is not None and member.archive_id == job.archive_id:
        _leave_all(job.org_id, member)
        if to_instant(str(member.archived_at)) + MAX_RUN_TIME > now:
            return
        _end(job.org_id, member)
    table.transact([due.done(job)])


def leave_courses(org_id: str, member: Member) -> None:
    """For somebody who is back before their archiving came to its end."""
    _leave_all(org_id, member)
    _end(org_id, member)


def _leave_all(org_id: str, member: Member) -> None:
    archived_at = str(member.archived_at)
    # What somebody who is back was enrolled in since then is none of this.
    until = archived_at if member.status == MemberStatus.ACTIVE else _FOR_EVER
    after: str | None = None
    while True:
        page = learner_store.enrollments_of(org_id, member.member_id, _PAGE, after)
        for enrollment in page.items:
            if _has_to_leave(enrollment, until):
                _leave(org_id, member.member_id, enrollment, archived_at, until)
        after = page.next_position
        if after is None:
            return


def _end(org_id: str, member: Member) -> None:
    try:
        table.transact([archive_store.done_write(org_id, member.member_id, str(member.archive_id))])
    except ConditionFailed:
        # Another delivery was as far.
        return


def shown_to_admins(status: MemberStatus) -> Callable[[Enrollment], bool]:
    """Of an archived member what was completed, of nobody what went on after they were archived."""
    if status == MemberStatus.ARCHIVED:
        return lambda enrollment: enrollment.status == EnrollmentStatus.COMPLETED and not enrollment.left_at
    return lambda enrollment: not enrollment.left_at


def _leave(org_id: str, member_id: str, enrollment: Enrollment, archived_at: str, until: str) -> None:
    found: Enrollment | None = enrollment
    for _ in range(_TRIES):
        if found is None or not _has_to_leave(found, until):
            return
        try:
            table.transact(archive_store.leave_writes(org_id, found, course_of(found), archived_at))
            return
        except ConditionFailed:
            # The learner, or an undo, was at it at the same moment; what it is now decides.
            found = learner_store.enrollment(org_id, member_id, found.sk)
    raise Unavailable()


def _has_to_leave(enrollment: Enrollment, until: str) -> bool:
    return enrollment.status in LIVE and not enrollment.left_at and enrollment.enrolled_at <= until
