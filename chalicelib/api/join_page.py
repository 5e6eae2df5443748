"""The join page and the guide. GET shows; only POST acts."""

from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.core.settings import portal_url
from chalicelib.people.join_page import join_pages
from chalicelib.people.join_page.guide import guide_facts
from chalicelib.people.join_page.schemas import JoinForm, VerifyForm, VerifyQuery
from chalicelib.web.html import HtmlPage, Redirect, page
from chalicelib.web.routing import FORM, HTML, Call, Empty, Routes

if TYPE_CHECKING:
    from chalicelib.people.invitations.page_state import PageState

routes = Routes("Join page", __name__)

_TEMPLATES = Path(__file__).parent / "templates"
_JOIN = "/join/{slug}"


@routes.add("GET", _JOIN, summary="The organization's join page", answer=None, public=True, content_type=HTML)
def show_join_page(call: Call[Empty, Empty]) -> HtmlPage:
    """404 when it is off, or the organization has no subscription or no group."""
    return _page(join_pages.form(call.params["slug"], call.source, call.now))


@routes.add(
    "POST", _JOIN, summary="Ask to join: mails a code to the address", answer=None, body=JoinForm, takes=FORM,
    public=True, content_type=HTML,
)  # fmt: skip
def ask_to_join(call: Call[JoinForm, Empty]) -> HtmlPage | Redirect:
    """The same answer whether or not the address is known here."""
    return _answer(join_pages.ask(call.params["slug"], call.body, call.source, call.now))


@routes.add(
    "GET", _JOIN + "/verify", summary="Where the mailed code is entered", answer=None, query=VerifyQuery, public=True,
    content_type=HTML,
)  # fmt: skip
def show_verify(call: Call[Empty, VerifyQuery]) -> HtmlPage:
    return _page(join_pages.code_form(call.params["slug"], call.query.request, call.source, call.now))


@routes.add(
    "POST", _JOIN + "/verify", summary="Enter the mailed code", answer=None, body=VerifyForm, takes=FORM, public=True,
    content_type=HTML,
)  # fmt: skip
def verify(call: Call[VerifyForm, Empty]) -> HtmlPage | Redirect:
    """Leads to the invitation; five tries, then one starts anew."""
    return _answer(join_pages.confirm(call.params["slug"], call.body, call.source, call.now))


@routes.add(
    "GET", _JOIN + "/joined", summary="For those who have joined already", answer=None, public=True, content_type=HTML
)  # fmt: skip
def show_joined(call: Call[Empty, Empty]) -> HtmlPage:
    return _page(join_pages.joined(call.params["slug"], call.source, call.now))


@routes.add("GET", "/guide", summary="How accepting an invitation looks", answer=None, public=True, content_type=HTML)
def show_guide(call: Call[Empty, Empty]) -> HtmlPage:
    """With pictures to download."""
    return page(_TEMPLATES, "guide.html", guide_facts())


def _answer(result: "PageState | Redirect") -> HtmlPage | Redirect:
    return result if isinstance(result, Redirect) else _page(result)


def _page(state: "PageState") -> HtmlPage:
    return page(
        _TEMPLATES,
        f"{state.name}.html",
        {"front_url": portal_url(), **state.facts},
        state.status,
        state.retry_after,
    )
