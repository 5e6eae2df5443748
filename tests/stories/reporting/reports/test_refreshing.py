"""How often reports may be counted on demand: a count reads everybody, and a program can ask every minute."""

from datetime import timedelta

import pytest

from chalicelib.reporting.reports import service
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser
from tests.stories.reporting.reports.reading import read, refresh


def test_a_report_is_counted_so_often_in_a_day_and_old_numbers_all_the_same(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REFRESHES", 2)
    org = world.org(driver.msp, "Acme Industries")
    admin, other = world.org_admin(org), world.org_admin(org)
    path = f"/orgs/{org}"
    for _ in range(2):
        refresh(driver, admin, path)
        # Whoever asks within the minute uses none up.
        refresh(driver, admin, path)
        world.now += timedelta(minutes=2)
    as_of = read(world, admin, path, "courses")["as_of"]
    for who in (admin, other):
        refused = world.post(f"{path}/reports/refresh", who)
        assert (refused.status, refused.json["code"]) == (429, "too_many_counts")
        assert 0 < int(refused.headers["retry-after"]) <= 24 * 60 * 60
    assert "2 times a day" in refused.json["detail"]
    assert not world.messages()
    # The MSP's is another report, and so is that of a role which is limited to departments.
    refresh(driver, driver.admin, "/msp")
    head = world.org_admin(org, role="department_admin", department_ids=[world.department(org, "Sales")])
    refresh(driver, head, path)
    # The page says so, with its numbers.
    browser = Browser(world).has_session_of(admin)
    browser.open(f"{path}/reports")
    page = browser.press("Count again")
    assert (page.heading, "You can count reports again up to 2 times a day" in page.text) == ("Reports", True)
    # Who looks at numbers that are an hour old has them counted.
    world.now += timedelta(hours=1)
    assert read(world, admin, path, "courses")["status"] == "counting"
    driver.work()
    assert read(world, admin, path, "courses")["as_of"] > as_of
    # A day later there is room again.
    world.now += timedelta(hours=24)
    refresh(driver, admin, path)
