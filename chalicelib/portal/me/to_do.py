"""A learner's first page: invitations to answer, courses by due date, sessions to answer."""

from chalicelib.core.errors import Conflict, MusterError, NotFound
from chalicelib.core.text import one_line
from chalicelib.people.invitations import my_invitations
from chalicelib.people.invitations.schemas import AcceptForm, MyInvite
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.me import own
from chalicelib.portal.site_map import ACCOUNT, Pages
from chalicelib.portal.visit import Visit
from chalicelib.reporting.home import service as home
from chalicelib.training.sessions.states import ParticipantStatus
from chalicelib.web.paging import MAX_LIMIT, Walk

pages = Pages(ACCOUNT)

_INVITE = "/me/invites/{invite_id}"


@pages.get("/me")
def to_do(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_INVITE + "/accept")
def accept(visit: Visit) -> GoTo | Shown:
    """Under the names of the account. Accepting again changes nothing."""
    session = visit.session
    names = {name: one_line(str(getattr(session, name) or "")) or None for name in ("first_name", "last_name")}
    try:
        form = visit.read(AcceptForm, names)
        my_invitations.accept(visit.account_id, _email(visit), visit.params["invite_id"], form, visit.now)
    except (Conflict, NotFound) as error:
        return _page(visit, error)
    return GoTo("/me?done=accepted")


@pages.post(_INVITE + "/decline")
def decline(visit: Visit) -> GoTo | Shown:
    try:
        my_invitations.decline(visit.account_id, _email(visit), visit.params["invite_id"], visit.now)
    except (Conflict, NotFound) as error:
        return _page(visit, error)
    return GoTo("/me?done=declined")


def _page(visit: Visit, error: MusterError | None) -> Shown:
    found = home.home(visit.account_id, _email(visit), visit.now)
    # The first page of a list is the rest of it for nearly everybody: the home's own list has five.
    unanswered = [
        one
        for one in own.trainings(visit)
        if one.can_answer and one.status == ParticipantStatus.INVITED and not one.remark
    ]
    facts = {
        "home": found,
        "invites": _invites(visit),
        "unanswered": unanswered,
        "names": own.names(visit),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("me/to_do.html", facts, error.status if error else 200)


def _invites(visit: Visit) -> list[MyInvite]:
    return my_invitations.page(_email(visit), Walk(MAX_LIMIT, None), visit.now).items


def _email(visit: Visit) -> str | None:
    return visit.session.email if visit.session else None
