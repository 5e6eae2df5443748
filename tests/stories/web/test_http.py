"""What all routes have in common: authentication, parsing, and the form of errors."""

import json
from html import unescape
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.web.openapi import openapi_document
from chalicelib.web.routing import JSON, ROUTES, Route
from tests import gateway
from tests.gateway import Answer
from tests.harness import World

PROBLEM_FIELDS = {"type", "title", "status", "detail", "code"}

# A body for each route that takes one, as somebody outside would send it.
BODY_BY_ROUTE: dict[str, Any] = {
    "POST /msp/organizations": {"name": "Mine", "time_zone": "Europe/Berlin"},
    "PATCH /msp/organizations/{org_id}": {"name": "Mine"},
    "PUT /msp/organizations/{org_id}/training-access": {"course_ids": ["C"], "reply_to": "a@b.example"},
    "POST /msp/admins": {"email": "a@b.example"},
    "PATCH /orgs/{org_id}": {"enroll_hour": "06:00"},
    "POST /orgs/{org_id}/admins": {"email": "a@b.example", "role": "org_admin"},
    "POST /orgs/{org_id}/groups": {"name": "Mine"},
    "PATCH /orgs/{org_id}/groups/{group_id}": {"name": "Mine"},
    "POST /orgs/{org_id}/departments": {"name": "Mine"},
    "PATCH /orgs/{org_id}/departments/{department_id}": {"name": "Mine"},
    "POST /orgs/{org_id}/locations": {"name": "Mine"},
    "PATCH /orgs/{org_id}/locations/{location_id}": {"name": "Mine"},
}
# The query of each route that can't do without.
QUERY_BY_ROUTE = {"GET /orgs/{org_id}/members/{member_id}/explain": "?course_id=C"}


def test_health_says_which_build_runs_and_that_the_table_answers(world: World) -> None:
    answer = world.get("/health")
    assert (answer.status, answer.json) == (200, {"build": "dev", "stage": "test", "table_answers": True})


def test_health_is_503_when_the_table_does_not_answer(world: World) -> None:
    def break_the_line(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://nowhere.example")

    with world.answering("dynamodb", "Query", break_the_line):
        answer = world.get("/health")
    assert (answer.status, answer.json.get("table_answers")) == (503, False), answer.text
    assert world.get("/health").status == 200


def test_the_openapi_document_names_every_route(world: World) -> None:
    """That it is valid is in tests/structure/test_routes.py."""
    document = world.get("/openapi.json").json
    assert document["paths"] == json.loads(json.dumps(openapi_document(ROUTES)["paths"]))
    named = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert named == {route.name for route in ROUTES}


def test_the_documentation_is_a_page_without_scripts_or_foreign_files(world: World) -> None:
    answer = world.get("/docs")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    for route in ROUTES:
        assert route.path in answer.text
        assert route.summary in unescape(answer.text)


def test_every_route_but_the_public_ones_wants_a_login(world: World) -> None:
    for route in ROUTES:
        if not route.public:
            assert _send(world, route, None, {}).status == 401, route.name


def test_an_access_token_is_not_an_identity(world: World) -> None:
    claims = {"sub": world.msp_admin(world.msp()), "token_use": "access"}
    answer = gateway.send("GET", "/msp/organizations", claims=claims, body=None, headers={})
    assert (answer.status, answer.json["code"]) == (403, "wrong_token")


def test_nobody_reads_or_changes_anything_of_another_tenant(world: World) -> None:
    msp = world.msp()
    course = world.course(msp)
    org = world.org(msp, courses=[course])
    admin = world.msp_admin(msp)
    mine = {
        "org_id": org,
        "course_id": course,
        "group_id": world.group(org),
        "department_id": world.department(org),
        "location_id": world.location(org),
        "member_id": world.member(org),
        "account_id": world.org_admin(org),
    }
    other = world.msp("Other")
    strangers = [world.account(), world.org_admin(world.org(other)), world.learner(world.org(other))[0]]
    strangers.append(world.msp_admin(other))
    # Reached by names in the path: what the strangers may reach by their own roles is theirs.
    routes = [route for route in ROUTES if "{" in route.path and set(_names(route.path)) <= set(mine)]
    routes = [route for route in routes if route.body is None or route.name in BODY_BY_ROUTE]
    # Files are asked for by their kind before anything else; tests/stories/tenants/access/test_tenants.py sends one.
    routes = [route for route in routes if route.takes == JSON]
    assert len(routes) >= 20
    before = world.dump("core")
    for route in routes:
        for stranger in strangers:
            answer = _send(world, route, stranger, mine)
            assert answer.status in (403, 404), f"{route.name}: {answer.status}"
            assert answer.status == 404 or route.path.startswith("/msp/"), route.name
            assert set(answer.json) == PROBLEM_FIELDS
            assert not any(thing in answer.text for thing in mine.values()), route.name
    assert world.dump("core") == before
    assert _send(world, next(r for r in routes if r.name == "GET /orgs/{org_id}"), admin, mine).status == 200


def test_an_unknown_path_or_method_is_a_problem(world: World) -> None:
    assert world.get("/nowhere").status == 404
    assert world.put("/msp/organizations", world.account(), {}).status == 404


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "unreadable_json"),
        (b"\xff\xfe", 400, "unreadable_json"),
        (b"", 400, "body_missing"),
        (b"   ", 400, "body_missing"),
        (b"[]", 422, "invalid"),
        (b'"text"', 422, "invalid"),
        (b'{"name": "\\ud800", "time_zone": "Europe/Berlin"}', 400, "unreadable_json"),
        (b"[" * 100_000, 400, "unreadable_json"),
        (b'{"name": "' + b"x" * 1_000_000 + b'"}', 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(world: World, raw: bytes, status: int, code: str) -> None:
    admin = world.msp_admin(world.msp())
    answer = world.post("/msp/organizations", admin, raw=raw)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_everything_that_is_wrong_is_named_at_once(world: World) -> None:
    admin = world.msp_admin(world.msp())
    answer = world.post("/msp/organizations", admin, {"time_zone": "Nowhere", "colour": "red"})
    assert {error["field"] for error in answer.json["errors"]} == {"name", "time_zone", "colour"}
    assert all(error["message"].endswith(".") for error in answer.json["errors"])


@pytest.mark.parametrize("org_id", ["a%23b", "a%2Fb", "%20", "x" * 201, "%00", "Ü"])
def test_an_id_that_none_of_ours_can_be_is_not_there(world: World, org_id: str) -> None:
    assert world.get(f"/orgs/{org_id}", world.msp_admin(world.msp())).status == 404


def test_an_answer_is_never_kept_by_caches(world: World) -> None:
    answer = world.get("/msp/organizations", world.msp_admin(world.msp()))
    assert answer.headers["cache-control"] == "no-store"


def test_a_mistake_of_ours_is_answered_without_its_details(world: World) -> None:
    admin = world.msp_admin(world.msp())
    world.client("dynamodb").put_item(
        TableName=world.stage.table_names["core"],
        Item={"pk": {"S": f"ACCOUNT#{admin}"}, "sk": {"S": "ROLE#ORG#broken"}, "role": {"S": "no such role"}},
    )
    answer = world.get("/me", admin)
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert "Traceback" not in answer.text
    assert "no such role" not in answer.text


def _send(world: World, route: Route, account: str | None, params: dict[str, str]) -> Answer:
    path = route.path.format(**{name: params.get(name, "some-id") for name in _names(route.path)})
    query = QUERY_BY_ROUTE.get(route.name, "")
    return world.request(route.method, path + query, as_=account, body=BODY_BY_ROUTE.get(route.name))


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def test_browsers_may_call_from_the_one_origin_with_the_headers_that_routes_take(world: World) -> None:
    answer = world.get("/health")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    allowed = answer.headers["access-control-allow-headers"].split(",")
    assert {"Authorization", "Content-Type", "Idempotency-Key", "Muster-Msp"} <= set(allowed)
