"""Telling participants what has become of them: an invitation, a change, a place in line, a cancellation.

What there is to tell follows from the participant and the session as they are, and from what was told before. A mail's
id follows from what it tells. So telling again changes nothing, whichever job does it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.notifications import notice_store, outbox
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.training.sessions import local_times, participant_store, store, told_store
from chalicelib.training.sessions.calendars import feed_changes
from chalicelib.training.sessions.messages import TellPeople, TellSession
from chalicelib.training.sessions.models import Participant, Session, Training
from chalicelib.training.sessions.states import EXPECTED, SEATED, ParticipantStatus, TrainingMail

# Mails that one message makes, in a few seconds.
_PER_MESSAGE = 250

# A calendar feed has an entry for them, or had one.
_IN_FEEDS = SEATED | {ParticipantStatus.CANCELLED}


@dataclass(frozen=True)
class _Telling:
    participant: Participant
    session: Session
    kind: TrainingMail

    @property
    def sequence(self) -> int:
        return sequence_of(self.session, self.participant)

    @property
    def mail_id(self) -> str:
        return mail_id_of(self.participant, self.kind, self.sequence)


def tell(msp_id: str, org_id: str, people: Mapping[tuple[str, str], Sequence[str]], now: datetime) -> None:
    """Tell these people, by training and session, if they are in the session and may know by now.

    Calls grow with the people, not with the sessions.
    """
    participants = participant_store.participants_of(
        org_id, [(session_id, member_id) for (_, session_id), member_ids in people.items() for member_id in member_ids]
    )
    # After the participants: a session that is as new as they are, or newer.
    sessions = store.sessions_by_id(org_id, people)
    _tell(msp_id, sessions, participants, now)


def run(job: TellPeople, now: datetime) -> None:
    tell(job.msp_id, job.org_id, {(job.training_id, job.session_id): job.member_ids}, now)
    due.close(job)


def tell_session(job: TellSession, now: datetime) -> None:
    """Everybody in the session, page by page; quietly, only their calendar feeds."""
    if not due.is_current(job):
        return
    session = store.session(job.org_id, job.training_id, job.session_id)
    if session is not None:
        page = participant_store.participants(job.org_id, job.session_id, _PER_MESSAGE, job.position)
        if job.quiet:
            _announce(job.org_id, page.items, now)
        else:
            _tell(job.msp_id, {job.session_id: session}, page.items, now)
        if page.next_position is not None:
            following = due.advance(job, page.next_position, now)
            queue.send([following] if following else [])
            return
    due.close(job)


def _announce(org_id: str, participants: Sequence[Participant], now: datetime) -> None:
    seated = [participant.member_id for participant in participants if participant_store.holds_place(participant)]
    feed_changes.announce(members_store.members_by_id(org_id, seated).values(), now)


def sequence_of(session: Session, participant: Participant) -> int:
    """SEQUENCE of the participant's calendar entry: it goes up with each change of the session or of their part."""
    return int(session.sequence + participant.sequence)


def mail_id_of(participant: Participant, kind: TrainingMail, sequence: int) -> str:
    """An invitation and a change are of one series, in which each SEQUENCE is told once."""
    if kind == TrainingMail.WAITING:
        return derived_id(participant.participation_id, kind)
    is_cancel = kind == TrainingMail.CANCELLED
    return derived_id(participant.participation_id, "cancel" if is_cancel else "request", str(sequence))


def latest_mail_id(participant: Participant) -> str | None:
    """The latest mail about the participation, if one was made."""
    if participant.told_sequence is None:
        return mail_id_of(participant, TrainingMail.WAITING, 0) if participant.told_waiting else None
    is_over = participant.status == ParticipantStatus.CANCELLED
    kind = TrainingMail.CANCELLED if is_over else TrainingMail.INVITED
    return mail_id_of(participant, kind, int(participant.told_sequence))


def _tell(msp_id: str, sessions: Mapping[str, Session], participants: Iterable[Participant], now: datetime) -> None:
    """People of some sessions of one organization, each of them in one of these."""
    visible = [one for one in participants if one.session_id in sessions and participant_store.is_visible(one, now)]
    # Once a session has begun, it is too late for news of it. Feeds are to be right all the same.
    ahead = {key: session for key, session in sessions.items() if session.starts_utc > to_text(now)}
    candidates = [one for one in visible if one.session_id in ahead]
    tellings = [telling for one in candidates if (telling := _telling(ahead[one.session_id], one)) is not None]
    # A feed may show what its person was not told of yet.
    shown = [one.member_id for one in visible if one.status in _IN_FEEDS or not sessions[one.session_id].is_open]
    concerned = dict.fromkeys([*(telling.participant.member_id for telling in tellings), *shown])
    if not concerned:
        return
    org_id = visible[0].org_id
    members = members_store.members_by_id(org_id, concerned)
    feed_changes.announce(members.values(), now)
    if not tellings:
        return
    abouts_by_kind: dict[TrainingMail, dict[str, dict[str, str]]] = defaultdict(dict)
    for telling in tellings:
        if _is_addressable(members.get(telling.participant.member_id), telling):
            abouts_by_kind[telling.kind][telling.mail_id] = _about(msp_id, telling)
    for kind, abouts in abouts_by_kind.items():
        outbox.put(kind, org_pk(org_id), abouts, now)
    if abouts_by_kind:
        outbox.wake()
    trainings = store.trainings_by_id(org_id, [telling.session.training_id for telling in tellings], consistent=True)
    told_store.put([_note(telling, trainings, members, now) for telling in tellings])


def _note(
    telling: _Telling, trainings: Mapping[str, Training], members: Mapping[str, Member], now: datetime
) -> told_store.Note:
    training = trainings.get(telling.session.training_id)
    notice = _notice(telling, training, members.get(telling.participant.member_id), now)
    sequence = None if telling.kind == TrainingMail.WAITING else telling.sequence
    return told_store.Note(telling.participant, sequence, notice)


def _notice(telling: _Telling, training: Training | None, member: Member | None, now: datetime) -> Write | None:
    """For the person's account, if there is one."""
    if member is None or not member.account_id or training is None:
        return None
    participant, session = telling.participant, telling.session
    return notice_store.write(
        member.account_id, telling.kind, participant.org_id,
        f"{participant.org_id}.{participant.member_id}.{participant.training_id}",
        {
            "training": training.title,
            "when": local_times.in_words(session.starts_utc, session.ends_utc, session.time_zone),
            "reason": session.cancel_reason or "",
        },
        now,
    )  # fmt: skip


def _telling(session: Session, participant: Participant) -> _Telling | None:
    """What the person does not know yet; None for nothing."""
    sequence, told = sequence_of(session, participant), participant.told_sequence
    was_told = told is not None
    if participant.status == ParticipantStatus.CANCELLED or not session.is_open:
        # Who declined, or never knew of it, need not hear that it is off.
        knows = (was_told or participant.told_waiting) and participant.status != ParticipantStatus.DECLINED
        is_new = told is None or told < (participant.cancelled_sequence or sequence)
        return _Telling(participant, session, TrainingMail.CANCELLED) if knows and is_new else None
    if participant.status == ParticipantStatus.WAITING:
        is_new = not participant.told_waiting
        return _Telling(participant, session, TrainingMail.WAITING) if is_new else None
    if participant.status not in EXPECTED or (told is not None and told >= sequence):
        return None
    return _Telling(participant, session, TrainingMail.CHANGED if was_told else TrainingMail.INVITED)


def _is_addressable(member: Member | None, telling: _Telling) -> bool:
    """Who has left is told by mail that the entry in their calendar goes, and nothing else."""
    if member is None or not member.email:
        return False
    has_entry = telling.participant.told_sequence is not None
    return member.status == MemberStatus.ACTIVE or (telling.kind == TrainingMail.CANCELLED and has_entry)


def _about(msp_id: str, telling: _Telling) -> dict[str, str]:
    participant = telling.participant
    about = {
        "msp_id": msp_id, "org_id": participant.org_id, "training_id": participant.training_id,
        "session_id": participant.session_id, "member_id": participant.member_id,
        "participation_id": participant.participation_id, "sequence": str(telling.sequence),
    }  # fmt: skip
    if participant.told_sequence is not None:
        earlier = {int(participant.told_sequence), int(participant.first_told or 0)}
        ids = [mail_id_of(participant, TrainingMail.INVITED, sequence) for sequence in sorted(earlier)]
        about["earlier_mail_ids"] = ",".join(ids)
    return about
