"""O9: who is limited to departments counts, reminds, dates and withdraws their own people only, as they are now."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.settings import settings
from chalicelib.training.batches import visibility
from tests.faults.invariants import problems
from tests.stories.driver import Driver
from tests.stories.firm import Firm
from tests.stories.mailbox import Mailbox
from tests.stories.portal.browser import Browser

DUE = "2027-01-20"


@pytest.fixture
def firm(driver: Driver, course: str) -> Firm:
    return Firm(driver, course)


def _row(firm: Firm, batch: str, as_: str) -> dict[str, Any]:
    (row,) = firm.world.get(firm.path(f"/{batch}"), as_).json["courses"]
    return dict(row)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    return {name: number for name, number in row.items() if name.startswith("num_")}


def _listed(firm: Firm, batch: str, as_: str) -> list[dict[str, Any]]:
    return firm.world.every(firm.path(f"/{batch}/courses/{firm.course}/learners"), as_)


def _counted(learners: list[dict[str, Any]]) -> dict[str, int]:
    """The numbers of a row, from its list of learners."""
    outcomes, statuses = (Counter(one[name] for one in learners) for name in ("outcome", "status"))
    return {
        "num_targeted": len(learners), "num_enrolled": outcomes["enrolled"],
        "num_already_enrolled": outcomes["already_enrolled"], "num_skipped": outcomes["already_completed"],
        "num_failed": outcomes["failed"], "num_withdrawn": outcomes["withdrawn"],
        "num_started": statuses["in_progress"] + statuses["completed"], "num_completed": statuses["completed"],
        "num_overdue": sum(bool(one.get("overdue")) for one in learners),
    }  # fmt: skip


def _with_everything(firm: Firm) -> tuple[str, list[str]]:
    """A batch for Sales and North in which each number is above zero, and its people: two in each department."""
    world, driver = firm.world, firm.driver
    names = ("started", "completed", "had", "late")
    people = {name: world.learner(firm.org, department_id=firm.sales) for name in names}
    before = firm.launch(firm.head, "individuals", member_ids=[people["had"][1], firm.in_sales[0]])
    world.post(f"/me/courses/{firm.org}.{people['had'][1]}.{firm.course}/start", people["had"][0])
    world.post(f"/me/courses/{firm.org}.{people['had'][1]}.{firm.course}/complete", people["had"][0])
    access = {"course_ids": [firm.course], "reply_to": "training@acme.example", "seats": {firm.course: 7}}
    assert world.put(f"/msp/organizations/{firm.org}/training-access", driver.admin, access).status == 200
    batch = firm.launch(firm.head, course={"due_by": DUE})
    assert batch != before
    for name in ("started", "completed"):
        account, member = people[name]
        world.post(f"/me/courses/{firm.org}.{member}.{firm.course}/start", account)
    account, member = people["completed"]
    world.post(f"/me/courses/{firm.org}.{member}.{firm.course}/complete", account)
    gone = next(one for one in _listed(firm, batch, firm.boss) if one["status"] == "enrolled")["member_id"]
    path = f"/orgs/{firm.org}/members/{gone}/enrollments/{firm.org}.{gone}.{firm.course}"
    assert world.delete(path, firm.boss).status == 204
    driver.until("2027-01-25T12:00:00")
    return batch, [*firm.in_sales, *firm.in_north, *(member for _, member in people.values())]


def test_the_numbers_are_those_of_the_learners_who_are_listed(firm: Firm) -> None:
    batch, people = _with_everything(firm)
    of_all = _numbers(_row(firm, batch, firm.boss))
    assert 0 not in of_all.values(), of_all
    assert _numbers(_row(firm, batch, firm.head)) == of_all == _counted(_listed(firm, batch, firm.boss))
    # People leave one by one, and their department with the last two.
    for member in people[4:]:
        firm.move(member, firm.legal)
        seen = _numbers(_row(firm, batch, firm.head))
        assert seen == _counted(_listed(firm, batch, firm.head)) != of_all
    moved = firm.world.patch(f"/orgs/{firm.org}/departments/{firm.north}", firm.boss, {"parent_id": firm.legal})
    assert moved.status == 200
    assert _numbers(_row(firm, batch, firm.head)) == _counted(_listed(firm, batch, firm.head))
    assert _numbers(_row(firm, batch, firm.head))["num_targeted"] == 2
    assert _numbers(_row(firm, batch, firm.boss)) == of_all
    # An answer to a change has the same numbers as the page.
    path = firm.path(f"/{batch}/courses/{firm.course}")
    changed = firm.world.patch(path, firm.head, {"due_by": "2027-03-01"})
    assert changed.status == 200, changed.text
    assert _numbers(changed.json)["num_targeted"] == 2


@pytest.mark.parametrize("limits", ["looked up", "by the roster"])
def test_many_people_are_found_in_the_roster(firm: Firm, monkeypatch: pytest.MonkeyPatch, limits: str) -> None:
    if limits == "by the roster":
        monkeypatch.setattr(visibility, "_MAX_LOOKED_UP", 1)
    monkeypatch.setattr(visibility, "_PER_READ", 2)
    batch = firm.launch(firm.head)
    firm.move(firm.in_north[0], firm.legal)
    assert _numbers(_row(firm, batch, firm.head)) == _counted(_listed(firm, batch, firm.head))
    assert _row(firm, batch, firm.head)["num_enrolled"] == 3


def test_more_learners_than_a_request_looks_at_are_not_counted(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = firm.launch(firm.head)
    monkeypatch.setattr(visibility, "MAX_COUNTED", 3)
    assert set(_numbers(_row(firm, batch, firm.head)).values()) == {None}
    browser = Browser(firm.world).has_session_of(firm.head)
    page = browser.open(firm.path(f"/{batch}"))
    assert "too many to count here" in page.text
    assert "for up to 3 enrollments" in page.text
    assert browser.follow("Reports").heading == "Reports"
    # The question before an undo says no number that is not known, and a reminder can be sent.
    assert "Your people who have not started will be withdrawn." in browser.open(firm.path(f"/{batch}/undo")).text
    browser.open(firm.path(f"/{batch}"))
    assert browser.page.link(next(name for name, _ in browser.page.links if name.startswith("Remind")))
    assert _row(firm, batch, firm.boss)["num_enrolled"] == 4
    reminded = firm.world.post(firm.path(f"/{batch}/courses/{firm.course}/remind"), firm.head)
    assert (reminded.status, reminded.json["num_not_completed"]) == (202, None)


def test_an_undo_withdraws_one_s_own_people_whenever_who_moves(firm: Firm) -> None:
    batch = firm.launch(firm.head, course={"due_by": DUE})
    firm.move(firm.in_sales[0], firm.legal)
    assert firm.world.post(firm.path(f"/{batch}/undo"), firm.head).status == 202
    firm.driver.past_grace()
    (start,) = [message for message in firm.driver.world.messages() if message["job"] == "change"] or [None]
    if start is not None:
        firm.driver.deliver([start])
    chunks = [message for message in firm.driver.world.messages() if message["job"] == "change_chunk"]
    firm.driver.deliver(chunks)
    # Who moves after the first delivery was theirs, and is counted once.
    firm.move(firm.in_north[0], firm.legal)
    firm.driver.deliver(chunks)
    firm.driver.work()
    # The numbers are of one's own people, and the second who moved is nobody's of them any more.
    for as_, num_reversed in ((firm.head, 2), (firm.boss, 3)):
        state = firm.world.get(firm.path(f"/{batch}/undo"), as_).json
        assert (state["status"], state["reversed"], state["not_reversed"]) == ("done", num_reversed, [])
    found = {one["member_id"]: one["outcome"] for one in _listed(firm, batch, firm.boss)}
    assert found == {firm.in_sales[0]: "enrolled", **dict.fromkeys([firm.in_sales[1], *firm.in_north], "withdrawn")}
    assert _row(firm, batch, firm.boss)["num_withdrawn"] == 3
    assert problems(firm.world) == []


def test_new_due_dates_are_for_one_s_own_people_and_who_left_is_reminded_of_theirs(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox(firm.world)
    monkeypatch.setenv("MAIL_FROM", mailbox.sender)
    settings.cache_clear()
    form = {**firm.form(course={"due_by": DUE}), "notifications": {"reminders": True}}
    assert firm.send(firm.head, form).status == 202
    firm.driver.work()
    (batch,) = firm.batches(firm.head)
    firm.move(firm.in_sales[0], firm.legal)
    changed = firm.world.patch(firm.path(f"/{batch}/courses/{firm.course}"), firm.head, {"due_by": "2027-03-01"})
    assert changed.status == 200, changed.text
    firm.driver.work()
    firm.driver.past_grace()
    firm.driver.sweep()
    dates = {one["member_id"]: one["due_by"] for one in _listed(firm, batch, firm.boss)}
    assert dates == {firm.in_sales[0]: DUE, **dict.fromkeys([firm.in_sales[1], *firm.in_north], "2027-03-01")}
    firm.driver.until("2027-01-19T12:00:00")
    firm.driver.sweep()
    mailbox.send()
    left = firm.world.get(f"/orgs/{firm.org}/members/{firm.in_sales[0]}", firm.boss).json["email"]
    assert {mail["To"][0] for mail in mailbox.mails()} == {left}
    assert problems(firm.world) == []


def test_a_reminder_goes_to_one_s_own_people(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = Mailbox(firm.world)
    monkeypatch.setenv("MAIL_FROM", mailbox.sender)
    settings.cache_clear()
    batch = firm.launch(firm.head)
    firm.move(firm.in_sales[0], firm.legal)
    path = firm.path(f"/{batch}/courses/{firm.course}/remind")
    reminded = firm.world.post(path, firm.head)
    assert (reminded.status, reminded.json["num_not_completed"]) == (202, 3)
    # Who moves away before the mails are made gets none either.
    firm.move(firm.in_north[0], firm.legal)
    firm.driver.work()
    mailbox.send()
    assert len(mailbox.mails()) == 2
    firm.world.now += timedelta(minutes=11)
    assert firm.world.post(path, firm.boss).json["num_not_completed"] == 4
    firm.driver.work()
    mailbox.send()
    assert len(mailbox.mails()) == 6
    for member in (firm.in_sales[1], firm.in_north[1]):
        firm.move(member, firm.legal)
    firm.world.now += timedelta(minutes=11)
    nobody = firm.world.post(path, firm.head)
    assert (nobody.status, nobody.json["code"]) == (409, "nobody_to_remind")
