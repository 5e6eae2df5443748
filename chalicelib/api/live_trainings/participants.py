"""HTTP: the participants of a live training, their attendance and results."""

from typing import Any

from chalicelib.people.members import service as directory
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.training.sessions import participant_changes, participants
from chalicelib.training.sessions.attendance import enter_many
from chalicelib.training.sessions.participant_schemas import (
    AttendanceForm,
    AttendanceOut,
    MemberTrainingPage,
    ParticipantOut,
    ParticipantPage,
    ParticipantPatch,
    ParticipantsQuery,
)
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Live trainings", __name__, needs=Permission.RESULTS)

_TRAINING = "/orgs/{org_id}/trainings/{training_id}"
_PARTICIPANT = _TRAINING + "/participants/{member_id}"


@routes.add("GET", _TRAINING + "/participants", summary="Who is in a live training", answer=ParticipantPage, query=ParticipantsQuery, needs=Permission.TRAINING_READ, limited=True)  # fmt: skip  # noqa: E501
def list_participants(call: Call[Empty, ParticipantsQuery]) -> ParticipantPage:
    """Those who were invited through Muster. Who looks after some departments sees their people."""
    scope = access.org_or_departments(call.account_id, call.params["org_id"], Permission.TRAINING_READ)
    return participants.page(scope, call.params["training_id"], call.query, Pager.of(call))


@routes.add("GET", "/orgs/{org_id}/members/{member_id}/trainings", summary="A member's live trainings", answer=MemberTrainingPage, query=PageQuery, needs=Permission.TRAINING_READ, limited=True)  # fmt: skip  # noqa: E501
def member_trainings(call: Call[Empty, PageQuery]) -> MemberTrainingPage:
    """With why each is there, the answer, the mail about it, attendance and result; cancelled ones too."""
    scope, member_id = _scope(call, Permission.TRAINING_READ), call.params["member_id"]
    status = directory.member(scope, member_id, call.now).status
    return participants.of_member(scope, member_id, status, Pager.of(call))


@routes.add("PATCH", _PARTICIPANT, summary="Move a participant, or enter a result", body=ParticipantPatch, answer=ParticipantOut, limited=True)  # fmt: skip  # noqa: E501
def change_participant(call: Call[ParticipantPatch, Empty]) -> ParticipantOut:
    """Another `session_id` needs the permission to enroll people, too."""
    scope = _scope(call, Permission.RESULTS)
    if call.body.session_id:
        scope = _scope(call, Permission.TRAININGS)
    return participant_changes.change(scope, call.params["training_id"], call.params["member_id"], call.body, call.now)


@routes.add("POST", _PARTICIPANT + "/cancel", summary="Cancel a participant", answer=ParticipantOut, idempotent=True, needs=Permission.TRAININGS, limited=True)  # fmt: skip  # noqa: E501
def cancel_participant(call: Call[Empty, Empty]) -> ParticipantOut:
    """The place goes to the first in line; the calendar entry is taken out."""
    scope = _scope(call, Permission.TRAININGS)
    training_id, member_id = call.params["training_id"], call.params["member_id"]
    return idempotent(
        call, ParticipantOut, lambda _: participant_changes.cancel(scope, training_id, member_id, call.now)
    )


@routes.add(
    "POST", _TRAINING + "/sessions/{session_id}/attendance", summary="Enter who was there", body=AttendanceForm,
    answer=AttendanceOut, idempotent=True, limited=True,
)  # fmt: skip
def enter_attendance(call: Call[AttendanceForm, Empty]) -> AttendanceOut:
    """From the session's start on, up to 1,000 people at once; each has a line in the answer.

    Who looks after some departments enters it for their people.
    """
    scope = access.org_or_departments(call.account_id, call.params["org_id"], Permission.RESULTS)
    training_id, session_id = call.params["training_id"], call.params["session_id"]
    return idempotent(
        call,
        AttendanceOut,
        lambda _: enter_many.enter(scope, training_id, session_id, call.body, call.now),
    )


def _scope(call: Call[Any, Any], permission: Permission) -> Scope:
    org_id = call.params["org_id"]
    path = directory.department_path_of(org_id, call.params["member_id"])
    return access.org(call.account_id, org_id, permission, path)
