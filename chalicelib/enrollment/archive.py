"""What an archived member's courses come to: not started is cancelled, in progress stays with the learner alone.

Every enrollment goes together with its row's counts, once, whatever comes twice: what it is decides. Who comes back
while this is still to be done is enrolled anew only after it (joiners.py).
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.queues import Message, Queue
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.enrollment import archive_store, learner_store
from chalicelib.enrollment.messages import ArchiveMember
from chalicelib.enrollment.models import DUE_ARCHIVE, DueEntry, Enrollment, due_entry
from chalicelib.enrollment.progress import course_of
from chalicelib.enrollment.states import LIVE, EnrollmentStatus
from chalicelib.members import store as members_store
from chalicelib.members.models import Member
from chalicelib.members.states import MemberStatus

_PAGE = 100
_TRIES = 5


class ArchiveService:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def archived_writes(
        self, msp_id: str, org_id: str, member_id: str, archive_id: str, now: datetime
    ) -> tuple[list[Write], ArchiveMember]:
        """For the transaction that archives somebody; and the job to send after it."""
        job = ArchiveMember(
            msp_id=msp_id, org_id=org_id, member_id=member_id, archive_id=archive_id, due_at=to_text(now)
        )
        return [Write("put", _due(job))], job

    def send(self, job: ArchiveMember) -> None:
        """Sooner than the sweep would."""
        self._queue.send_soon([Message(job.body(), job.org_id)])

    def run(self, job: ArchiveMember) -> None:
        """Any number of times."""
        member = members_store.member(job.org_id, job.member_id)
        if member is not None and member.archive_id == job.archive_id:
            leave_courses(job.org_id, member)
        table.transact([Write("delete", _due(job))])


def leave_courses(org_id: str, member: Member) -> None:
    """For a member whose archiving is still to be done."""
    archive_id, archived_at = str(member.archive_id), str(member.archived_at)
    after: str | None = None
    while True:
        page = learner_store.enrollments_of(org_id, member.member_id, _PAGE, after)
        for enrollment in page.items:
            if _has_to_leave(enrollment, archived_at):
                _leave(org_id, member.member_id, enrollment, archived_at)
        after = page.position
        if after is None:
            break
    try:
        table.transact([archive_store.done_write(org_id, member.member_id, archive_id)])
    except ConditionFailed:
        # Another delivery was as far.
        return


def shown_to_admins(status: MemberStatus) -> Callable[[Enrollment], bool]:
    """Of an archived member what was completed, of nobody what went on after they were archived."""
    if status == MemberStatus.ARCHIVED:
        return lambda enrollment: enrollment.status == EnrollmentStatus.COMPLETED and not enrollment.left_at
    return lambda enrollment: not enrollment.left_at


def _leave(org_id: str, member_id: str, enrollment: Enrollment, archived_at: str) -> None:
    found: Enrollment | None = enrollment
    for _ in range(_TRIES):
        if found is None or not _has_to_leave(found, archived_at):
            return
        try:
            table.transact(archive_store.leave_writes(org_id, found, course_of(found), archived_at))
            return
        except ConditionFailed:
            # The learner, or an undo, was at it at the same moment; what it is now decides.
            found = learner_store.enrollment(org_id, member_id, found.sk)
    raise Unavailable()


def _has_to_leave(enrollment: Enrollment, archived_at: str) -> bool:
    """What somebody who came back was enrolled in since is none of this."""
    return enrollment.status in LIVE and not enrollment.left_at and enrollment.enrolled_at <= archived_at


def _due(job: ArchiveMember) -> DueEntry:
    return due_entry(job.due_at, DUE_ARCHIVE, job.msp_id, job.org_id, f"{job.member_id}.{job.archive_id}")
