"""The pages of an invitation. GET shows; only POST acts, so that a mail scanner cannot use a link up (B7).

Each POST answers with a redirect to a page that GET shows, or with its form and what is wrong.
"""

from contextlib import suppress
from pathlib import Path

from chalicelib.core.errors import Conflict
from chalicelib.core.settings import portal_url
from chalicelib.people.invitations import accept_decline, accept_pages, links
from chalicelib.people.invitations.accept_pages import Answer
from chalicelib.people.invitations.schemas import AnswerForm, AnswerQuery, NoFields
from chalicelib.web.html import HtmlPage, Redirect, page
from chalicelib.web.routing import FORM, HTML, Call, Empty, Routes

routes = Routes("Invitation pages", __name__)

_TEMPLATES = Path(__file__).parent / "templates"
_INVITE = "/invites/{token}"


@routes.add("GET", _INVITE, summary="The invitation, as its link shows it", answer=None, public=True, content_type=HTML)
def show_invite(call: Call[Empty, Empty]) -> HtmlPage | Redirect:
    """Never changes anything. 404 for a link that does not work, or no more."""
    return _page(accept_pages.invitation(call.params["token"], call.now))


def _step(name: str, summary: str, done: str) -> None:
    """A step's page, and its button."""

    def show(call: Call[Empty, AnswerQuery]) -> HtmlPage | Redirect:
        form = AnswerForm(**call.query.model_dump())
        return _page(accept_pages.show(name, call.params["token"], form, call.now))

    def press(call: Call[AnswerForm, Empty]) -> HtmlPage | Redirect:
        return _page(accept_pages.press(name, call.params["token"], call.body, call.source, call.now))

    show.__name__, press.__name__ = f"show_{name}_step", f"press_{name}_step"
    show.__doc__ = "Leads to the invitation's own page when there is nothing left to answer."
    press.__doc__ = "Leads on to the next page; pressed twice, to the same."
    path = f"{_INVITE}/{name}"
    routes.add("GET", path, summary=summary, answer=None, query=AnswerQuery, public=True, content_type=HTML)(show)
    routes.add("POST", path, summary=done, answer=None, body=AnswerForm, takes=FORM, public=True, content_type=HTML)(
        press
    )


_step("accept", "Where one logs in or registers to accept", "Accept: log in or register")
_step("confirm", "Where the code of a registration is entered", "Confirm the registration and accept")
_step("finish", "Whether the invitation moves, and one's name", "Say so, and accept")
_step("password", "Where a first password is replaced", "Replace a first password, and accept")
_step("forgot", "Where one asks for another password", "Have a code mailed for another password")
_step("reset", "Where another password is set", "Set another password by the code, and accept")


@routes.add(
    "GET", _INVITE + "/decline", summary="Leads to the invitation", answer=None, public=True, content_type=HTML
)  # fmt: skip
def show_decline(call: Call[Empty, Empty]) -> Redirect:
    """So that the address of a button can be opened."""
    return Redirect(f"/invites/{call.params['token']}")


@routes.add(
    "POST", _INVITE + "/decline", summary="Decline the invitation", answer=None, body=NoFields, takes=FORM,
    public=True, content_type=HTML,
)  # fmt: skip
def decline_invite(call: Call[NoFields, Empty]) -> Redirect:
    # Where it was answered otherwise, the page says how.
    with suppress(Conflict):
        accept_decline.decline(links.load(call.params["token"], call.now), call.now)
    return Redirect(f"/invites/{call.params['token']}")


@routes.add(
    "GET", _INVITE + "/renew", summary="That a fresh link was mailed", answer=None, public=True, content_type=HTML
)  # fmt: skip
def show_renewed(call: Call[Empty, Empty]) -> HtmlPage | Redirect:
    view = links.renewed(call.params["token"], call.now)
    if view is None:
        return Redirect(f"/invites/{call.params['token']}")
    facts = {"organization": view.org.name, "email": view.member.email, "front_url": portal_url()}
    return page(_TEMPLATES, "renewed.html", facts)


@routes.add(
    "POST", _INVITE + "/renew", summary="Mail a fresh link to the same address", answer=None, body=NoFields,
    takes=FORM, public=True, content_type=HTML,
)  # fmt: skip
def renew_invite(call: Call[NoFields, Empty]) -> Redirect:
    """Of an expired link only; at most five mails an hour for one invitation."""
    token = call.params["token"]
    if links.renewed(token, call.now) is None:
        links.renew(token, call.source, call.now)
    return Redirect(f"/invites/{token}/renew")


def _page(answer: Answer) -> HtmlPage | Redirect:
    if isinstance(answer, Redirect):
        return answer
    facts = {"front_url": portal_url(), **answer.facts}
    return page(_TEMPLATES, f"{answer.name}.html", facts, answer.status, answer.retry_after)
