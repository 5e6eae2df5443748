"""O9: a retry by who is limited to departments is for the people who are in these when it runs."""

from typing import Any

import pytest

from tests.faults.invariants import problems
from tests.stories.driver import Driver, refused
from tests.stories.firm import LATER, THEN, Firm


@pytest.fixture
def firm(driver: Driver, course: str) -> Firm:
    return Firm(driver, course)


def _retry(firm: Firm, batch: str, as_: str, *, work: bool = True) -> None:
    answer = firm.world.post(firm.path(f"/{batch}/courses/{firm.course}/retry"), as_)
    assert answer.status == 202, answer.text
    if work:
        firm.driver.work()


def _move_north(firm: Firm) -> None:
    """North, with its people, from below Sales to below Legal."""
    path = f"/orgs/{firm.org}/departments/{firm.north}"
    assert firm.world.patch(path, firm.boss, {"parent_id": firm.legal}).status == 200


def _targeting(firm: Firm, mode: str) -> dict[str, Any]:
    return {
        "all": {}, "departments": {"department_ids": [firm.sales]}, "groups": {"group_ids": [firm.group]},
        "individuals": {"member_ids": [*firm.in_sales, *firm.in_north]}, "filter": {"filter": {}},
    }[mode]  # fmt: skip


def _why(firm: Firm, member: str) -> str:
    path = f"/orgs/{firm.org}/members/{member}/explain?course_id={firm.course}"
    return str(firm.world.get(path, firm.boss).json["code"])


@pytest.mark.parametrize("mode", ["all", "departments", "groups", "individuals", "filter"])
def test_people_of_a_department_that_left_the_tree_are_not_enrolled(firm: Firm, mode: str) -> None:
    failing = [firm.in_sales[1], firm.in_north[1]]
    with refused(*failing):
        batch = firm.launch(firm.head, mode, **_targeting(firm, mode))
    assert not firm.enrolled() & set(failing)
    _move_north(firm)
    firm.world.now = firm.world.now.replace(minute=10)
    _retry(firm, batch, firm.head, work=False)
    assert _why(firm, firm.in_sales[1]) == "scheduled_for"
    assert _why(firm, firm.in_north[1]) == ("not_in_filter" if mode == "filter" else "not_in_department")
    # Each message comes twice.
    while messages := firm.world.messages():
        firm.driver.deliver(messages)
        firm.driver.deliver(messages)
    assert firm.in_sales[1] in firm.enrolled()
    assert firm.in_north[1] not in firm.enrolled()
    row = firm.driver.row(firm.org, batch, firm.course)
    assert (row["status"], row["num_failed"]) == ("enrolled", 0)
    assert _why(firm, firm.in_north[1]) == "not_in_department"
    assert problems(firm.world) == []


def test_who_moves_between_the_request_and_the_run_is_not_enrolled(firm: Firm) -> None:
    with refused(*firm.in_sales):
        batch = firm.launch(firm.head)
    _retry(firm, batch, firm.head, work=False)
    firm.move(firm.in_sales[0], firm.legal)
    firm.driver.work()
    assert firm.enrolled() == {firm.in_sales[1], *firm.in_north}


def test_a_retry_for_the_whole_organization_is_for_all_who_failed(firm: Firm) -> None:
    with refused(*firm.in_sales, *firm.in_north):
        batch = firm.launch(firm.head)
        # Of a limited retry nothing is left on the row for the next one.
        _retry(firm, batch, firm.head)
    _move_north(firm)
    _retry(firm, batch, firm.boss)
    assert firm.enrolled() == {*firm.in_sales, *firm.in_north}


def test_a_first_run_that_a_retry_begins_is_for_own_people(firm: Firm) -> None:
    driver = firm.driver
    chosen = [*firm.in_sales, *firm.in_north]
    assert firm.send(firm.head, firm.form("individuals", {"enroll_on": LATER}, member_ids=chosen)).status == 202
    driver.work()
    (batch,) = firm.batches(firm.head)
    access = f"/msp/organizations/{firm.org}/training-access"
    assert firm.world.delete(access, driver.admin).status == 204
    driver.until(THEN)
    driver.fire()
    assert driver.row(firm.org, batch, firm.course)["code"] == "org_not_ready"
    body = {"course_ids": [firm.course], "reply_to": "training@acme.example"}
    assert firm.world.put(access, driver.admin, body).status == 200
    _move_north(firm)
    _retry(firm, batch, firm.head)
    assert firm.enrolled() == set(firm.in_sales)
    assert _why(firm, firm.in_north[0]) == "not_in_department"
