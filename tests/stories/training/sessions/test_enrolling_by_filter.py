"""Enrolling whoever matches a filter (O2, O5): fixed once, when the enrollment begins, and never beyond one's reach."""

import json
from typing import Any

import pytest

from chalicelib import worker
from chalicelib.people.search.search import Search
from chalicelib.training.sessions.enrolling import enroll
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def _ask(live: LiveTrainings, filter_: dict[str, Any], status: int = 202, as_: Any = None, **more: Any) -> Any:
    training, session = live.one(capacity=2, waiting_list=True)
    form = {"filter": filter_, "items": [{"training_id": training, "session_id": session}], **more}
    answer = live.world.post(f"{live.base}/enroll", as_ or live.admin, form)
    assert answer.status == status, answer.text
    return answer.json


def _rows(live: LiveTrainings, enroll_id: str) -> list[tuple[str, str]]:
    return [(row["member_id"], row["code"]) for row in live.results(enroll_id)]


def test_active_members_who_match_are_enrolled_in_their_order(live: LiveTrainings) -> None:
    sales, other = live.world.department(live.org), live.world.department(live.org)
    people = [live.person(f"p{number}@example.com", department_id=sales) for number in range(3)]
    live.person("elsewhere@example.com", department_id=other)
    live.person("pending@example.com", department_id=sales, status="pending")
    more = live.person("more@example.com")
    asked = _ask(live, {"department_ids": [sales], "also": [more], "without": [people[1]]})
    assert asked["num_people"] is None
    read = live.ask("GET", f"/enroll/{asked['enroll_id']}")
    assert (read["status"], read["num_people"], read["items"]) == ("running", None, [])
    live.driver.work()
    read = live.ask("GET", f"/enroll/{asked['enroll_id']}")
    assert (read["status"], read["num_people"], read["num_done"]) == ("done", 3, 3)
    first, second, third = sorted([people[0], people[2], more])
    assert _rows(live, asked["enroll_id"]) == [(first, "invited"), (second, "invited"), (third, "waiting")]


def test_a_filter_that_is_kept_is_looked_up_when_asked(live: LiveTrainings) -> None:
    group = live.world.group(live.org)
    ann = live.person("ann@example.com", groups=[group])
    live.person("bob@example.com")
    kept = live.world.post(
        f"/orgs/{live.org}/filters", live.admin, {"name": "Nurses", "filter": {"group_ids": [group]}}
    ).json["filter_id"]
    asked = _ask(live, {"filter_id": kept})
    assert live.world.request("DELETE", f"/orgs/{live.org}/filters/{kept}", as_=live.admin).status == 204
    live.driver.work()
    assert _rows(live, asked["enroll_id"]) == [(ann, "invited")]
    (error,) = _ask(live, {"filter_id": kept}, 422)["errors"]
    assert (error["field"], error["code"]) == ("filter.filter_id", "unknown_filter")


def test_people_are_named_or_filtered_and_not_both_nor_neither(live: LiveTrainings) -> None:
    (error,) = _ask(live, {}, 422, member_ids=["somebody"])["errors"]
    assert (error["field"], error["code"]) == ("filter", "one_of_both")
    training, session = live.one()
    items = [{"training_id": training, "session_id": session}]
    (error,) = live.ask("POST", "/enroll", {"items": items}, 422)["errors"]
    assert (error["field"], error["code"]) == ("member_ids", "required")


def test_who_looks_after_a_department_reaches_its_people_whatever_the_filter_says(live: LiveTrainings) -> None:
    mine, other = live.world.department(live.org), live.world.department(live.org)
    below = live.world.department(live.org, parent_id=mine)
    ann, eve = live.person("ann@example.com", department_id=below), live.person("eve@example.com", department_id=other)
    admin = live.world.org_admin(live.org, role="department_admin", department_ids=[mine])
    asked = _ask(live, {"department_ids": [other, mine], "also": [eve]}, as_=admin)
    live.driver.work()
    path = f"{live.base}/enroll/{asked['enroll_id']}"
    read = live.world.get(path, admin).json
    assert [(row["member_id"], row["code"]) for row in read["items"]] == [(ann, "invited")]
    # The results name people: another department's admin finds none.
    elsewhere = live.world.org_admin(live.org, role="department_admin", department_ids=[other])
    assert live.world.get(path, elsewhere).status == 404
    assert live.world.get(path, live.admin).status == 200


def test_too_many_and_nobody_are_said_so(live: LiveTrainings, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        live.person(f"p{number}@example.com")
    nobody = _ask(live, {"starts_with": {"email": "zzz"}})
    monkeypatch.setattr(enroll, "MAX_PEOPLE", 2)
    many = _ask(live, {})
    live.driver.work()
    read = live.ask("GET", f"/enroll/{nobody['enroll_id']}")
    assert (read["status"], read["num_people"], read["code"]) == ("done", 0, None)
    read = live.ask("GET", f"/enroll/{many['enroll_id']}")
    assert (read["status"], read["num_people"], read["code"], read["items"]) == ("failed", 0, "too_many_people", [])
    assert read["sentence"]
    assert read["next_step"]
    # Both are over for good.
    assert not [item for item in live.world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_the_people_are_fixed_once_whoever_joins_meanwhile_and_however_often_the_job_comes(
    live: LiveTrainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = live.person("ann@example.com")
    asked = _ask(live, {})
    (start,) = live.world.messages()
    found = Search.member_ids
    late: list[str] = []

    def slow(search: Search, *args: Any) -> Any:
        """While one delivery has read who matches, somebody joins, and another delivery fixes the people."""
        ids = list(found(search, *args))
        if not late:
            late.append(live.person("late@example.com"))
            _deliver(live, start)
        return iter(ids)

    monkeypatch.setattr(Search, "member_ids", slow)
    _deliver(live, start)
    _deliver(live, start)
    live.driver.work()
    assert _rows(live, asked["enroll_id"]) == [(ann, "invited"), (late[0], "invited")]
    live.person("later@example.com")
    _deliver(live, start)
    live.driver.work()
    assert len(_rows(live, asked["enroll_id"])) == 2


def _deliver(live: LiveTrainings, message: dict[str, Any]) -> None:
    event = {"Records": [{"messageId": "1", "body": json.dumps(message)}]}
    assert worker.work(event, lambda: live.world.now) == {"batchItemFailures": []}
