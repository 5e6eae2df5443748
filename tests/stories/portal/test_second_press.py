"""A second press that comes while the first is still being answered: it shows what came of the first (issue 10, 2)."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from chalicelib.portal import dispatch
from chalicelib.portal.visit import key_of
from chalicelib.web import idempotency
from chalicelib.web.idempotency_store import Attempt
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser

FORM = [("form_id", "one-form"), ("name", "Finance")]


@pytest.fixture(autouse=True)
def _real_wait() -> Iterator[None]:
    before = dispatch.wait[0]
    yield
    dispatch.wait[0] = before


def _first_press(world: World, driver: Driver, org: str) -> Attempt:
    """Has begun, in another process."""
    route = f"POST /portal/orgs/{org}/groups"
    first = idempotency.attempt(driver.admin, route, key_of(FORM), urlencode(FORM).encode(), world.now)
    first.claim()
    return first


def test_a_press_within_the_first_shows_what_came_of_it(world: World, driver: Driver) -> None:
    org = world.org(driver.msp)
    first, groups = _first_press(world, driver, org), f"/orgs/{org}/groups"

    waits: list[float] = []

    def first_ends(seconds: float) -> None:
        waits.append(seconds)
        first.save_answer(world.post(groups, driver.admin, {"name": "Finance"}).text)

    dispatch.wait[0] = first_ends
    second = Browser(world).has_session_of(driver.admin).request("POST", groups, FORM)
    assert len(waits) == 1
    (group,) = world.get(groups, driver.admin).json["items"]
    assert second.status == 303, second.text
    assert second.headers["location"].endswith(f"/groups/{group['group_id']}?done=created")


def test_who_waits_in_vain_is_told_to_try_again(world: World, driver: Driver) -> None:
    org = world.org(driver.msp)
    _first_press(world, driver, org)
    looks: list[float] = []
    dispatch.wait[0] = looks.append
    second = Browser(world).has_session_of(driver.admin).request("POST", f"/orgs/{org}/groups", FORM)
    assert (second.status, second.headers.get("retry-after")) == (409, "2"), second.text
    assert "still being processed" in second.text
    assert 5 <= sum(looks) < 29
