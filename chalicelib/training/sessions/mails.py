"""Builders of mails about live trainings. What a mail says, and whether it still applies, is read when it is sent."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.core.clock import to_text
from chalicelib.core.settings import answers_domain, settings
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import CalendarPart, MailContent, Suppressed
from chalicelib.notifications.states import MailState
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.sessions import local_times, mail_store
from chalicelib.training.sessions.calendars.calendar_file import Entry, invitation_file
from chalicelib.training.sessions.models import Participant, Session, Training
from chalicelib.training.sessions.states import EXPECTED, ParticipantStatus
from chalicelib.training.sessions.tell import sequence_of

# The person has, or may have, got the mail.
_MAY_HAVE_ARRIVED = frozenset({MailState.SENDING, MailState.UNKNOWN, MailState.SENT, MailState.DELIVERED})


@dataclass(frozen=True)
class _Facts:
    org: Org
    member: Member
    training: Training
    session: Session
    participant: Participant


def invited(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """An invitation for the calendar, of the session as it is now."""
    facts = _load(mail)
    return facts if isinstance(facts, Suppressed) else _request(mail, facts, now)


def changed(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """The same with other words. An earlier mail that still waits will say it, or has said it by now."""
    facts = _load(mail)
    if isinstance(facts, Suppressed):
        return facts
    if any(earlier.state == MailState.PENDING for earlier in _earlier(mail)) or _was_written(facts):
        return Suppressed("told_by_earlier_mail")
    return _request(mail, facts, now)


def waiting(mail: Mail, now: datetime) -> MailContent | Suppressed:
    facts = _load(mail)
    if isinstance(facts, Suppressed):
        return facts
    if not facts.session.is_open or facts.participant.status != ParticipantStatus.WAITING:
        return Suppressed(f"is_{facts.participant.status}")
    return _content(facts)


def reminder(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Only while it is true: the session is to come at that time, and so is the person."""
    facts = _load(mail)
    if isinstance(facts, Suppressed):
        return facts
    if not facts.session.is_open:
        return Suppressed("session_cancelled")
    if facts.session.starts_utc != mail.about["starts_utc"]:
        return Suppressed("other_time")
    if facts.session.starts_utc <= to_text(now):
        return Suppressed("too_late")
    if facts.participant.status not in EXPECTED:
        return Suppressed(f"is_{facts.participant.status}")
    return _content(facts)


def cancelled(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Only to a person who has, or may have, got an invitation. Without one before, there is no entry to cancel."""
    facts = _load(mail, of_earlier=True)
    if isinstance(facts, Suppressed):
        return facts
    # Who was enrolled anew meanwhile has another entry; the earlier one is to go all the same.
    is_earlier = facts.participant.participation_id != mail.about["participation_id"]
    if facts.session.is_open and facts.participant.status != ParticipantStatus.CANCELLED and not is_earlier:
        return Suppressed("not_cancelled")
    earlier = _earlier(mail)
    if mail.about.get("earlier_mail_ids"):
        if not any(one.state in _MAY_HAVE_ARRIVED for one in earlier):
            return Suppressed("was_not_invited_by_mail")
        entry = _entry(facts)
        if is_earlier:
            entry = replace(entry, uid=_uid(mail.about["participation_id"]), sequence=int(mail.about["sequence"]))
        return _content(facts, CalendarPart("CANCEL", invitation_file(entry, "CANCEL", now)))
    return _content(facts) if not is_earlier else Suppressed("enrolled_anew")


def _was_written(facts: _Facts) -> bool:
    """Another mail, made before the change, was written after it."""
    participant = facts.participant
    if participant.written_sequence is None or participant.written_sequence < sequence_of(facts.session, participant):
        return False
    other = notifications_store.mail(str(participant.written_mail_id))
    return other is not None and other.state in _MAY_HAVE_ARRIVED


def _request(mail: Mail, facts: _Facts, now: datetime) -> MailContent | Suppressed:
    if not facts.session.is_open:
        return Suppressed("session_cancelled")
    if facts.participant.status not in EXPECTED:
        return Suppressed(f"is_{facts.participant.status}")
    mail_store.note_written(facts.participant, mail.mail_id, sequence_of(facts.session, facts.participant))
    return _content(facts, CalendarPart("REQUEST", invitation_file(_entry(facts), "REQUEST", now)))


def _load(mail: Mail, *, of_earlier: bool = False) -> _Facts | Suppressed:
    """`of_earlier`: also for a participation that another one took the place of.

    Then an entry in the calendar of who has left is to go as well.
    """
    about = mail.about
    org, member, training, session, participant = mail_store.facts(about)
    if participant is None:
        return Suppressed("withdrawn")
    if participant.participation_id != about["participation_id"] and not of_earlier:
        return Suppressed("enrolled_anew")
    if org is None or training is None or session is None:
        return Suppressed("withdrawn")
    has_entry = of_earlier and bool(about.get("earlier_mail_ids"))
    if member is None or (member.status != MemberStatus.ACTIVE and not has_entry):
        return Suppressed("not_active")
    if not member.email:
        return Suppressed("no_address")
    if member.mail_blocked:
        return Suppressed("mail_blocked")
    return _Facts(org, member, training, session, participant)


def _earlier(mail: Mail) -> list[Mail]:
    ids = [mail_id for mail_id in str(mail.about.get("earlier_mail_ids", "")).split(",") if mail_id]
    return list(notifications_store.mails_by_id(ids).values()) if ids else []


def _entry(facts: _Facts) -> Entry:
    session, participant = facts.session, facts.participant
    name = f"{facts.member.first_name} {facts.member.last_name}".strip()
    return Entry(
        uid=_uid(participant.participation_id),
        sequence=sequence_of(session, participant),
        starts_utc=session.starts_utc,
        ends_utc=session.ends_utc,
        title=facts.training.title,
        description=_description(facts),
        location=session.place or session.web_link or "",
        url=session.web_link,
        organizer=answer_address(participant.token),
        organizer_name=facts.org.name,
        attendee=str(facts.member.email),
        attendee_name=name,
        status=participant.status,
    )


def _uid(participation_id: str) -> str:
    return f"{participation_id}@{settings().mail_from.rpartition('@')[2]}"


def answer_address(token: str) -> str:
    """Where calendar programs send the answer: of each participant their own, where a stage takes mail in."""
    domain = answers_domain()
    return f"answers+{token}@{domain}" if domain else settings().mail_from


def rsvp_link(token: str) -> str:
    return f"{settings().public_url}/rsvp/{token}"


def _description(facts: _Facts) -> str:
    session = facts.session
    lines = [local_times.in_words(session.starts_utc, session.ends_utc, session.time_zone)]
    lines += [f"Instructor: {session.instructor}"] if session.instructor else []
    lines += [f"Join: {session.web_link}"] if session.web_link else []
    lines += ["", facts.training.description] if facts.training.description else []
    return "\n".join(lines)


def _content(facts: _Facts, calendar: CalendarPart | None = None) -> MailContent:
    session = facts.session
    return MailContent(
        to=str(facts.member.email),
        sender_name=facts.org.name,
        reply_to=facts.org.reply_to,
        facts={
            "first_name": facts.member.first_name,
            "tenant": facts.org.name,
            "training": facts.training.title,
            "description": facts.training.description,
            "when": local_times.in_words(session.starts_utc, session.ends_utc, session.time_zone),
            "place": session.place or "",
            "web_link": session.web_link or "",
            "instructor": session.instructor or "",
            "reason": session.cancel_reason or "",
            "link": rsvp_link(facts.participant.token),
            "status": facts.participant.status,
        },
        calendar=calendar,
    )
