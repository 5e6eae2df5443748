"""Addresses of pages as mail programs, browsers and people change them."""

import re

import pytest

from chalicelib.people.invitations import tokens
from chalicelib.web.routing import ROUTES
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining

_LINKS = re.compile(r'(?:action|href)="(/[^"]*)"')


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


def _pages(joining: Joining) -> list[str]:
    token, _ = joining.invited("ann@example.com")
    paths = sorted({route.path for route in ROUTES if route.is_page and route.method == "GET"})
    return [path.replace("{token}", token).replace("{slug}", SLUG) for path in paths]


@pytest.mark.parametrize(
    "behind", ["?utm_source=mail", "?fbclid=x&lang=de", "?lang=de&lang=en", "?request=" + "x" * 99]
)
def test_parameters_that_tools_add_change_no_page(world: World, joining: Joining, behind: str) -> None:
    for path in _pages(joining):
        plain, with_parameters = world.get(path), world.get(path + behind)
        assert with_parameters.status == plain.status, path
        assert "Please check what you entered" not in with_parameters.text


def test_a_slash_behind_an_address_is_the_same_page_and_its_buttons_lead_on(world: World, joining: Joining) -> None:
    for path in _pages(joining):
        plain, with_slash = world.get(path), world.get(path + "/")
        assert with_slash.status == plain.status, path
        assert [
            link for link in re.findall(r'(?:action|href)="([^"]*)"', with_slash.text) if link[:1] not in "/h#d"
        ] == []
        for link in _LINKS.findall(with_slash.text):
            assert link.startswith("/dev/")


def test_head_answers_as_get_without_a_body(world: World, joining: Joining) -> None:
    for path in [*_pages(joining), "/health", "/openapi.json"]:
        got, head = world.get(path), world.request("HEAD", path)
        assert (head.status, head.text) == (got.status, ""), path
        assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("behind", [".", ")", ">", ").", ",", ";", "%3E", "%29", '"', "\u201d", "]", "!"])
def test_what_stands_behind_a_pasted_link_is_taken_off(world: World, joining: Joining, behind: str) -> None:
    token, _ = joining.invited("ann@example.com")
    page = world.get(f"/invites/{token}{behind}")
    assert (page.status, f'action="/dev/invites/{token}/decline"' in page.text) == (200, True)
    assert world.get(f"/join/{SLUG}{behind}").status == 200


def test_a_links_secret_has_letters_and_digits_only() -> None:
    secrets = [tokens.new_secret() for _ in range(300)] + [tokens.derived_secret("x", str(n)) for n in range(300)]
    assert all(re.fullmatch(r"[0-9A-Za-z]{33}", secret) for secret in secrets)
    assert len(set(secrets)) == 600


def test_fields_that_a_form_filler_adds_are_ignored(world: World, joining: Joining) -> None:
    assert joining.ask("ann@example.com", _autofill="x").status == 303
