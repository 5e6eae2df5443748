"""The page of an invitation to a live training. GET shows; only POST answers: no mail scanner does (B7)."""

from pathlib import Path
from typing import Any

from chalicelib.core.errors import Conflict
from chalicelib.training.sessions import answers
from chalicelib.training.sessions.answers import Answerer
from chalicelib.training.sessions.schemas import RsvpForm
from chalicelib.web.html import HtmlPage, Redirect, page
from chalicelib.web.routing import FORM, HTML, Call, Empty, Routes

routes = Routes("Invitation pages", __name__)

_TEMPLATES = Path(__file__).parent / "templates"
_RSVP = "/rsvp/{token}"


@routes.add("GET", _RSVP, summary="A session, as the link in its mail shows it", answer=None, public=True, content_type=HTML)  # fmt: skip  # noqa: E501
def show_rsvp(call: Call[Empty, Empty]) -> HtmlPage:
    """Never changes anything. 404 for a link that does not work, or no more."""
    return _page(answers.by_token(call.params["token"]), call)


@routes.add(
    "POST", _RSVP, summary="Confirm or decline", answer=None, body=RsvpForm, takes=FORM, public=True,
    content_type=HTML,
)  # fmt: skip
def answer_rsvp(call: Call[RsvpForm, Empty]) -> HtmlPage | Redirect:
    """The latest answer counts. Declining frees the place. Leads back to the page, which can then be reloaded."""
    answerer = answers.by_token(call.params["token"])
    try:
        (answers.confirm if call.body.answer == "confirm" else answers.decline)(answerer, call.now)
    except Conflict as error:
        return _page(answerer, call, error.detail, error.status)
    return Redirect(f"/rsvp/{call.params['token']}")


def _page(answerer: Answerer, call: Call[Any, Empty], error: str = "", status: int = 200) -> HtmlPage:
    view = answers.view(answerer, call.now)
    return page(_TEMPLATES, "rsvp.html", {**vars(view), "base": call.params["token"], "error": error}, status)
