"""The start page: four calls, however much a person has."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.aws.table import Fetched, Ref
from chalicelib.core.clock import to_instant
from chalicelib.notifications import notices
from chalicelib.people.invitations.my_invitations import invite_out
from chalicelib.people.invitations.schemas import MyInvite
from chalicelib.people.members.models import OpenInvite, member_ref
from chalicelib.reporting.home import store
from chalicelib.reporting.home.schemas import HomeOut, HomeTraining
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.tenants.courses.models import course_ref
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.batches.states import LIVE
from chalicelib.training.certificates.states import CertificateState
from chalicelib.training.certificates.views import certificate_out, state_of
from chalicelib.training.progress.views import enrollment_out, is_overdue
from chalicelib.training.self_enrollment.progress import self_enrollment_out
from chalicelib.training.sessions import answers, participant_store
from chalicelib.training.sessions.models import Participation, participant_ref, session_ref, training_ref
from chalicelib.training.sessions.participants import shown_status
from chalicelib.training.sessions.states import SEATED, ParticipantStatus

# With the organizations of ten memberships these make less than the 100 items of one call.
_NUM_COURSES, _NUM_TRAININGS, _NUM_LOOKED_AT = 10, 5, 20
_NUM_NOTICES = _NUM_CERTIFICATES = _NUM_INVITATIONS = 5

_UTC = ZoneInfo("UTC")
_SHOWN = SEATED | {ParticipantStatus.WAITING}


class _Page:
    """What was read of one person. Memberships are known by the partition of their member."""

    def __init__(self, account_id: str, email: str | None, now: datetime) -> None:
        found, invited = store.entries_and_invitations(account_id, email)
        entries = [entry for entry in found if entry.member_id and entry.org_id]
        # What was accepted is still found by the address.
        joined = {(entry.org_id, entry.member_id) for entry in entries}
        self.invitations = [one for one in invited if (one.org_id, one.member_id) not in joined]
        self.account_id, self.now = account_id, now
        self.memberships: Mapping[str, AccountEntry] = {
            f"ORG#{entry.org_id}#MEMBER#{entry.member_id}": entry for entry in entries
        }
        self.belongings = store.belongings(account_id, entries)
        live = [one for one in self.belongings.enrollments if one.status in LIVE]
        self.open = sorted(live, key=lambda one: (one.due_by or "~", str(one.enrolled_at), str(one.sk)))
        latest = sorted(self.belongings.participations, key=lambda one: str(one.participation_id), reverse=True)
        self.looked_at = latest[:_NUM_LOOKED_AT]
        self.named = store.named(self._refs())

    def _refs(self) -> list[Ref[Any]]:
        refs: dict[Ref[Any], None] = {}
        for enrollment in self.open[:_NUM_COURSES]:
            refs[course_ref(self._msp_of(enrollment), enrollment.course_id)] = None
        for one in self.looked_at:
            refs |= dict.fromkeys(_refs_of(one, self.memberships[one.pk]))
        for entry in self.memberships.values():
            refs[org_ref(entry.msp_id, str(entry.org_id))] = None
        for invitation in self.invitations[:_NUM_INVITATIONS]:
            refs |= dict.fromkeys(_invited_refs(invitation))
        return list(refs)

    def _msp_of(self, enrollment: Enrollment) -> str:
        entry = self.memberships.get(enrollment.pk)
        return entry.msp_id if entry else str(enrollment.msp_id)

    def org_of(self, pk: str) -> Org | None:
        entry = self.memberships.get(pk)
        return self.named.get(org_ref(entry.msp_id, str(entry.org_id))) if entry else None

    def title_of(self, enrollment: Enrollment) -> str:
        course = self.named.get(course_ref(self._msp_of(enrollment), enrollment.course_id))
        return course.title if course else ""

    def zone_of(self, pk: str) -> ZoneInfo:
        org = self.org_of(pk)
        return zone_of(org) if org else _UTC


def home(account_id: str, email: str | None, now: datetime) -> HomeOut:
    """Who asks, and who invites them; what they have; what it is called; their notifications: one call for each.

    `email` is the account's address that is confirmed.
    """
    page = _Page(account_id, email, now)
    invitations = _invitations(page, email) if email else []
    num_void = min(len(page.invitations), _NUM_INVITATIONS) - len(invitations)
    num_unread, newest = notices.newest(account_id, _NUM_NOTICES)
    certificates = sorted(page.belongings.certificates, key=lambda one: str(one.certificate_id), reverse=True)
    return HomeOut(
        num_invitations=len(page.invitations) - num_void,
        invitations=invitations,
        num_open_courses=len(page.open),
        num_overdue_courses=sum(is_overdue(one.status, one.due_by, page.zone_of(one.pk), now) for one in page.open),
        courses=[_course(page, one) for one in page.open[:_NUM_COURSES]],
        trainings=_trainings(page),
        num_unread=num_unread,
        notifications=newest,
        num_certificates=sum(state_of(one, now) == CertificateState.VALID for one in certificates),
        certificates=[certificate_out(one, now) for one in certificates[:_NUM_CERTIFICATES]],
    )


def _invitations(page: _Page, email: str) -> list[MyInvite]:
    """Those that can still be accepted come first."""
    found = []
    for one in page.invitations[:_NUM_INVITATIONS]:
        org, member = (page.named.get(ref) for ref in _invited_refs(one))
        found.append(invite_out(org, member, email, page.now))
    return sorted((one for one in found if one), key=lambda one: one.expired)


def _course(page: _Page, enrollment: Enrollment) -> Any:
    entry, title = page.memberships.get(enrollment.pk), page.title_of(enrollment)
    if entry is None:
        return self_enrollment_out(page.account_id, enrollment, title, page.now)
    org_id, member_id = str(entry.org_id), str(entry.member_id)
    return enrollment_out(org_id, member_id, enrollment, title, page.zone_of(enrollment.pk), page.now)


def _trainings(page: _Page) -> list[HomeTraining]:
    found = (_training(page, one, page.named) for one in page.looked_at)
    return sorted((one for one in found if one), key=lambda one: one.starts_utc)[:_NUM_TRAININGS]


def _training(page: _Page, pointer: Participation, named: Fetched) -> HomeTraining | None:
    """None for what is over, cancelled, declined, or not to be known yet."""
    entry, org = page.memberships[pointer.pk], page.org_of(pointer.pk)
    participant, session, training = (named.get(ref) for ref in _refs_of(pointer, entry))
    if participant is None or session is None or training is None or org is None:
        return None
    status = shown_status(participant, session)
    is_over = to_instant(session.ends_utc) <= page.now
    if is_over or status not in _SHOWN or not participant_store.is_visible(participant, page.now):
        return None
    return HomeTraining(
        participation_id=f"{org.org_id}.{participant.member_id}.{training.training_id}",
        org_id=org.org_id,
        organization=org.name,
        title=training.title,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        time_zone=session.time_zone,
        starts_utc=session.starts_utc,
        place=session.place,
        web_link=session.web_link,
        status=status,
        can_answer=answers.state_of(session, participant, page.now) == "open",
    )


def _invited_refs(invitation: OpenInvite) -> tuple[Ref[Any], Ref[Any]]:
    """Organization and member."""
    org_id = invitation.org_id
    return org_ref(invitation.msp_id, org_id), member_ref(org_id, invitation.member_id)


def _refs_of(pointer: Participation, entry: AccountEntry) -> tuple[Ref[Any], Ref[Any], Ref[Any]]:
    """Participant, session and training."""
    org_id = str(entry.org_id)
    return (
        participant_ref(org_id, pointer.session_id, str(entry.member_id)),
        session_ref(org_id, pointer.training_id, pointer.session_id),
        training_ref(org_id, pointer.training_id),
    )
