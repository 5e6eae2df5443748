"""The settings of the join page: its switch, its address, and which domains may join (I7)."""

import pytest

from chalicelib.people.join_page.settings import _RESERVED
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.joining import SLUG, Joining


@pytest.fixture
def joining(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Joining:
    return Joining(world, driver, monkeypatch)


def test_a_page_that_was_never_set_up_is_off_and_says_what_it_needs(world: World, joining: Joining) -> None:
    bare = world.org(joining.driver.msp, "Bare")
    answer = world.get(f"/orgs/{bare}/join-page", joining.driver.admin)
    assert answer.status == 200
    problems = answer.json.pop("problems")
    assert answer.json == {"enabled": False, "slug": None, "allowed_domains": [], "url": None, "shown": False}
    assert [problem["code"] for problem in problems] == ["no_subscription", "no_group"]
    assert all(problem["message"] for problem in problems)


def test_the_settings_are_answered_with_the_link_to_copy_and_audited(world: World, joining: Joining) -> None:
    domains = ["Acme.com", "M\u00fcnchen.de", "acme.com", "\uff21cme.org"]
    answer = joining.set_page(allowed_domains=domains)
    assert answer.json == {
        "enabled": True,
        "slug": SLUG,
        "allowed_domains": ["acme.com", "xn--mnchen-3ya.de", "acme.org"],
        "url": f"https://muster.example/dev/join/{SLUG}",
        "shown": True,
        "problems": [],
    }
    assert joining.settings() == answer.json
    newest = world.every(f"/orgs/{joining.org}/audit", joining.admin)[0]
    assert (newest["action"], newest["before"]["allowed_domains"]) == ("join_page.changed", [])
    assert newest["after"]["allowed_domains"] == answer.json["allowed_domains"]


def test_the_same_settings_again_change_nothing(joining: Joining) -> None:
    before = joining.driver.everything()
    assert joining.set_page().status == 200
    assert joining.driver.everything() == before


def test_a_changed_address_frees_the_old_one_and_a_taken_one_is_refused(world: World, joining: Joining) -> None:
    other = world.org(joining.driver.msp, "Other", subscription="active")
    path, body = f"/orgs/{other}/join-page", {"enabled": True, "slug": SLUG}
    refused = world.put(path, joining.driver.admin, body)
    assert (refused.status, refused.json["code"]) == (409, "slug_taken")
    assert refused.json["errors"][0]["field"] == "slug"
    assert world.get(path, joining.driver.admin).json["slug"] is None
    joining.set_page(slug="acme-industries")
    assert world.get(f"/join/{SLUG}").status == 404
    assert world.get("/join/acme-industries").status == 200
    assert world.put(path, joining.driver.admin, body).status == 200
    # Nobody has a group to choose there yet.
    assert world.get(f"/join/{SLUG}").status == 404


def test_an_address_that_is_given_up_is_free_and_the_page_is_gone(world: World, joining: Joining) -> None:
    assert joining.set_page(enabled=False, slug=None).json["url"] is None
    assert world.get(f"/join/{SLUG}").status == 404
    assert [item for item in world.dump("core") if item["pk"].startswith("JOIN#")] == []


@pytest.mark.parametrize("slug", ["abc", "a-b-c", "2027", "a" * 63])
def test_an_address_has_small_letters_digits_and_hyphens_within(world: World, joining: Joining, slug: str) -> None:
    assert joining.set_page(slug=slug).status == 200
    assert world.get(f"/join/{slug}").status == 200


@pytest.mark.parametrize(
    "slug",
    [
        *("ab", "a" * 64, "-abc", "abc-", "a--b", "Acme", "acme industries", "acmé", "acme_1", "acme/x", "a.b.c", ""),
        *("acme\n", "\uff41cme", *sorted(_RESERVED)[:3], "verify"),
    ],
)
def test_other_addresses_are_refused_by_name_of_the_field(joining: Joining, slug: str) -> None:
    answer = joining.set_page(slug=slug)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "slug"), answer.text
    assert joining.settings()["slug"] == SLUG


def test_a_page_without_an_address_cannot_be_switched_on(joining: Joining) -> None:
    answer = joining.set_page(slug=None)
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "required")


@pytest.mark.parametrize(
    "domain",
    [
        *("@acme.com", "*.acme.com", ".acme.com", "acme.com..x", "acme", "ann@acme.com", "acme .com", "", "-acme.com"),
        *("acme.com/x", "acme.com\r\nx", "[127.0.0.1]", "a" * 64 + ".com", "xn--.com"),
    ],
)
def test_each_wrong_domain_is_named_by_its_place(joining: Joining, domain: str) -> None:
    answer = joining.set_page(allowed_domains=["acme.com", domain, "acme.org", "@"])
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["allowed_domains.1", "allowed_domains.3"]
    assert joining.settings()["allowed_domains"] == []


def test_there_are_a_hundred_domains_at_most(joining: Joining) -> None:
    assert joining.set_page(allowed_domains=[f"d{n}.example.com" for n in range(101)]).status == 422
    assert joining.set_page(allowed_domains=[f"d{n}.example.com" for n in range(100)]).status == 200
