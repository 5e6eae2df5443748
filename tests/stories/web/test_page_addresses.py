"""Addresses of pages as they are really opened: with what tools, mails and hands add to them."""

import re
from urllib.parse import urljoin

import pytest

from chalicelib.people.invitations import tokens
from chalicelib.web import routing
from chalicelib.web.routing import ROUTES
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining

_NUMBER = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")
_LINKS = re.compile(r'(?:action|href)="([^"]*)"')

ADDED = ["utm_source=newsletter", "fbclid=IwAR0x", "gclid=1", "lang=de", "utm_source=a&utm_source=b"]


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


def _pages(joining: Joining) -> list[str]:
    token, _ = joining.invited("ann@example.com")
    paths = sorted({route.path for route in ROUTES if route.is_page and route.method == "GET"})
    return [path.replace("{token}", token).replace("{slug}", SLUG) for path in paths]


@pytest.mark.parametrize("query", ADDED)
def test_what_link_decorators_add_is_ignored_on_every_kind_of_page(joining: Joining, query: str) -> None:
    request = joining.request_code("bob@example.com")
    for path in [*_pages(joining), f"/join/{SLUG}/verify?request={request}"]:
        plain = joining.world.get(path)
        decorated = joining.world.get(path + ("&" if "?" in path else "?") + query)
        assert decorated.status == plain.status, path
        # Forms carry a number of their own.
        assert _NUMBER.sub("", decorated.text) == _NUMBER.sub("", plain.text), path


def test_a_parameter_of_a_page_that_is_wrong_means_nothing_to_it(joining: Joining) -> None:
    for path in _pages(joining):
        for behind in ("?request=" + "x" * 99, "?request=a&request=b"):
            assert joining.world.get(path + behind).status == joining.world.get(path).status, path


def test_a_form_works_on_a_page_with_added_parameters(joining: Joining) -> None:
    form = {"email": "ann@example.com", "group_id": joining.group, "location_id": joining.location}
    assert joining.world.submit(f"/join/{SLUG}?utm_source=newsletter", form).status == 303


def test_fields_that_a_form_filler_adds_are_ignored(joining: Joining) -> None:
    assert joining.ask("ann@example.com", _autofill="x").status == 303


def test_the_api_still_refuses_parameters_that_it_does_not_know(joining: Joining) -> None:
    assert joining.world.get(f"/orgs/{joining.org}/members?utm_source=x", joining.admin).status == 422


@pytest.mark.parametrize(("path", "leads_to"), [
    (f"/join/{SLUG}/", f"/dev/join/{SLUG}"),
    ("/guide/", "/dev/guide"),
    (f"/join/{SLUG}/verify/?request=a~b&utm_source=x%26y", f"/dev/join/{SLUG}/verify?request=a~b&utm_source=x%26y"),
])  # fmt: skip
def test_a_slash_at_the_end_leads_to_the_page_itself(joining: Joining, path: str, leads_to: str) -> None:
    answer = joining.world.get(path)
    assert answer.status == 308
    address = f"https://training.example.com/dev{path}"
    assert urljoin(address, answer.headers["location"]) == f"https://training.example.com{leads_to}"


def test_a_form_sent_to_an_address_with_a_slash_is_sent_on(joining: Joining) -> None:
    # 308: the browser sends the same form again.
    assert joining.world.submit(f"/join/{SLUG}/", {"email": "ann@example.com"}).status == 308
    assert joining.world.get(f"/orgs/{joining.org}/members", joining.admin).json["items"] == []


def test_links_and_forms_of_every_page_begin_at_the_root(joining: Joining) -> None:
    for path in _pages(joining):
        links = _LINKS.findall(joining.world.get(path).text)
        # The other addresses are whole, or parts of the page.
        assert [link for link in links if not link.startswith(("/dev/", "http", "#", "data:"))] == [], path


@pytest.mark.parametrize(
    "behind", [".", ")", ">", ",", ";", "!", ").", '"', "]", "\u201d", "%3E", "%29"],
)  # fmt: skip
def test_what_stands_behind_a_pasted_link_is_taken_off(joining: Joining, behind: str) -> None:
    token, _ = joining.invited("ann@example.com")
    page = joining.world.get(f"/invites/{token}{behind}")
    assert (page.status, f'action="/dev/invites/{token}/decline"' in page.text) == (200, True)
    assert joining.world.get(f"/join/{SLUG}{behind}").status == 200


def test_a_links_secret_has_letters_and_digits_only() -> None:
    secrets = [tokens.new_secret() for _ in range(300)] + [tokens.derived_secret("x", str(n)) for n in range(300)]
    assert all(re.fullmatch(r"[0-9A-Za-z]{33}", secret) for secret in secrets)
    assert len(set(secrets)) == 600
    assert len(set("".join(secrets))) == 62


def test_every_page_that_can_be_opened_answers_head() -> None:
    from app import app

    pages = [route for route in ROUTES if route.is_page and route.method == "GET"]
    assert len(pages) >= 5
    for route in pages:
        assert app.routes[route.path]["HEAD"].view_name == app.routes[route.path]["GET"].view_name


def test_head_answers_as_get_without_a_body(joining: Joining) -> None:
    for path in [*_pages(joining), "/health", "/openapi.json"]:
        got, head = joining.world.get(path), joining.world.request("HEAD", path)
        assert (head.status, head.headers, head.text) == (got.status, got.headers, ""), path


def test_what_is_too_long_for_a_link_is_not_searched_for_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody may ask, and 9,000 full stops before a letter took a second of ours each time."""
    lengths: list[int] = []

    class Noting:
        def sub(self, new: str, value: str) -> str:
            lengths.append(len(value))
            return behind.sub(new, value)

    behind = routing._BEHIND_A_LINK
    monkeypatch.setattr(routing, "_BEHIND_A_LINK", Noting())
    for path in ("/invites/", "/join/", "/certificates/"):
        assert world.get(path + "." * 9000 + "a").status == 404
        assert world.get(path + "." * 300 + "a").status == 404
    assert lengths
    assert max(lengths) <= 400
