"""Certificates of live trainings: issued with the attendance, revoked when it is corrected."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.organizations.lookups import org_of
from chalicelib.training.certificates import issue, revoke
from chalicelib.training.certificates.issue import Completed
from chalicelib.training.certificates.models import holder_pk
from chalicelib.training.sessions.models import Participant, Session
from chalicelib.training.sessions.states import ParticipantStatus
from chalicelib.training.sessions.trainings import training_of

# By member, the id of the certificate that they have from now on; None for no more.
CertificateIds = dict[str, str | None]


def certificates(
    scope: Scope, session: Session, entered: Sequence[tuple[Participant, ParticipantStatus]], now: datetime
) -> tuple[CertificateIds, list[Write]]:
    """For attendance that is entered: up to three writes a person.

    ConditionFailed when a certificate changed since it was read.
    """
    came = [one for one, status in entered if status == ParticipantStatus.ATTENDED and not one.certificate_id]
    ids, writes = _issued(scope, session, came, now) if came else ({}, [])
    for participant, status in entered:
        if status != ParticipantStatus.ATTENDED and participant.certificate_id:
            pk = holder_pk(participant.org_id, participant.member_id)
            writes += revoke.writes_of(pk, participant.certificate_id, now)
            ids[participant.member_id] = None
    return ids, writes


def _issued(
    scope: Scope, session: Session, came: Sequence[Participant], now: datetime
) -> tuple[CertificateIds, list[Write]]:
    training = training_of(scope.org, session.training_id)
    if not training.certificate:
        return {}, []
    org = org_of(scope.msp_id, scope.org)
    members = members_store.members_by_id(scope.org, [one.member_id for one in came])
    completed = Completed(f"training/{training.training_id}", training.title, to_instant(session.starts_utc))
    issued = [issue.to_member(org, member, completed, now) for member in members.values()]
    return {one.member_id: one.certificate_id for one in issued}, issue.writes(issued)
