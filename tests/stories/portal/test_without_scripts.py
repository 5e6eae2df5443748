"""Every page without scripts: whatever can be done on it is a link or a form that leads somewhere, what moves by itself
has another way, and every post of the portal has its form on a page.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chalicelib.portal import site_map
from chalicelib.portal.rendering import TEMPLATES
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.every_page import everything, pages

_ROOT = "/dev/portal"
_VOID = {"meta", "link", "input", "br", "img", "hr", "rect"}
_FIELDS = ("input", "select", "textarea")
# What a script may say of an element that does the same without it.
_HTMX = {"hx-get", "hx-select", "hx-swap", "hx-trigger", "hx-target", "hx-include"}
# Its page says that it needs scripts, and where to read the same without.
_NEEDS_SCRIPTS = {"/try"}
# Shows components that do nothing.
_SHOWS = {"/components"}

# Posts whose forms stand on their pages in other states than those of this world: the template, and the form's address.
_SHOWN_ELSEWHERE: dict[str, tuple[str, str]] = {
    "POST /first-password": ("doors/first_password", 'portal("/first-password")'),
    "POST /me/courses/{enrollment_id}/complete": ("me/course", 'portal(base ~ "/complete")'),
    "POST /me/courses/{enrollment_id}/offer": ("me/course", 'portal(base ~ "/offer")'),
    "POST /me/courses/{enrollment_id}/start": ("me/course", 'portal(base ~ "/start")'),
    "POST /me/invites/{invite_id}/accept": ("me/to_do", 'portal("/me/invites/" ~ invite.invite_id ~ "/accept")'),
    "POST /me/invites/{invite_id}/decline": ("me/to_do", 'portal("/me/invites/" ~ invite.invite_id ~ "/decline")'),
    "POST /me/library": ("me/library", 'portal("/me/library")'),
    "POST /msp/admins/{account_id}/remove": ("msp/remove_admin", "link(path)"),
    "POST /msp/organizations/{org_id}/open": ("msp/organization", 'link(base ~ "/open")'),
    "POST /msp/rollouts/{rollout_id}/retry": ("msp/rollout", 'link(path ~ "/retry")'),
    "POST /msp/training/enrollment/{draft_id}/launch": ("msp/enrollment/review", 'link(base ~ "/launch")'),
    "POST /msp/training/{org_id}/{batch_id}/cancel": ("msp/cancel", "link(path)"),
    "POST /orgs/{org_id}/exports": ("orgs/activity", 'link(base ~ "/exports")'),
    "POST /orgs/{org_id}/learners/chosen": ("orgs/member", 'link(base ~ "/learners/chosen")'),
    "POST /orgs/{org_id}/learning/{member_id}/offers/{offer_id}": (
        "org_training/learning", 'link(own ~ "/offers/" ~ one.offer_id)',
    ),
    "POST /orgs/{org_id}/training/enrollment/{draft_id}/launch": (
        "trainings/enroll/launch", 'link(at ~ "/launch")',
    ),
    "POST /orgs/{org_id}/training/{batch_id}/cancel": ("org_training/ask", "link(path)"),
    "POST /orgs/{org_id}/trainings/{training_id}/participants/{member_id}/move": (
        "trainings/person", 'link(here ~ "/move")',
    ),
    "POST /orgs/{org_id}/trainings/{training_id}/participants/{member_id}/result": (
        "trainings/person", 'link(here ~ "/result")',
    ),
    "POST /orgs/{org_id}/trainings/{training_id}/sessions/{session_id}/attendance": (
        "trainings/attendance", "link(path, by=by, cursor=cursor)",
    ),
}  # fmt: skip


@dataclass
class _Form:
    action: str
    method: str
    num_buttons: int = 0


@dataclass
class _Read(HTMLParser):
    """What on a page needs a script; `actions` and `links` are where it leads."""

    html: str
    wrong: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    forms: list[_Form] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    refresh: str = ""
    polled: str = ""
    copied: list[str] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._inside: list[str] = []
        self.feed(self.html)
        if self.polled and not self.refresh.endswith(f"url={self.polled}"):
            self.wrong.append(f"asks for {self.polled} by a script alone, not {self.refresh!r}")
        self.wrong += [f"{one} can be copied by a script alone" for one in self.copied if one not in self.by_hand]
        self.wrong += [f"a form without a button: {one.action}" for one in self.forms if not one.num_buttons]
        self.links += [one.action for one in self.forms if one.method == "get"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        shown = self.get_starttag_text() or ""
        self.ids.add(given.get("id", ""))
        self._moves(tag, given, shown)
        if tag == "form":
            self.forms.append(_Form(given["action"], given.get("method", "get")))
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "button":
            self._button(given, shown)
        elif tag in _FIELDS:
            if "readonly" in given:
                self.by_hand.add(given.get("id", ""))
            elif "form" not in self._inside and given.get("type") != "hidden":
                self.wrong.append(f"a field outside of forms: {shown}")
        elif tag == "meta" and given.get("http-equiv") == "refresh" and "noscript" in self._inside:
            self.refresh = given["content"]
        if tag not in _VOID:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def _moves(self, tag: str, given: dict[str, str], shown: str) -> None:
        scripted = {name for name in given if name.startswith(("hx-", "data-hx-", "on"))}
        if not scripted:
            if "hidden" in given and "data-copy" not in given:
                self.wrong.append(f"comes by a script alone: {shown}")
        elif given.get("id") == "live":
            self.polled = given["hx-get"]
        elif (
            not scripted <= _HTMX
            or given.get("hx-get") not in (given.get("formaction"), given.get("href"), "")
            or tag not in ("button", "a", "form")
        ):
            self.wrong.append(f"acts by a script alone: {shown}")

    def _button(self, given: dict[str, str], shown: str) -> None:
        kind = given.get("type", "submit")
        if "data-copy" in given:
            self.copied.append(given["data-copy"])
            if "hidden" not in given or kind != "button":
                self.wrong.append(f"does nothing without scripts: {shown}")
        elif kind != "submit" or "form" not in self._inside:
            self.wrong.append(f"does nothing without scripts: {shown}")
        else:
            self.forms[-1].num_buttons += 1
            if "formaction" in given:
                self.links.append(given["formaction"])


@pytest.mark.parametrize(
    "spoiled",
    [
        '<button>Save</button>',
        '<form method="post" action="/x"><button type="button">Save</button></form>',
        '<form method="post" action="/x"><input name="a"></form>',
        '<input name="a">',
        '<p hidden>Only later</p>',
        '<div hx-get="/x">News</div>',
        '<div onclick="go()">Go</div>',
        '<form method="post" action="/x"><button hx-post="/x">Save</button></form>',
        '<form method="post" action="/x"><button formaction="/y" hx-get="/x">Look</button></form>',
        '<button type="button" data-copy="text" hidden>Copy</button><p id="text">Text</p>',
        '<button type="button" data-copy="text">Copy</button><input id="text" readonly>',
        '<div id="live" hx-get="/x?looks=1" hx-trigger="load delay:2s">News</div>',
        '<noscript><meta http-equiv="refresh" content="5;url=/y"></noscript><div id="live" hx-get="/x">News</div>',
    ],
)  # fmt: skip
def test_what_needs_a_script_is_noticed(spoiled: str) -> None:
    assert _Read(spoiled).wrong != []


@pytest.mark.parametrize(
    "sound",
    [
        '<form method="post" action="/x"><input name="a"><button>Save</button></form>',
        '<button type="button" data-copy="text" hidden>Copy</button><input id="text" readonly>',
        '<noscript><meta http-equiv="refresh" content="5;url=/x"></noscript><div id="live" hx-get="/x">News</div>',
    ],
)  # fmt: skip
def test_what_works_without_is_not(sound: str) -> None:
    assert _Read(sound).wrong == []


@pytest.mark.parametrize(
    "lost",
    [
        '<a href="#nothing">x</a>', '<a href="">x</a>', '<a href="/dev/portal/no/such">x</a>',
        '<a href="javascript:go()">x</a>', '<form method="post" action="/dev/portal/no"><button></form>',
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_noticed(lost: str) -> None:
    assert _leads_nowhere(_Read(lost)) != []


def _page_at(method: str, address: str) -> site_map.PortalPage | None:
    path = urlsplit(address).path.removeprefix(_ROOT) or "/"
    found = site_map.find(method, path)
    return found[0] if found else None


def _leads_nowhere(read: _Read) -> list[str]:
    """Links and forms of ours whose address no page has."""
    lost = [f"POST {one.action}" for one in read.forms if one.method == "post" and not _page_at("POST", one.action)]
    for link in read.links:
        if link.startswith("#"):
            lost += [link] if link[1:] not in read.ids else []
        elif (
            (urlsplit(link).path.startswith(_ROOT) and "/assets/" not in link and not _page_at("GET", link))
            or link in ("", "#")
            or link.startswith("javascript:")
        ):
            lost.append(link)
    return lost


def test_every_page_does_all_that_it_does_without_scripts(world: World, driver: Driver, course: str) -> None:
    made = everything(world, driver, course)
    browser = Browser(world).has_session_of(made.admin)
    guest = Browser(world)
    wrong: dict[str, list[str]] = {}
    formed: set[str] = set()
    for page in pages("GET"):
        if page.path in _SHOWS:
            continue
        for visitor in (browser, guest) if page.needs == site_map.EVERYBODY else (browser,):
            answer = visitor.request("GET", made.address(page))
            if answer.status != 200 or "text/html" not in answer.headers["content-type"]:
                continue
            read = _Read(answer.text)
            found = _leads_nowhere(read)
            if page.path not in _NEEDS_SCRIPTS:
                found += read.wrong
            if found:
                wrong[page.path] = found
            posts = [_page_at("POST", one.action) for one in read.forms if one.method == "post"]
            formed |= {post.name for post in posts if post}
    assert wrong == {}
    without = {page.name for page in pages("POST")} - formed
    assert sorted(without) == sorted(_SHOWN_ELSEWHERE)


@pytest.mark.parametrize(("name", "address"), _SHOWN_ELSEWHERE.values(), ids=_SHOWN_ELSEWHERE)
def test_what_this_world_does_not_show_is_a_form_too(name: str, address: str) -> None:
    source = (TEMPLATES / f"{name}.html").read_text(encoding="utf-8")
    forms = [f'<form method="post" action="{{{{ {address} }}}}"', f"act({address},", f"confirm({address},"]
    assert any(form in source for form in forms)


def _templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("file", _templates(), ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_what_loads_itself_anew_does_so_without_scripts_too(file: Path) -> None:
    """At the same address, also in states that the world of this file does not show."""
    source = file.read_text(encoding="utf-8")
    regions = re.findall(r"call region\((.+)\) %}", source)
    assert re.findall(r"{{ refresh\((.+)\) }}", source) == regions
    if "hx-" in source:
        assert file.name in ("live.html", "join_page.html")
