"""Complaint 7, and pages that ask for ever: what loads itself anew while something runs asks less and less often, not
while nobody looks, goes on after a failed answer, and stops. In a real browser whose clock the test moves.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from chalicelib.portal import assets
from infra import pages
from infra.packaging import ROOT
from tests.e2e.browser import DESKTOP, chromium
from tests.harness import NOW, World
from tests.patience import SILENCE
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.portal.served import Served

_HOUR = 3600

# htmx tells of each request that really goes off, and of each answer.
_NOTED = """
window.sent = []; window.answered = [];
document.addEventListener('htmx:beforeSend', () => window.sent.push(Date.now()));
document.addEventListener('htmx:afterRequest', () => window.answered.push(Date.now()));
"""


class Watched(Served):
    """A page in a window whose time stands still until the test moves it."""

    is_broken = False

    def _answer(self, route: Route) -> None:
        if self.is_broken:
            route.fulfill(status=503, body="")
        else:
            super()._answer(route)

    def waits(self, seconds: int) -> list[int]:
        """While so much time goes by: the seconds before each request, since the page or the answer before it came."""
        opened = self._times("Date.now()")
        for _ in range(seconds):
            self.window.clock.run_for(1000)
            self.answered()
        since = [opened, *self._times("window.answered")]
        return [int(sent - before) // 1000 for sent, before in zip(self._times("window.sent"), since, strict=False)]

    def is_quiet(self, seconds: int) -> bool:
        before = self._times("window.sent")
        self.window.clock.run_for(seconds * 1000)
        return bool(self._times("window.sent") == before)

    def look(self, *, away: bool) -> None:
        self.window.evaluate(
            """(away) => {
              Object.defineProperty(document, 'hidden', { configurable: true, get: () => away });
              document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
            }""",
            away,
        )

    def answered(self) -> None:
        self.window.wait_for_function("() => window.answered.length === window.sent.length")

    def _times(self, what: str) -> Any:
        return self.window.evaluate(f"() => {what}")


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """With htmx, which is put beside our own files while packaging."""
    folder = copytree(assets.FOLDER, tmp_path / "static")
    scripts = pages.scripts(ROOT / ".muster" / "packages")
    (folder / "htmx.js").write_bytes((scripts / "django_htmx/static/django_htmx/htmx-2.min.js").read_bytes())
    monkeypatch.setattr(assets, "FOLDER", folder)
    assets._names.cache_clear()
    with chromium() as started:
        context = started.new_context(viewport=DESKTOP, locale="en-GB")  # type: ignore[arg-type]
        context.set_default_timeout(SILENCE * 1000)
        page = context.new_page()
        page.clock.install(time=NOW)
        page.clock.pause_at(NOW + timedelta(minutes=1))
        page.add_init_script(_NOTED)
        yield page
        context.close()
    assets._names.cache_clear()


@pytest.fixture
def running(world: World, driver: Driver, course: str) -> str:
    """The page of a rollout whose jobs wait for the test."""
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    return f"/msp/rollouts/{driver.send(driver.form([org], [course])).json['rollout_id']}"


@pytest.fixture
def watched(world: World, driver: Driver, window: Page) -> Watched:
    return Watched(window, Browser(world).has_session_of(driver.admin))


def test_a_page_asks_less_and_less_often_and_then_lets_its_reader_ask(watched: Watched, running: str) -> None:
    watched.open(running)
    waits = watched.waits(60)
    assert waits[:6] == [2, 2, 2, 2, 2, 3]
    assert waits == sorted(waits)
    assert waits[-1] > 3
    # Some 15 minutes later: the last looks, and then none.
    watched.open(f"{running}?looks=78")
    assert watched.waits(45) == [15, 15]
    assert watched.is_quiet(_HOUR)
    assert "This is taking longer than usual." in watched.window.inner_text("#live")
    assert watched.window.get_by_role("link", name="Check again").count() == 1


def test_a_page_asks_no_more_once_all_is_done(driver: Driver, watched: Watched, running: str) -> None:
    watched.open(running)
    driver.work()
    assert watched.waits(5) == [2]
    assert "1 of 1 enrollments done" in watched.window.inner_text("#live")
    assert watched.window.get_attribute("#live", "aria-busy") == "false"
    assert watched.is_quiet(_HOUR)


def test_a_hidden_tab_asks_for_nothing_and_at_once_when_it_is_looked_at(
    driver: Driver, watched: Watched, running: str
) -> None:
    watched.open(running)
    watched.look(away=True)
    assert watched.is_quiet(600)
    driver.work()
    watched.look(away=False)
    watched.answered()
    assert "1 of 1 enrollments done" in watched.window.inner_text("#live")
    assert watched.is_quiet(_HOUR)


def test_a_failed_answer_is_asked_for_again(driver: Driver, watched: Watched, running: str) -> None:
    watched.open(running)
    watched.is_broken = True
    assert watched.waits(20) == [2, 15]
    watched.is_broken = False
    driver.work()
    watched.waits(16)
    assert "1 of 1 enrollments done" in watched.window.inner_text("#live")
    assert watched.is_quiet(_HOUR)


def test_when_the_session_has_ended_the_page_says_so(watched: Watched, running: str) -> None:
    watched.open(running)
    watched.browser.cookies = {}
    with watched.window.expect_navigation():
        watched.window.clock.run_for(2000)
    assert watched.window.inner_text("h1") == "Log in"
