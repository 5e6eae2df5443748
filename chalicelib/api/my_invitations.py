"""HTTP: the caller's own invitations."""

from chalicelib.core.text import one_line
from chalicelib.people.invitations import my_invitations
from chalicelib.people.invitations.schemas import AcceptForm, Answered, MyInvitePage
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Own account", __name__)

_INVITE = "/me/invites/{invite_id}"


@routes.add("GET", "/me/invites", summary="My open invitations", answer=MyInvitePage, query=PageQuery)
def my_invites(call: Call[Empty, PageQuery]) -> MyInvitePage:
    """Those to the address that Cognito has verified as mine, in every organization."""
    return my_invitations.page(call.email, Pager.of(call), call.now)


@routes.add("POST", _INVITE + "/accept", summary="Accept an invitation", answer=Answered, body=AcceptForm)
def accept_my_invite(call: Call[AcceptForm, Empty]) -> Answered:
    """With `token`, that of the mailed link, an invitation to another address moves to mine.

    Without names, those of my account are taken.
    """
    form = call.body
    if not (form.first_name or form.last_name):
        first_name, last_name = map(one_line, call.names)
        form = form.model_copy(update={"first_name": first_name, "last_name": last_name})
    return my_invitations.accept(call.account_id, call.email, call.params["invite_id"], form, call.now)


@routes.add("POST", _INVITE + "/decline", summary="Decline an invitation", answer=Answered)
def decline_my_invite(call: Call[Empty, Empty]) -> Answered:
    return my_invitations.decline(call.account_id, call.email, call.params["invite_id"], call.now)
