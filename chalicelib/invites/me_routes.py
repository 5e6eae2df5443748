"""HTTP: the caller's own invitations."""

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.http import Call, Empty, Routes
from chalicelib.core.paging import PageQuery, Pager
from chalicelib.invites.answering import Account, Invited
from chalicelib.invites.schemas import AcceptForm, Answered, MyInvitePage
from chalicelib.wiring import wiring

routes = Routes("Own account", __name__)

_INVITE = "/me/invites/{invite_id}"


@routes.add("GET", "/me/invites", summary="My open invitations", answer=MyInvitePage, query=PageQuery)
def my_invites(call: Call[Empty, PageQuery]) -> MyInvitePage:
    """Those to the address that Cognito has verified as mine, in every organization."""
    return wiring().own_invites.page(call.email, Pager.of(call), call.now)


@routes.add("POST", _INVITE + "/accept", summary="Accept an invitation", answer=Answered, body=AcceptForm)
def accept_my_invite(call: Call[AcceptForm, Empty]) -> Answered:
    """With `token`, that of the mailed link, an invitation to another address moves to mine."""
    account = _account(call.account_id, call.email)
    invited = _invited(call.params["invite_id"], account, call.body.token, call)
    names = (call.body.first_name or "", call.body.last_name or "")
    return wiring().answers.accept(invited, account, call.now, *names)


@routes.add("POST", _INVITE + "/decline", summary="Decline an invitation", answer=Answered)
def decline_my_invite(call: Call[Empty, Empty]) -> Answered:
    account = _account(call.account_id, call.email)
    return wiring().answers.decline(_invited(call.params["invite_id"], account, None, call), call.now)


def _account(account_id: str, email: str | None) -> Account:
    if email is None:
        raise Conflict("no_address", "Your account has no confirmed e-mail address.")
    return Account(account_id, email)


def _invited(
    invite_id: str, account: Account, token: str | None, call: Call[AcceptForm, Empty] | Call[Empty, Empty]
) -> Invited:
    org_id, _, member_id = invite_id.partition(".")
    if not member_id:
        raise NotFound("There is no such invitation")
    return wiring().answers.of_account(org_id, member_id, account, token, call.now)
