"""The routes as a whole: documented, once where they have to be, and an app.py without logic."""

import ast
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

import app
from chalicelib.web.openapi import openapi_document
from chalicelib.web.routing import ROUTES, Empty, Route
from infra import openapi

# These create and send nothing: doing them twice leaves things as doing them once.
NOT_ONCE = {
    # Reads by a body.
    "POST /orgs/{org_id}/members/search",
    "POST /me/courses/{enrollment_id}/start",
    "POST /me/courses/{enrollment_id}/complete",
    # One count at a time: whoever asks for another joins in.
    "POST /orgs/{org_id}/reports/refresh",
    "POST /msp/reports/refresh",
    # An invitation is answered once, and one answer follows another on its page.
    "POST /me/invites/{invite_id}/accept",
    "POST /me/invites/{invite_id}/decline",
    "POST /invites/{token}/accept",
    "POST /invites/{token}/confirm",
    "POST /invites/{token}/finish",
    "POST /invites/{token}/password",
    "POST /invites/{token}/forgot",
    "POST /invites/{token}/reset",
    "POST /invites/{token}/decline",
    "POST /invites/{token}/renew",
    "POST /rsvp/{token}",
    "POST /me/trainings/{participation_id}/confirm",
    "POST /me/trainings/{participation_id}/decline",
    "POST /me/trainings/{participation_id}/tentative",
    "POST /me/notifications/read",
    # Public ones have no caller whose key it could be; a code is mailed again, and the newest counts.
    "POST /auth/register",
    "POST /auth/confirm",
    "POST /auth/resend",
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/forgot",
    "POST /auth/reset",
    # The form carries its own id, and the code leads whoever has it to the same invitation.
    "POST /join/{slug}",
    "POST /join/{slug}/verify",
    # The code is good for one change, which may be asked for as often as one likes.
    "POST /me/email/confirm",
}

# These have a line for each client of one submission: 25 at most.
BOUNDED = {"/msp/training/preview", "/msp/training/preview/{plan_id}"}

APP = Path(app.__file__)
# Status and calls of every route's answers, as the walk of routes finds them.
_PRESSED = Path(__file__).parent.parent / "faults" / "routes" / "calls.json"


def test_the_committed_openapi_document_is_the_one_of_the_routes() -> None:
    committed = openapi.DOCUMENT.read_text(encoding="utf-8")
    assert committed == openapi.current(), "docs/openapi.json is not of these routes: run python -m infra.openapi"


def test_the_openapi_document_is_valid_openapi_3_1() -> None:
    document = openapi_document(ROUTES)
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_operation_of_the_openapi_document_has_an_id_of_its_own() -> None:
    ids = [operation["operationId"] for methods in _paths().values() for operation in methods.values()]
    assert len(ids) == len(set(ids)) == len(ROUTES)


def test_every_schema_has_one_name_whatever_file_it_is_in() -> None:
    """Two models of one name would get the paths of their modules: moving a file would change what is published."""
    names = openapi_document(ROUTES)["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []


def test_a_status_in_an_answer_is_one_of_those_that_the_document_names() -> None:
    schemas = openapi_document(ROUTES)["components"]["schemas"]
    plain = [
        f"{model}.{field}"
        for model, schema in schemas.items()
        for field, of in schema.get("properties", {}).items()
        if field in ("status", "state", "outcome", "batch_status", "result", "readiness", "verdict")
        for one in of.get("anyOf", [of])
        if one.get("type") == "string" and not {"enum", "const"} & one.keys()
    ]
    assert plain == []


def test_the_openapi_document_is_the_same_in_whichever_order_routes_were_registered() -> None:
    assert openapi_document(ROUTES[::-1]) == openapi_document(ROUTES)


def test_every_route_has_a_summary_for_people() -> None:
    assert [route.name for route in ROUTES if not re.fullmatch(r"[A-Z][^.]{2,60}", route.summary)] == []
    assert [route.name for route in ROUTES if not route.tag] == []


def test_every_post_that_creates_or_sends_happens_once() -> None:
    idempotent = {route.name for route in ROUTES if route.idempotent}
    assert idempotent == {route.name for route in ROUTES if route.method == "POST"} - NOT_ONCE


def test_a_form_on_a_public_page_leads_to_an_address_of_its_own() -> None:
    """What a POST shows itself can't be reloaded, gone back to, or opened elsewhere: only a refusal is shown there."""
    pressed = json.loads(_PRESSED.read_text(encoding="utf-8"))
    forms = {route.name for route in ROUTES if route.public and route.is_page and route.method == "POST"}
    found = {name: answers for name, answers in pressed.items() if name.split(":")[0] in forms}
    statuses = {name: {answer[0] for answer in answers.values()} for name, answers in found.items()}
    assert {name.split(":")[0] for name in statuses} == forms
    assert {name: one for name, one in statuses.items() if one != {303}} == {}


def test_every_route_says_what_it_answers() -> None:
    # Public ones answer pages and documents, others may answer files; what answers nothing says so with 204.
    is_json = "application/json"
    bare = {
        route.name for route in ROUTES if route.answer is None and not route.public and route.content_type == is_json
    }
    assert bare == {route.name for route in ROUTES if route.status == 204 and not route.public}
    for route in ROUTES:
        elsewhere = {"303"} if route.is_page and route.method != "GET" else set()
        assert set(_operation(route)["responses"]) == {str(route.status), "default", *elsewhere}, route.name
        # Issue 10, 23: nine page routes claimed problem details and answered HTML.
        kinds = set(_operation(route)["responses"]["default"]["content"])
        assert kinds == {"application/problem+json", *({"text/html"} if route.is_page else set())}, route.name


def test_what_a_route_takes_is_in_the_openapi_document_and_nothing_else_is_let_in() -> None:
    for route in ROUTES:
        parameters = {(one["in"], one["name"]) for one in _operation(route)["parameters"]}
        assert {name for place, name in parameters if place == "path"} == set(re.findall(r"{(\w+)}", route.path))
        assert (("header", "Idempotency-Key") in parameters) == route.idempotent, route.name
        assert any(place == "query" for place, _ in parameters) == (route.query is not Empty), route.name
        for model in (route.body, route.query):
            assert model is None or model.model_config.get("extra") == "forbid", f"{model} lets unknown fields in"


def test_lists_come_in_pages() -> None:
    lists = [
        route
        for route in ROUTES
        if route.answer is not None and "items" in route.answer.model_fields and route.path not in BOUNDED
    ]
    assert len(lists) > 10
    for route in lists:
        assert "next_cursor" in route.answer.model_fields, route.name
        assert {"limit", "cursor"} <= set(route.query.model_fields), route.name


def test_no_route_is_there_twice_nor_reads_like_another() -> None:
    """API Gateway takes one name for a parameter in one place of the path."""
    names: dict[str, str] = {}
    for route in ROUTES:
        parts = route.path.split("/")
        for index, part in enumerate(parts):
            if part.startswith("{"):
                place = "/".join(parts[:index])
                assert names.setdefault(place, part) == part, route.name
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def test_no_handler_of_the_application_has_logic() -> None:
    functions = [node for node in ast.parse(APP.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        (statement,) = function.body
        assert isinstance(statement, ast.Return | ast.Expr), function.name
        assert isinstance(statement.value, ast.Call), function.name
        assert not any(isinstance(node, _LOGIC) for node in ast.walk(statement)), function.name


def test_the_application_is_a_table_of_contents() -> None:
    kinds = {type(node) for node in ast.parse(APP.read_text()).body}
    assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.Expr, ast.For, ast.FunctionDef}


_LOGIC = (ast.IfExp, ast.BoolOp, ast.Compare, ast.Lambda, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)


@lru_cache(maxsize=1)
def _paths() -> dict[str, Any]:
    return dict(openapi_document(ROUTES)["paths"])


def _operation(route: Route) -> dict[str, Any]:
    return dict(_paths()[route.path][route.method.lower()])
