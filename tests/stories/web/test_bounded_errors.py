"""Answers of errors have a bound: 100 wrong fields are named, the others counted. What they say is no Python."""

import json
from typing import Any

import pytest

from chalicelib.core.errors import MAX_ERRORS
from chalicelib.web import routing
from chalicelib.web.routing import JSON, ROUTES
from tests.gateway import Answer
from tests.harness import World

# Far below the 6 MB that a function may answer.
MAX_ANSWER = 100_000


@pytest.fixture
def admin(world: World) -> str:
    return world.msp_admin(world.msp())


def _check(answer: Answer, num_wrong: int) -> None:
    assert answer.status == 422, answer.text[:500]
    assert len(answer.text) < MAX_ANSWER
    assert len(answer.json["errors"]) == MAX_ERRORS
    assert answer.json["num_more_errors"] == num_wrong - MAX_ERRORS
    assert f"({num_wrong - 1} more)" in answer.json["detail"]


def _launch(world: World, admin: str, **fields: Any) -> Answer:
    body = {"name": "B", "org_ids": [], "courses": [{"course_id": "c"}], **fields}
    raw = json.dumps(body, separators=(",", ":")).encode()
    assert len(raw) <= 1_000_000
    return world.post("/msp/training/enrollment", admin, raw=raw, headers={"Idempotency-Key": "k"})


def test_950_kb_of_wrong_ids_are_answered_with_100_errors(world: World, admin: str) -> None:
    """Issue 10, 19: 22.9 MB of errors."""
    _check(_launch(world, admin, org_ids=["#"] * 237_000), 237_000)


def test_950_kb_of_numbers_are_answered_with_100_errors(world: World, admin: str) -> None:
    """Issue 10, 19: 46.9 MB in 6.9 s."""
    _check(_launch(world, admin, org_ids=[1] * 475_000), 475_000)


def test_one_id_given_a_hundred_thousand_times_is_answered_with_100_errors(world: World, admin: str) -> None:
    # Each but the first is a repetition, and there are too many.
    _check(_launch(world, admin, org_ids=["a"] * 100_000), 100_000)


def test_fields_that_nobody_knows_are_bounded_on_every_route(world: World, admin: str) -> None:
    import app  # noqa: F401  (registers the routes)

    unknown = {f"field_{number}": 1 for number in range(3 * MAX_ERRORS)}
    routes = [route for route in ROUTES if route.body is not None and route.takes == JSON]
    assert len(routes) > 30
    for route in routes:
        path = route.path
        for part in path.split("/"):
            path = path.replace(part, "some-id") if part.startswith("{") else path
        answer = world.request(route.method, path, as_=admin, body=unknown)
        assert answer.status == 422, f"{route.name}: {answer.text[:300]}"
        assert len(answer.json["errors"]) == MAX_ERRORS, route.name
        assert answer.json["num_more_errors"] >= 2 * MAX_ERRORS, route.name
    answer = world.get("/msp/organizations?" + "&".join(f"{name}=1" for name in unknown), admin)
    assert len(answer.json["errors"]) == MAX_ERRORS


def test_a_name_of_half_a_megabyte_is_not_repeated_a_hundred_times(world: World, admin: str) -> None:
    org = world.org(world.msp(), courses=[])
    answer = world.request(
        "PATCH", f"/orgs/{org}/members/m", as_=admin, body={"n" * 500_000: 1, "fields": {"x" * 300_000: 1}}
    )
    assert answer.status == 422
    assert len(answer.text) < MAX_ANSWER


def test_a_choice_that_there_is_not_is_answered_with_the_choices_as_they_are_written(world: World, admin: str) -> None:
    """Issue 10, 22: enum errors show no Python."""
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    org = world.org(msp, courses=[])
    role = world.post(f"/orgs/{org}/admins", admin, {"email": "a@b.example", "role": "king"})
    status = world.get(f"/orgs/{org}/members?status=gone", admin)
    mode = _launch(world, admin, targeting={"mode": "some"})
    for answer, choices in (
        (role, "org_admin, department_admin, custom"),
        (status, "prospect, pending, active, declined, cancelled, archived"),
        (mode, "all, groups, exclude_groups, group_names"),
    ):
        message = answer.json["errors"][0]["message"]
        assert message == f"This must be one of: {choices}."


def test_a_page_that_is_more_than_a_function_may_answer_says_to_ask_for_fewer(world: World, admin: str) -> None:
    """Issue 10, 19, for what is found: 100 people with 30 long profile fields were 10 MB in Lambda's letters, a 502."""
    msp = world.get("/me", admin).json["roles"][0]["msp_id"]
    org = world.org(msp, courses=[])
    for _ in range(80):
        world.member(org, fields={f"field {number}": "\u8a9e" * 500 for number in range(30)})
    path = f"/orgs/{org}/members"
    for answer in (world.get(f"{path}?limit=80", admin), world.post(f"{path}/search?limit=80", admin, {})):
        assert (answer.status, answer.json["errors"][0]["code"]) == (422, "answer_too_large")
        assert len(answer.text) < MAX_ANSWER
    fewer = world.get(f"{path}?limit=40", admin)
    assert len(fewer.json["items"]) == 40
    assert len(json.dumps(fewer.text)) <= routing.MAX_ANSWER
    second = world.get(f"{path}?limit=40&cursor={fewer.json['next_cursor']}", admin)
    assert len(second.json["items"]) == 40
