"""HTTP: inviting by hand, sending again, withdrawing."""

from typing import Any

from chalicelib.people.invitations import invite, resend_cancel
from chalicelib.people.invitations.schemas import (
    Announcement,
    ChangedInvites,
    InviteForm,
    InvitesOut,
    MemberIds,
    ResendForm,
)
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Invitations", __name__, needs=Permission.INVITES, limited=True)

_INVITES = "/orgs/{org_id}/invites"


@routes.add(
    "POST", _INVITES, summary="Invite people by their addresses", answer=InvitesOut, body=InviteForm, status=201,
    idempotent=True,
)  # fmt: skip
def invite_people(call: Call[InviteForm, Empty]) -> InvitesOut:
    """Each address has its own answer. Who declined, was cancelled or has left is invited again."""
    scope = _scope(call)
    return idempotent(call, InvitesOut, lambda seed: invite.invite(scope, call.body, seed, call.now))


@routes.add(
    "POST",
    _INVITES + "/resend",
    summary="Send invitations again",
    answer=ChangedInvites,
    body=ResendForm,
    idempotent=True,
)
def resend(call: Call[ResendForm, Empty]) -> ChangedInvites:
    """With a new link each; links in earlier mails are dead at once."""
    scope, form = _scope(call), call.body
    return idempotent(
        call,
        ChangedInvites,
        lambda seed: resend_cancel.resend(scope, form.member_ids, form.clear_blocked, seed, call.now),
    )


@routes.add(
    "POST", _INVITES + "/cancel", summary="Withdraw invitations", answer=ChangedInvites, body=MemberIds, idempotent=True
)
def cancel(call: Call[MemberIds, Empty]) -> ChangedInvites:
    """Their links are dead at once; whoever has had the mail is told."""
    scope = _scope(call)
    return idempotent(
        call, ChangedInvites, lambda seed: resend_cancel.cancel(scope, call.body.member_ids, seed, call.now)
    )


@routes.add("GET", _INVITES + "/announcement", summary="A text to send to the people beforehand", answer=Announcement)
def announcement(call: Call[Empty, Empty]) -> Announcement:
    return invite.announcement(_scope(call))


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org_or_departments(call.account_id, call.params["org_id"], call.needs)
