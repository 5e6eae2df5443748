"""Items of live trainings."""

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
from chalicelib.core.ids import short_hash
from chalicelib.tenants.access.models import org_pk
from chalicelib.training.sessions.states import SessionStatus


class Training(CoreItem):
    """`ORG#o#TRAININGS` / `TRAINING#t`. `starts` are the instants of its sessions that were not cancelled, by id."""

    training_id = UnicodeAttribute()
    title = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    certificate = BooleanAttribute(default=False)
    starts: MapAttribute[str, str] = MapAttribute(default=dict)  # type: ignore[no-untyped-call]
    created_at = UnicodeAttribute()
    archived_at = UnicodeAttribute(null=True)
    revision = NumberAttribute(default=0)

    @property
    def starts_by_session(self) -> dict[str, str]:
        return dict(self.starts.as_dict())  # type: ignore[no-untyped-call]


def trainings_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#TRAININGS"


def training_sk(training_id: str) -> str:
    return f"TRAINING#{training_id}"


def training_ref(org_id: str, training_id: str) -> Ref[Training]:
    return Ref(Training, trainings_pk(org_id), training_sk(training_id))


class Session(CoreItem):
    """`ORG#o#TRAINING#t` / `SESSION#s`.

    `starts_at` and `ends_at` are local, `starts_utc` and `ends_utc` instants. `sequence` is the session's part of
    iCalendar's SEQUENCE. `num_taken` are the places that are taken: never more than `capacity`, if there is one.
    `revision` guards what admins change; places are taken and freed beside it.
    """

    PERSONAL = frozenset({"instructor"})

    training_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    status = UnicodeAttribute(default=SessionStatus.OPEN.value)
    starts_at = UnicodeAttribute()
    ends_at = UnicodeAttribute()
    time_zone = UnicodeAttribute()
    starts_utc = UnicodeAttribute()
    ends_utc = UnicodeAttribute()
    place = UnicodeAttribute(null=True)
    web_link = UnicodeAttribute(null=True)
    instructor = UnicodeAttribute(null=True)
    capacity = NumberAttribute(null=True)
    waiting_list = BooleanAttribute(default=False)
    reminders = BooleanAttribute(default=False)
    num_taken = NumberAttribute(default=0)
    num_waiting = NumberAttribute(default=0)
    sequence = NumberAttribute(default=0)
    revision = NumberAttribute(default=0)
    created_at = UnicodeAttribute()
    # The latest change that raised SEQUENCE.
    changed_at = UnicodeAttribute(null=True)
    cancelled_at = UnicodeAttribute(null=True)
    cancel_reason = UnicodeAttribute(null=True)

    @property
    def is_open(self) -> bool:
        return bool(self.status == SessionStatus.OPEN)


def training_pk(org_id: str, training_id: str) -> str:
    return f"{org_pk(org_id)}#TRAINING#{training_id}"


SESSIONS_PREFIX = "SESSION#"


def session_sk(session_id: str) -> str:
    return f"{SESSIONS_PREFIX}{session_id}"


def session_ref(org_id: str, training_id: str, session_id: str) -> Ref[Session]:
    return Ref(Session, training_pk(org_id, training_id), session_sk(session_id))


class Participant(CoreItem):
    """`ORG#o#SESSION#s` / `MEMBER#m`: one person in one session.

    `participation_id` stays when the person moves to another session; it is the UID in calendars. `sequence` is the
    person's part of SEQUENCE, below zero after a move to a session that changed more often. `asked` orders those who
    wait. `told_sequence` is that of the latest invitation or cancellation made, `first_told` that of the first.
    """

    PERSONAL = frozenset({"remark", "comment"})

    org_id = UnicodeAttribute()
    training_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    member_id = UnicodeAttribute()
    participation_id = UnicodeAttribute()
    enroll_id = UnicodeAttribute()
    status = UnicodeAttribute()
    asked = UnicodeAttribute()
    visible_from = UnicodeAttribute()
    token = UnicodeAttribute()
    sequence = NumberAttribute(default=0)
    first_told = NumberAttribute(null=True)
    told_sequence = NumberAttribute(null=True)
    told_waiting = BooleanAttribute(null=True)
    # The invitation that was written last, and its SEQUENCE.
    written_mail_id = UnicodeAttribute(null=True)
    written_sequence = NumberAttribute(null=True)
    answered_at = UnicodeAttribute(null=True)
    answered_by = UnicodeAttribute(null=True)
    # SEQUENCE of the invitation that was answered, and the time stamp of a calendar's reply.
    answered_sequence = NumberAttribute(null=True)
    reply_stamp = UnicodeAttribute(null=True)
    remark = UnicodeAttribute(null=True)
    moved_at = UnicodeAttribute(null=True)
    cancelled_at = UnicodeAttribute(null=True)
    # SEQUENCE of the cancellation: what happens to the session afterwards is no news for the person.
    cancelled_sequence = NumberAttribute(null=True)
    attendance_at = UnicodeAttribute(null=True)
    score = NumberAttribute(null=True)
    comment = UnicodeAttribute(null=True)
    # Of the certificate that the attendance brought.
    certificate_id = UnicodeAttribute(null=True)
    revision = NumberAttribute(default=0)


def session_pk(org_id: str, session_id: str) -> str:
    return f"{org_pk(org_id)}#SESSION#{session_id}"


def participant_sk(member_id: str) -> str:
    return f"MEMBER#{member_id}"


def participant_ref(org_id: str, session_id: str, member_id: str) -> Ref[Participant]:
    return Ref(Participant, session_pk(org_id, session_id), participant_sk(member_id))


class LineEntry(CoreItem):
    """`ORG#o#SESSION#s#LINE` / `<asked>#<member id>`: somebody who waits for a place."""

    member_id = UnicodeAttribute()


def line_pk(org_id: str, session_id: str) -> str:
    return f"{session_pk(org_id, session_id)}#LINE"


def line_entry(participant: Participant) -> LineEntry:
    pk = line_pk(participant.org_id, participant.session_id)
    return LineEntry(pk, f"{participant.asked}#{participant.member_id}", member_id=participant.member_id)


class Participation(EnrollmentItem):
    """`ORG#o#MEMBER#m` / `TRAINING#t`, beside enrollments: the session of this training that the member is,
    or was last, in.
    """

    training_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    participation_id = UnicodeAttribute()


def participations_pk(org_id: str, member_id: str) -> str:
    return f"{org_pk(org_id)}#MEMBER#{member_id}"


def participation_ref(org_id: str, member_id: str, training_id: str) -> Ref[Participation]:
    return Ref(Participation, participations_pk(org_id, member_id), training_sk(training_id))


class AnswerToken(CoreItem):
    """`ANSWER#<hash of the token>` / `ANSWER`: whose answer comes under this token."""

    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    training_id = UnicodeAttribute()
    member_id = UnicodeAttribute()
    participation_id = UnicodeAttribute()


ANSWER_SK = "ANSWER"


def answer_pk(token: str) -> str:
    return f"ANSWER#{short_hash('answer', token)}"


class Enroll(CoreItem):
    """`ORG#o#ENROLLS` / `ENROLL#e`: one request to enroll people in trainings.

    `sessions` are pairs of training and session id. `department_ids` limit whom the caller may enroll. People who were
    chosen by a `filter` are fixed by the job; until then `num_people` is not there. `failed_code` says why nobody is.
    """

    PERSONAL = frozenset({"filter"})

    enroll_id = UnicodeAttribute()
    msp_id = UnicodeAttribute()
    org_id = UnicodeAttribute()
    sessions = JSONAttribute()
    visible_from = UnicodeAttribute()
    num_people = NumberAttribute(null=True)
    filter = JSONAttribute(null=True)
    failed_code = UnicodeAttribute(null=True)
    department_ids: ListAttribute[str] = ListAttribute(null=True)
    created_by = UnicodeAttribute()
    created_at = UnicodeAttribute()


def enrolls_pk(org_id: str) -> str:
    return f"{org_pk(org_id)}#ENROLLS"


def enroll_sk(enroll_id: str) -> str:
    return f"ENROLL#{enroll_id}"


def enroll_ref(org_id: str, enroll_id: str) -> Ref[Enroll]:
    return Ref(Enroll, enrolls_pk(org_id), enroll_sk(enroll_id))


class EnrollPeople(CoreItem):
    """`ORG#o#ENROLL#e` / `PEOPLE#<n>`: up to 1,000 of the people, in the order of the request."""

    member_ids: ListAttribute[str] = ListAttribute()


class EnrollResult(CoreItem):
    """`ORG#o#ENROLL#e` / `RESULT#<n>`: what became of the people of one chunk.

    Each of `results` is [member id, index in the request's sessions, code, session id, overlaps]. Overlaps are indexes
    in `overlapping`, which has pairs of training and session id: many people have the same.
    """

    results = JSONAttribute()
    overlapping = JSONAttribute()


PEOPLE_PER_ITEM = 1000
RESULTS_PREFIX = "RESULT#"


def enroll_pk(org_id: str, enroll_id: str) -> str:
    return f"{org_pk(org_id)}#ENROLL#{enroll_id}"


def people_sk(number: int) -> str:
    return f"PEOPLE#{number:04d}"


def result_sk(chunk: int) -> str:
    return f"{RESULTS_PREFIX}{chunk:05d}"
