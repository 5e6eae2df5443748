"""The pages of an invitation. GET shows; only POST acts, so that a mail scanner cannot use a link up (B7)."""

from pathlib import Path
from typing import Any

from chalicelib.core.settings import allowed_origin
from chalicelib.people.invitations import accept_decline, accept_pages, links
from chalicelib.people.invitations.schemas import AnswerForm, NoFields
from chalicelib.web.html import HtmlPage, page
from chalicelib.web.routing import FORM, HTML, Call, Empty, Routes

routes = Routes("Invitation pages", __name__)

_TEMPLATES = Path(__file__).parent / "templates"
_INVITE = "/invites/{token}"


@routes.add("GET", _INVITE, summary="The invitation, as its link shows it", answer=None, public=True, content_type=HTML)
def show_invite(call: Call[Empty, Empty]) -> HtmlPage:
    """Never changes anything. 404 for a link that does not work, or no more."""
    invited = links.load(call.params["token"], call.now)
    name = "expired" if invited.expired else "invitation" if invited.is_open else "closed"
    facts = {"organization": invited.org.name, "email": invited.member.email, "status": invited.member.status}
    return _page(name, {**facts, "base": call.params["token"]})


@routes.add(
    "POST", _INVITE + "/accept", summary="Accept: log in or register", answer=None, body=AnswerForm, takes=FORM,
    public=True, content_type=HTML,
)  # fmt: skip
def accept_invite(call: Call[AnswerForm, Empty]) -> HtmlPage:
    """Step by step: with an account or a new one, under the invited address or, once that is proven, another."""
    state = accept_pages.step(call.params["token"], call.body, call.source, call.now)
    return _page(state.name, {**state.facts, "base": "."}, state.status, state.retry_after)


@routes.add(
    "POST", _INVITE + "/decline", summary="Decline the invitation", answer=None, body=NoFields, takes=FORM,
    public=True, content_type=HTML,
)  # fmt: skip
def decline_invite(call: Call[NoFields, Empty]) -> HtmlPage:
    answered = accept_decline.decline(links.load(call.params["token"], call.now), call.now)
    return _page("declined", {"organization": answered.organization})


@routes.add(
    "POST", _INVITE + "/renew", summary="Mail a fresh link to the same address", answer=None, body=NoFields,
    takes=FORM, public=True, content_type=HTML,
)  # fmt: skip
def renew_invite(call: Call[NoFields, Empty]) -> HtmlPage:
    """Of an expired link only; at most five mails an hour go to one address."""
    invited = links.renew(call.params["token"], call.now)
    return _page("renewed", {"organization": invited.org.name, "email": invited.member.email})


def _page(name: str, facts: dict[str, Any], status: int = 200, retry_after: int | None = None) -> HtmlPage:
    return page(_TEMPLATES, f"{name}.html", {"front_url": allowed_origin(), **facts}, status, retry_after)
