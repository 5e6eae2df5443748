"""Groups' courses, roles and filters meet: what changes under a plan or a running batch; exact, with a sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.tenants.audit import log as audit
from chalicelib.training.batches import recipients
from tests.faults.invariants import problems
from tests.gateway import Answer
from tests.stories.driver import Driver
from tests.stories.firm import LATER, THEN, Firm


@pytest.fixture
def firm(driver: Driver, course: str) -> Firm:
    return Firm(driver, course)


def _why(firm: Firm, member: str, as_: str | None = None) -> tuple[str, str]:
    path = f"/orgs/{firm.org}/members/{member}/explain?course_id={firm.course}"
    found = firm.world.get(path, as_ or firm.boss)
    assert found.status == 200, found.text
    return found.json["code"], found.json["sentence"]


def _told(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["code"], answer.json["detail"]


def _later(firm: Firm, minute: int) -> None:
    firm.world.now = firm.world.now.replace(minute=minute)


# ---------------------------------------------------------------- somebody moves while a batch runs


@pytest.mark.parametrize("mode", ["all", "departments", "filter", "groups"])
def test_who_moves_while_a_batch_runs_is_enrolled_by_where_they_were_when_it_came_to_them(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    targeting: dict[str, Any] = {
        "all": {}, "departments": {"department_ids": [firm.sales]}, "filter": {"filter": {"group_ids": [firm.group]}},
        "groups": {"group_ids": [firm.group]},
    }[mode]  # fmt: skip
    people = [firm.world.member(firm.org, [firm.group], department_id=firm.sales) for _ in range(4)]
    outside = [firm.world.member(firm.org, [firm.group], department_id=firm.legal) for _ in range(2)]
    theirs = {firm.in_sales[1], firm.in_north[1]} if mode in ("filter", "groups") else {*firm.in_sales, *firm.in_north}
    monkeypatch.setattr(recipients.partition_of, "__defaults__", (2,))
    assert firm.send(firm.head, firm.form(mode, **targeting)).status == 202
    while (messages := firm.world.messages()) and messages[0]["job"] != "chunk":
        firm.driver.deliver(messages)
    # The first half of the ranges is through when two leave, one who was enrolled and one who was not, and one comes.
    half = len(messages) // 2
    firm.driver.deliver(messages[:half])
    _later(firm, 10)
    before = next(one for one in firm.enrolled() if one in theirs)
    firm.move(before, firm.legal)
    firm.move(people[-1], firm.legal)
    firm.move(outside[-1], firm.north)
    _later(firm, 20)
    firm.driver.deliver(messages[half:])
    firm.driver.work()
    assert firm.enrolled() == {*theirs, *people[:-1], outside[-1]}
    assert _why(firm, before)[0] == _why(firm, outside[-1])[0] == "enrolled"
    missed = {
        "filter": ("not_in_filter", "“Q1” was for people who matched a filter, and this person did not."),
    }.get(mode, ("not_in_department", "“Q1” was for departments that this person was not in."))
    assert _why(firm, people[-1]) == missed
    assert _why(firm, outside[0]) == missed
    (batch,) = firm.batches(firm.head)
    row = firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"][0]
    assert (row["status"], row["num_targeted"], row["num_failed"]) == ("enrolled", len(firm.enrolled()), 0)
    assert problems(firm.world) == []


def test_a_group_s_course_meets_a_batch_for_the_same_people(firm: Firm) -> None:
    """Who comes to a group while a batch for all waits for its date has the course from the group already."""
    batch = firm.launch(firm.boss, course={"enroll_on": LATER})
    with_course = firm.world.group(firm.org, "Newcomers", courses=[firm.course])
    path = f"/orgs/{firm.org}/members/{firm.nowhere}"
    assert firm.world.patch(path, firm.boss, {"group_ids": [with_course]}).status == 200
    firm.driver.work()
    assert firm.enrolled() == {firm.nowhere}
    firm.driver.until(THEN)
    firm.driver.fire()
    row = firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"][0]
    assert (row["num_enrolled"], row["num_already_enrolled"]) == (6, 1)
    explained = firm.world.get(f"{path}/explain?course_id={firm.course}", firm.boss).json
    assert (explained["decided_by"]["group_id"], explained["code"]) == (with_course, "enrolled")
    assert explained["steps"][-1]["sentence"] == (
        "“Q1” skipped this person because they were already enrolled in the course."
    )


# ---------------------------------------------------------------- a filter goes


def test_a_filter_that_goes_is_still_what_its_scheduled_batch_is_for(firm: Firm) -> None:
    form = {"name": "Finance", "filter": {"group_ids": [firm.group]}}
    kept = firm.world.post(f"/orgs/{firm.org}/filters", firm.boss, form).json["filter_id"]
    firm.launch(firm.boss, "filter", {"enroll_on": LATER}, filter={"filter_id": kept})
    assert firm.world.delete(f"/orgs/{firm.org}/filters/{kept}", firm.boss).status == 204
    theirs = {firm.in_sales[1], firm.in_north[1], firm.in_legal[1]}
    assert _why(firm, firm.in_sales[1]) == ("scheduled_for", "“Q1” will enroll this person if nothing changes.")
    planned = ("not_in_filter", "“Q1” is for people who match a filter, and this person does not.")
    assert _why(firm, firm.nowhere) == planned
    # Its group stays while the batch waits: it is what the filter said.
    refused = firm.world.delete(f"/orgs/{firm.org}/groups/{firm.group}", firm.boss)
    assert (refused.status, refused.json["used_by"]) == (409, ["members", "unfinished batches"])
    firm.driver.until(THEN)
    firm.driver.fire()
    assert firm.enrolled() == theirs
    ran = ("not_in_filter", "“Q1” was for people who matched a filter, and this person did not.")
    assert _why(firm, firm.nowhere) == ran
    gone = firm.send(firm.boss, firm.form("filter", filter={"filter_id": kept}))
    assert (gone.status, gone.json["errors"][0]["code"]) == (422, "unknown_filter")
    assert gone.json["errors"][0]["message"]


# ---------------------------------------------------------------- a role changes between preview and launch


def _remove(firm: Firm, admin: str) -> None:
    assert firm.world.delete(f"/orgs/{firm.org}/admins/{admin}", firm.boss).status == 204


def test_a_role_that_is_taken_narrowed_or_moved_after_the_preview_launches_nothing(firm: Firm) -> None:
    form = firm.form()
    permissions = ["training", "members_read"]
    made = firm.world.post(f"/orgs/{firm.org}/roles", firm.boss, {"name": "Trainer", "permissions": permissions})
    role = made.json["role_id"]
    trainer = firm.world.org_admin(firm.org, role="custom", role_id=role)
    moved = firm.head_of(firm.sales)
    plans = {who: firm.preview(who, form)["plan_id"] for who in (firm.head, trainer, moved)}

    _remove(firm, firm.head)
    changed = {"permissions": ["members_read"]}
    assert firm.world.patch(f"/orgs/{firm.org}/roles/{role}", firm.boss, changed).status == 200
    _remove(firm, moved)
    again = {"department_ids": [firm.legal]}
    firm.world.org_admin(firm.org, moved, role="department_admin", **again)

    before = firm.driver.everything()
    answers = {who: firm.send(who, {**form, "plan_id": plan}) for who, plan in plans.items()}
    assert _told(answers[firm.head])[:2] == (404, "not_found")
    assert _told(answers[trainer])[:2] == (403, "forbidden")
    assert "" not in (answers[firm.head].json["detail"], answers[trainer].json["detail"])
    (error,) = answers[moved].json["errors"]
    assert (answers[moved].status, error["field"], error["code"]) == (422, "plan_id", "unknown_plan")
    assert error["message"]
    assert firm.driver.everything() == before


def test_a_role_that_stays_what_it_was_launches_its_plan(firm: Firm) -> None:
    form = firm.form()
    plan = firm.preview(firm.head, form)["plan_id"]
    _remove(firm, firm.head)
    firm.world.org_admin(firm.org, firm.head, role="department_admin", department_ids=[firm.sales])
    assert firm.send(firm.head, {**form, "plan_id": plan}).status == 202
    firm.driver.work()
    assert firm.enrolled() == {*firm.in_sales, *firm.in_north}


# ---------------------------------------------------------------- two admins change the same thing


class Two:
    """`boss` asks; just before what they asked for is written, `other` does the same another way."""

    def __init__(self, firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
        self.firm, self._patch = firm, monkeypatch
        self.other = firm.world.org_admin(firm.org)

    def meet(self, first: Callable[[str], Answer], second: Callable[[str], Answer]) -> tuple[Answer, Answer]:
        """The answers of boss and other."""
        original, answers = audit.commit, []

        def commit(*args: Any) -> Any:
            self._patch.setattr(audit, "commit", original)
            answers.append(second(self.other))
            return original(*args)

        self._patch.setattr(audit, "commit", commit)
        asked = first(self.firm.boss)
        (other,) = answers
        assert other.status in (200, 202, 204), other.text
        return asked, other


@pytest.fixture
def two(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> Two:
    return Two(firm, monkeypatch)


def test_two_who_change_a_filter(firm: Firm, two: Two) -> None:
    form = {"name": "Ours", "filter": {"group_ids": [firm.group]}}
    kept = firm.world.post(f"/orgs/{firm.org}/filters", firm.boss, form).json["filter_id"]
    path = f"/orgs/{firm.org}/filters/{kept}"

    def put(**filter_: Any) -> Callable[[str], Answer]:
        return lambda who: firm.world.patch(path, who, {"filter": filter_})

    refused, _ = two.meet(put(department_ids=[firm.sales]), put(department_ids=[firm.legal]))
    assert _told(refused)[:2] == (409, "changed_meanwhile")
    assert refused.json["detail"]
    (item,) = firm.world.every(f"/orgs/{firm.org}/filters", firm.boss)
    assert item["filter"]["department_ids"] == [firm.legal]


@pytest.mark.parametrize("has_run", [False, True])
def test_two_who_date_a_course_anew(firm: Firm, two: Two, has_run: bool) -> None:
    batch = firm.launch(firm.boss, course={"due_by": "2027-03-01"} if has_run else {"enroll_on": LATER})
    path = firm.path(f"/{batch}/courses/{firm.course}")
    asked, _ = two.meet(
        lambda who: firm.world.patch(path, who, {"due_by": "2027-04-01"}),
        lambda who: firm.world.patch(path, who, {"due_by": "2027-05-01"}),
    )
    firm.driver.work()
    row = firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"][0]
    if asked.status == 200:
        # What had not run reads again, and the later word holds.
        assert row["due_by"] == "2027-04-01"
    else:
        assert _told(asked)[:2] == (409, "changed_meanwhile")
        assert asked.json["detail"].startswith("Someone changed this course at the same time.")
        assert row["due_by"] == "2027-05-01"
        learners = firm.world.every(f"{path}/learners", firm.boss)
        assert {one["due_by"] for one in learners} == {"2027-05-01"}
    assert (asked.status == 409) is has_run
    assert problems(firm.world) == []


def test_one_cancels_what_the_other_dates_anew(firm: Firm, two: Two) -> None:
    batch = firm.launch(firm.boss, course={"enroll_on": LATER})
    path = firm.path(f"/{batch}/courses/{firm.course}")
    asked, _ = two.meet(
        lambda who: firm.world.patch(path, who, {"enroll_on": "2027-03-01"}),
        lambda who: firm.world.post(firm.path(f"/{batch}/cancel"), who),
    )
    assert asked.status == 409, asked.text
    assert asked.json["detail"]
    row = firm.world.get(firm.path(f"/{batch}"), firm.boss).json["courses"][0]
    assert (row["status"], row["enroll_on"]) == ("cancelled", LATER)
    firm.driver.until("2027-03-01T12:00:00")
    firm.driver.fire()
    firm.driver.sweep()
    assert firm.enrolled() == set()
    assert _why(firm, firm.nowhere) == ("batch_cancelled", "“Q1” was cancelled before it got to this person.")


def test_two_who_undo_a_batch(firm: Firm, two: Two) -> None:
    batch = firm.launch(firm.boss)
    path = firm.path(f"/{batch}/undo")
    asked, _ = two.meet(lambda who: firm.world.post(path, who), lambda who: firm.world.post(path, who))
    assert asked.status == 202
    firm.driver.work()
    assert firm.world.get(path, firm.boss).json["reversed"] == 7
    entries = firm.world.every(f"/orgs/{firm.org}/audit", firm.boss)
    assert [one["action"] for one in entries].count("batch.undone") == 1
    assert _why(firm, firm.nowhere)[0] == "undone"
    assert problems(firm.world) == []


def test_two_at_one_enrollment(firm: Firm, two: Two) -> None:
    firm.launch(firm.boss, course={"due_by": "2027-03-01"})
    path = f"/orgs/{firm.org}/members/{firm.nowhere}/enrollments/{firm.org}.{firm.nowhere}.{firm.course}"

    def dated(day: str) -> Callable[[str], Answer]:
        return lambda who: firm.world.patch(path, who, {"due_by": day})

    def seen() -> dict[str, Any]:
        (one,) = firm.driver.enrollments(firm.org, firm.nowhere)
        return dict(one)

    asked, _ = two.meet(dated("2027-04-01"), dated("2027-05-01"))
    assert (asked.status, seen()["due_by"]) in ((200, "2027-04-01"), (409, "2027-05-01")), asked.text
    asked, _ = two.meet(dated("2027-06-01"), lambda who: firm.world.delete(path, who))
    assert asked.status == 409, asked.text
    assert asked.json["detail"]
    assert (seen()["status"], seen()["cancelled_by"]) == ("cancelled", "admin")
    assert problems(firm.world) == []


def test_two_who_move_one_person(firm: Firm, two: Two) -> None:
    path = f"/orgs/{firm.org}/members/{firm.nowhere}"
    asked, _ = two.meet(
        lambda who: firm.world.patch(path, who, {"department_id": firm.sales}),
        lambda who: firm.world.patch(path, who, {"fields": {"job": "Nurse"}}),
    )
    found = firm.world.get(path, firm.boss).json
    if asked.status == 200:
        assert (found["department_id"], found["fields"]) == (firm.sales, {"job": "Nurse"})
    else:
        assert asked.status == 409
        assert asked.json["detail"]
        assert (found["department_id"], found["fields"]) == (None, {"job": "Nurse"})
    assert {one["member_id"] for one in firm.world.every(f"/orgs/{firm.org}/members", firm.head)} == {
        *firm.in_sales, *firm.in_north, *([firm.nowhere] if asked.status == 200 else []),
    }  # fmt: skip
