"""Launches that are refused: the answer names field and code, and nothing is written."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.gateway import Answer
from tests.harness import World
from tests.stories.driver import LAUNCH, Driver

Form = dict[str, Any]


class Scene:
    """Two clients that are ready, one that is not, and things that belong elsewhere."""

    def __init__(self, world: World, driver: Driver, course: str) -> None:
        self.course = course
        self.more_courses = [f"01COURSE{index:03d}" for index in range(51)]
        self.org, self.second = driver.clients(course, "Acme", "Bolt")
        self.unready = world.org(driver.msp, "Cedar", ready=False)
        self.group = world.group(self.org)
        self.foreign_group = world.group(self.second)
        stranger = world.msp("Southwind")
        self.foreign_org = world.org(stranger, "Dune")
        self.foreign_course = world.course(stranger, "Not in this library")


@pytest.fixture
def scene(world: World, driver: Driver, course: str) -> Scene:
    return Scene(world, driver, course)


def _fields(answer: Answer) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in answer.json.get("errors", [])}


def _course(scene: Scene, **dates: Any) -> list[Form]:
    return [{"course_id": scene.course, **dates}]


# By name: what is wrong with the form, and the fields and codes that the answer names. The time is 2027-01-04.
WRONG: dict[str, tuple[Callable[[Scene], Form], set[tuple[str, str]]]] = {
    "no organization": (lambda _: {"org_ids": []}, {("org_ids", "wrong_number")}),
    "26 organizations": (
        lambda _: {"org_ids": [f"01ORG{index:02d}" for index in range(26)]},
        {("org_ids", "wrong_number")},
    ),
    "an organization twice": (lambda scene: {"org_ids": [scene.org, scene.org]}, {("org_ids.1", "repeated")}),
    "an unknown organization": (lambda scene: {"org_ids": [scene.org, "01NOBODY"]}, {("org_ids.1", "unknown")}),
    "another MSP's organization": (lambda scene: {"org_ids": [scene.foreign_org]}, {("org_ids.0", "unknown")}),
    "a client that is not ready": (
        lambda scene: {"org_ids": [scene.org, scene.unready]},
        {("org_ids.1", "org_not_ready")},
    ),
    "an id with another's separator": (
        lambda scene: {"org_ids": [f"{scene.org}#x"]},
        {("org_ids.0", "string_pattern_mismatch")},
    ),
    "no course": (lambda _: {"courses": []}, {("courses", "wrong_number")}),
    "51 courses": (
        lambda scene: {"courses": [{"course_id": course} for course in scene.more_courses]},
        {("courses", "wrong_number")},
    ),
    "a course twice": (lambda scene: {"courses": _course(scene) * 2}, {("courses.1", "repeated")}),
    "an unknown course": (lambda _: {"courses": [{"course_id": "01NONE"}]}, {("courses.0.course_id", "unknown")}),
    "another MSP's course": (
        lambda scene: {"courses": [{"course_id": scene.foreign_course}]},
        {("courses.0.course_id", "unknown")},
    ),
    "a course without id": (lambda _: {"courses": [{}]}, {("courses.0.course_id", "required")}),
    "groups with two clients": (
        lambda scene: {
            "org_ids": [scene.org, scene.second],
            "targeting": {"mode": "groups", "group_ids": [scene.group]},
        },
        {("targeting.group_ids", "groups_need_one_org")},
    ),
    "all but groups with two clients": (
        lambda scene: {
            "org_ids": [scene.org, scene.second],
            "targeting": {"mode": "exclude_groups", "group_ids": [scene.group]},
        },
        {("targeting.group_ids", "groups_need_one_org")},
    ),
    "another client's group": (
        lambda scene: {"targeting": {"mode": "groups", "group_ids": [scene.group, scene.foreign_group]}},
        {("targeting.group_ids.1", "unknown")},
    ),
    "an unknown group": (
        lambda _: {"targeting": {"mode": "exclude_groups", "group_ids": ["01NONE"]}},
        {("targeting.group_ids.0", "unknown")},
    ),
    "groups without any": (lambda _: {"targeting": {"mode": "groups"}}, {("targeting", "value_error")}),
    "an enroll-on date in the past": (
        lambda scene: {"courses": _course(scene, enroll_on="2027-01-03")},
        {("courses.0.enroll_on", "in_the_past")},
    ),
    "a due date before enroll-on": (
        lambda scene: {"courses": _course(scene, enroll_on="2027-02-10", due_by="2027-02-09")},
        {("courses.0.due_by", "not_after_enroll")},
    ),
    "a due date on enroll-on": (
        lambda scene: {"courses": _course(scene, enroll_on="2027-02-10", due_by="2027-02-10")},
        {("courses.0.due_by", "not_after_enroll")},
    ),
    "a due date of today for now": (
        lambda scene: {"courses": _course(scene, due_by="2027-01-04")},
        {("courses.0.due_by", "not_after_enroll")},
    ),
    "a due date past every calendar": (
        lambda scene: {"courses": _course(scene, due_by="9999-12-31")},
        {("courses.0.due_by", "less_than_equal")},
    ),
    "a day that does not exist": (
        lambda scene: {"courses": _course(scene, enroll_on="2027-02-29")},
        {("courses.0.enroll_on", "date_parsing")},
    ),
    "dates beside a preset": (
        lambda scene: {
            "courses": _course(scene, enroll_on="2027-02-10", due_by="2027-02-20"),
            "schedule": {"preset": "all_immediate"},
        },
        {("courses.0.enroll_on", "dates_beside_preset"), ("courses.0.due_by", "dates_beside_preset")},
    ),
    "a stagger without a start": (
        lambda _: {"schedule": {"preset": "monthly_stagger"}},
        {("schedule", "value_error")},
    ),
    "a stagger from the past": (
        lambda _: {"schedule": {"preset": "monthly_stagger", "start_on": "2027-01-03"}},
        {("schedule.start_on", "in_the_past")},
    ),
    "a preset that there is not": (
        lambda _: {"schedule": {"preset": "weekly"}},
        {("schedule.preset", "literal_error")},
    ),
    "a plan that nobody made": (lambda _: {"plan_id": "01PLAN"}, {("plan_id", "unknown_plan")}),
    "an unknown field": (lambda _: {"colour": "red"}, {("colour", "unknown_field")}),
    "an unknown field within": (
        lambda scene: {"courses": _course(scene, seats=3)},
        {("courses.0.seats", "unknown_field")},
    ),
    "no name": (lambda _: {"name": None}, {("name", "string_type")}),
    "a blank name": (lambda _: {"name": " \t"}, {("name", "string_pattern_mismatch")}),
    "a name of two lines": (lambda _: {"name": "a\nb"}, {("name", "string_pattern_mismatch")}),
    "a name of 201 characters": (lambda _: {"name": "x" * 201}, {("name", "string_too_long")}),
    "a number for a list": (lambda _: {"org_ids": 7}, {("org_ids", "list_type")}),
    "numbers for ids": (lambda _: {"org_ids": [7]}, {("org_ids.0", "string_type")}),
    "words for a switch": (lambda _: {"reenroll_completed": "yes"}, {("reenroll_completed", "bool_type")}),
    "not a number": (
        lambda _: {"schedule": {"preset": "all_immediate", "days_to_complete": float("nan")}},
        {("schedule.days_to_complete", "int_type")},
    ),
    "an infinite number": (
        lambda _: {"schedule": {"preset": "all_immediate", "days_to_complete": float("inf")}},
        {("schedule.days_to_complete", "int_type")},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_form_is_refused_with_its_fields_and_nothing_is_written(
    driver: Driver, scene: Scene, name: str
) -> None:
    change, fields = WRONG[name]
    before = driver.everything()
    answer = driver.send({**driver.form([scene.org], [scene.course]), **change(scene)})
    assert (answer.status, answer.json["code"]) == (422, "invalid")
    assert answer.headers["content-type"] == "application/problem+json"
    assert _fields(answer) == fields
    assert all(error["message"].endswith(".") for error in answer.json["errors"])
    assert driver.everything() == before
    assert driver.world.messages() == []


def test_everything_that_is_wrong_is_named_at_once(driver: Driver, scene: Scene) -> None:
    answer = driver.send(
        driver.form(
            ["01NOBODY", scene.unready],
            [{"course_id": "01NONE"}, {"course_id": scene.course, "enroll_on": "2027-01-03"}],
        )
    )
    assert _fields(answer) == {
        ("org_ids.0", "unknown"),
        ("org_ids.1", "org_not_ready"),
        ("courses.0.course_id", "unknown"),
        ("courses.1.enroll_on", "in_the_past"),
    }


def test_a_client_that_is_not_ready_is_refused_with_what_it_lacks(driver: Driver, scene: Scene) -> None:
    answer = driver.send(driver.form([scene.unready], [scene.course]))
    assert answer.json["errors"][0]["message"] == "Cedar is not ready for training. Missing: courses, reply-to address."


def test_a_form_that_was_refused_can_be_corrected_under_the_same_key(driver: Driver, scene: Scene) -> None:
    assert driver.send(driver.form([scene.unready], [scene.course]), "one key").status == 422
    assert driver.send(driver.form([scene.org], [scene.course]), "one key").status == 202


@pytest.mark.parametrize(
    ("headers", "code"),
    [({}, "required"), ({"Idempotency-Key": ""}, "invalid_key"), ({"Idempotency-Key": "x" * 256}, "invalid_key")],
)
def test_a_launch_needs_an_idempotency_key(driver: Driver, scene: Scene, headers: dict[str, str], code: str) -> None:
    before = driver.everything()
    answer = driver.world.post(LAUNCH, driver.admin, driver.form([scene.org], [scene.course]), headers=headers)
    assert (answer.status, _fields(answer)) == (422, {("Idempotency-Key", code)})
    assert driver.everything() == before


# ---------------------------------------------------------------- what is no form at all

UNREADABLE: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "body_missing"),
    "blanks": (b" \n", 400, "body_missing"),
    "no JSON": (b"name=Q1", 400, "unreadable_json"),
    "half of a form": (b'{"name": "Q1", "org_ids": [', 400, "unreadable_json"),
    "bytes that are no text": (b'{"name": "\xff\xfe"}', 400, "unreadable_json"),
    "half of a character": (rb'{"name": "\ud800"}', 400, "unreadable_json"),
    "a depth without end": (b"[" * 100_000, 400, "unreadable_json"),
    "an array": (b"[1, 2]", 422, "invalid"),
    "a word": (b'"launch"', 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "2 MB": (json.dumps({"name": "x" * 2_000_000}).encode(), 413, "body_too_large"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_that_is_no_form_is_refused_and_nothing_is_written(driver: Driver, name: str) -> None:
    raw, status, code = UNREADABLE[name]
    before = driver.everything()
    answer = driver.world.request("POST", LAUNCH, as_=driver.admin, raw=raw, headers={"Idempotency-Key": "k"})
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert len(answer.text) < 1000
    assert driver.everything() == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_of_another_kind_is_refused(driver: Driver, scene: Scene, kind: str) -> None:
    before = driver.everything()
    headers = {"Idempotency-Key": "k", "Content-Type": kind}
    answer = driver.world.post(LAUNCH, driver.admin, driver.form([scene.org], [scene.course]), headers=headers)
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    assert driver.everything() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_method_that_the_path_does_not_have_is_refused(world: World, method: str) -> None:
    from app import app

    # API Gateway answers such a request itself; this is what the application would say.
    context = {"resourcePath": LAUNCH, "httpMethod": method, "identity": {"sourceIp": "127.0.0.1"}}
    event = {
        "resource": LAUNCH, "path": LAUNCH, "httpMethod": method, "requestContext": context, "stageVariables": None,
        "multiValueQueryStringParameters": None, "pathParameters": None, "body": None, "headers": {},
        "isBase64Encoded": False,
    }  # fmt: skip
    answer = app(event, SimpleNamespace(aws_request_id="test", function_name="api"))
    assert answer["statusCode"] == 405
    assert json.loads(answer["body"])["code"] == "method_not_allowed"
