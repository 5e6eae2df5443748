"""Reminders of a session, a day and an hour before it, where they are switched on."""

from datetime import datetime, timedelta

from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.notifications import outbox
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.models import org_pk
from chalicelib.training.sessions import participant_store, store
from chalicelib.training.sessions.messages import RemindSession
from chalicelib.training.sessions.models import Participant, Session
from chalicelib.training.sessions.states import EXPECTED, MINUTES_BY_REMINDER, TrainingMail

_PER_MESSAGE = 1000

# "Tomorrow" is not true the day after: what an outage delayed for longer than this is not sent.
_RELEVANT_FOR = timedelta(hours=6)


def jobs_for(msp_id: str, org_id: str, session: Session, starts_utc: str, now: datetime) -> list[RemindSession]:
    """Those whose time is still to come."""
    jobs = []
    for kind, minutes in MINUTES_BY_REMINDER.items():
        instant = to_instant(starts_utc) - timedelta(minutes=minutes)
        if instant > now:
            jobs.append(
                RemindSession(
                    msp_id=msp_id, org_id=org_id, training_id=session.training_id, session_id=session.session_id,
                    kind_of_mail=kind, starts_utc=starts_utc, due_at=to_text(instant),
                )
            )  # fmt: skip
    return jobs


def remind(job: RemindSession, now: datetime) -> None:
    """A mail to each who is to come, page by page. Once each, however often it comes."""
    if not due.is_current(job):
        return
    session = store.session(job.org_id, job.training_id, job.session_id)
    if session is not None and _applies(session, job, now):
        page = participant_store.participants(job.org_id, job.session_id, _PER_MESSAGE, job.position)
        _mail(
            job, [one for one in page.items if one.status in EXPECTED and participant_store.is_visible(one, now)], now
        )
        if page.next_position is not None:
            following = due.advance(job, page.next_position, now)
            queue.send([following] if following else [])
            return
    due.close(job)


def _applies(session: Session, job: RemindSession, now: datetime) -> bool:
    if not session.is_open or not session.reminders or session.starts_utc != job.starts_utc:
        return False
    if session.starts_utc <= to_text(now) or now > to_instant(str(job.due_at)) + _RELEVANT_FOR:
        observability.warning("reminder of a session came too late", session_id=job.session_id)
        return False
    return True


def _mail(job: RemindSession, participants: list[Participant], now: datetime) -> None:
    members = members_store.members_by_id(job.org_id, [participant.member_id for participant in participants])
    about = {
        "msp_id": job.msp_id, "org_id": job.org_id, "training_id": job.training_id, "session_id": job.session_id,
        "starts_utc": job.starts_utc,
    }  # fmt: skip
    mails = {
        derived_id(participant.participation_id, job.kind_of_mail, job.starts_utc): {
            **about, "member_id": participant.member_id, "participation_id": participant.participation_id,
        }
        for participant in participants
        if (member := members.get(participant.member_id)) is not None and member.email
    }  # fmt: skip
    if mails:
        outbox.put(TrainingMail(job.kind_of_mail), org_pk(job.org_id), mails, now)
        outbox.wake()
