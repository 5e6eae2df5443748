"""Drafts over HTTP: the same that the wizard keeps."""

from datetime import timedelta

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser

DRAFTS = "/msp/training/drafts"


def test_a_draft_is_begun_changed_launched_and_deleted(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    once = {"headers": {"Idempotency-Key": "once"}}
    answer = world.post(DRAFTS, driver.admin, {"name": "Q1 awareness", "org_ids": [org]}, **once)
    assert answer.status == 201
    draft = answer.json
    assert world.post(DRAFTS, driver.admin, {"name": "Q1 awareness", "org_ids": [org]}, **once).json == draft
    path = f"{DRAFTS}/{draft['draft_id']}"
    changed = world.patch(path, driver.admin, {"course_ids": [course]}).json
    assert (changed["form"]["org_ids"], changed["form"]["course_ids"]) == ([org], [course])
    assert world.get(path, driver.admin).json == changed
    assert [one["draft_id"] for one in world.get(DRAFTS, driver.admin).json["items"]] == [draft["draft_id"]]
    launched = driver.send(changed["launch"])
    assert (launched.status, launched.json["results"][0]["ok"]) == (202, True)
    assert world.delete(path, driver.admin).status == 204
    assert world.get(path, driver.admin).status == 404
    assert world.delete(path, driver.admin).status == 204


def test_the_wizard_goes_on_with_a_draft_that_came_over_http(world: World, driver: Driver, course: str) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    draft = world.post(DRAFTS, driver.admin, {"name": "By program", "org_ids": [org]}).json
    browser = Browser(world).has_session_of(driver.admin)
    browser.open("/msp/training")
    assert browser.follow("Continue By program, step 2").heading == "Select courses"
    browser.press("Continue to recipients", course_id=course)
    assert world.get(f"{DRAFTS}/{draft['draft_id']}", driver.admin).json["form"]["course_ids"] == [course]


def test_drafts_come_page_by_page_and_go_after_90_days(world: World, driver: Driver) -> None:
    for name in ("One", "Two", "Three"):
        assert world.post(DRAFTS, driver.admin, {"name": name}).status == 201
        world.now += timedelta(seconds=1)
    page = world.get(f"{DRAFTS}?limit=2", driver.admin).json
    rest = world.get(f"{DRAFTS}?limit=2&cursor={page['next_cursor']}", driver.admin).json
    assert [one["form"]["name"] for one in (*page["items"], *rest["items"])] == ["Three", "Two", "One"]
    world.now += timedelta(days=90)
    assert world.get(DRAFTS, driver.admin).json["items"] == []


@pytest.mark.parametrize(
    "wrong",
    [{}, {"name": ""}, {"mode": "individuals"}, {"org_ids": ["x"] * 501}, {"plan_id": "x"}, {"start_on": "1" * 41},
     {"dates": {"c": {"enroll_at": "x"}}}, {"group_names": ["x" * 201]}],
)  # fmt: skip
def test_what_fits_into_no_draft_is_refused(world: World, driver: Driver, wrong: object) -> None:
    draft = world.post(DRAFTS, driver.admin, {"name": "Q1 awareness"}).json
    assert world.patch(f"{DRAFTS}/{draft['draft_id']}", driver.admin, wrong).status == 422
    assert world.get(f"{DRAFTS}/{draft['draft_id']}", driver.admin).json == draft


def test_the_wizard_has_the_same_limits(world: World, driver: Driver, course: str) -> None:
    """More than an item can hold is an error at its field, and none of ours."""
    orgs = driver.clients(course, "Alder", "Bolt")
    draft = world.post(DRAFTS, driver.admin, {"name": "Big", "org_ids": orgs, "course_ids": [course]}).json["draft_id"]
    browser = Browser(world).has_session_of(driver.admin)
    browser.open(f"/msp/training/enrollment/{draft}/recipients")
    names = "\r\n".join(f"{number} {'x' * 150}" for number in range(101))
    page = browser.press("Continue to the schedule", mode="group_names", group_names=names)
    assert page.status == 422
    assert page.heading == "Recipients"
    assert "This can have at most 100 entries." in page.text
    assert ("group_names", names) in page.form("Continue to the schedule").fields


def test_a_client_s_training_access_is_read_as_it_was_provisioned(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, ready=False)
    path = f"/msp/organizations/{org}/training-access"
    assert world.get(path, driver.admin).json["course_ids"] == []
    body = {"course_ids": [course], "reply_to": "it@example.com", "seats": {course: 5}}
    assert world.put(path, driver.admin, body).status == 200
    found = world.get(path, driver.admin).json
    assert {name: found[name] for name in body} == body
