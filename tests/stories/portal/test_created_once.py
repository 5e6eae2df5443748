"""Back to a form that has created something, and its button once more: a second one of the same is never made without
saying so. What has names of its own refuses them anyway; of trainings and sessions there may be two alike.
"""

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, Page


def test_a_second_training_or_session_of_the_same_is_asked_for(world: World, driver: Driver) -> None:
    org = world.org(driver.msp)
    browser, base = Browser(world).has_session_of(driver.admin), f"/orgs/{org}/trainings"

    def number() -> int:
        return len(world.get(at, driver.admin).json["items"])

    times = {"starts_at": "2027-02-01T09:00", "ends_at": "2027-02-01T10:30", "place": "Room 1"}

    def filled_in(**fields: str) -> Page:
        # The page that Back shows has a form id of its own.
        form = next(one for one in browser.open(f"{at}/new").forms if one.action.endswith("/new"))
        return browser.send(form, **fields)

    at = base
    for typed, again, other in (
        ({"title": "First aid"}, "same_title", {"title": "Second aid"}),
        (times, "same_time", {**times, "place": "Room 2"}),
    ):
        made = filled_in(**typed).address
        assert "created" in made
        page = filled_in(**typed)
        assert page.status == 409
        assert "confirm that" in page.text
        assert number() == 1
        form = next(one for one in page.forms if one.action.endswith("/new"))
        assert "created" in browser.send(form, **{again: "yes"}).address
        assert number() == 2
        assert "created" in filled_in(**other).address
        assert number() == 3
        at = made.split("/portal")[1].partition("?")[0] + "/sessions"
