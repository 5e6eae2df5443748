"""A second press that comes while the first is still being answered: it shows what came of the first (issue 10, 2)."""

from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest

from chalicelib.portal import dispatch
from chalicelib.tenants.structure import service as structure
from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser

# Nobody waits as long when all is well.
_AT_MOST = 300.0


@pytest.fixture(autouse=True)
def _real_wait() -> Iterator[None]:
    before = dispatch.wait[0]
    yield
    dispatch.wait[0] = before


def test_a_press_within_the_first_shows_what_came_of_it(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = world.org(driver.msp)
    create, second_waits, first_is_done = structure.create_group, Event(), Event()
    answers: list[Answer] = []
    form = [("form_id", "one form"), ("name", "Finance")]

    def press() -> None:
        answers.append(Browser(world).has_session_of(driver.admin).request("POST", f"/orgs/{org}/groups", form))

    def slow(*given: Any) -> Any:
        Thread(target=press, daemon=True).start()
        assert second_waits.wait(_AT_MOST)
        return create(*given)

    def wait(_: float) -> None:
        second_waits.set()
        assert first_is_done.wait(_AT_MOST)

    dispatch.wait[0] = wait
    monkeypatch.setattr(structure, "create_group", slow)
    first = Browser(world).has_session_of(driver.admin).request("POST", f"/orgs/{org}/groups", form)
    first_is_done.set()
    while not answers:
        assert second_waits.wait(_AT_MOST)
    assert first.status == 303
    assert (answers[0].status, answers[0].headers["location"]) == (303, first.headers["location"])
    assert [group["name"] for group in world.get(f"/orgs/{org}/groups", driver.admin).json["items"]] == ["Finance"]


def test_who_waits_in_vain_is_told_to_try_again(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    org = world.org(driver.msp)
    browser = Browser(world).has_session_of(driver.admin)
    form = [("form_id", "one form"), ("name", "Finance")]
    looks: list[float] = []
    dispatch.wait[0] = looks.append
    inner: list[Answer] = []

    def stuck(*given: Any) -> Any:
        inner.append(browser.request("POST", f"/orgs/{org}/groups", form))
        raise RuntimeError

    monkeypatch.setattr(structure, "create_group", stuck)
    browser.request("POST", f"/orgs/{org}/groups", form)
    assert (inner[0].status, inner[0].headers["retry-after"]) == (409, "2")
    assert "still being processed" in inner[0].text
    assert 5 <= sum(looks) < 29
