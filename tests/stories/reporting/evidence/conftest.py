"""The client of the tests of evidence."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.reporting.evidence.packs import anchor


@pytest.fixture
def org(world: World, driver: Driver) -> str:
    """A client with a completed course and its certificate, and a trail of five entries, anchored two days ago."""
    course = world.course(driver.msp, "Spotting Phishing", certificate=True)
    org = world.org(driver.msp, "Büro & Söhne", courses=[course])
    account, _ = world.learner(org, first_name="Zoë", last_name="Ødegård", email="zoe@acme.example")
    world.member(org, first_name="=1+1", last_name="Lee")
    driver.launch(org, [course])
    (enrollment,) = world.get("/me/courses", account).json["items"]
    for step in ("start", "complete"):
        assert world.post(f"/me/courses/{enrollment['enrollment_id']}/{step}", account).status == 200
    for number in range(4):
        assert world.post(f"/orgs/{org}/groups", driver.admin, {"name": f"Group {number}"}).status == 201
    anchor(driver)
    return org
