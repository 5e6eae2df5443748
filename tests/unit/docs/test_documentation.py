"""The OpenAPI document and its page, with example routes."""

from typing import Any

import pytest
from pydantic import BaseModel, Field

from chalicelib.people.members.states import MemberStatus
from chalicelib.web.docs_page import docs_page, type_name
from chalicelib.web.openapi import openapi_document
from chalicelib.web.paging import PageQuery
from chalicelib.web.routing import Empty, Route


class Thing(BaseModel):
    """A <b>thing</b>."""

    name: str
    parts: list[str] = []


class ThingQuery(PageQuery):
    status: MemberStatus | None = Field(None, description="Only those in this status.")


def route(**changes: Any) -> Route:
    plain: dict[str, Any] = {
        "method": "GET", "path": "/things", "tag": "Things", "summary": "All things", "answer": Thing, "body": None,
        "query": Empty, "status": 200, "public": False, "idempotent": False, "content_type": "application/json",
        "description": "",
    }  # fmt: skip
    return Route(**{**plain, **changes})


def test_what_a_parameter_refers_to_is_in_the_document() -> None:
    document = openapi_document([route(query=ThingQuery)])
    status = next(one for one in document["paths"]["/things"]["get"]["parameters"] if one["name"] == "status")
    assert status["schema"] == {"$ref": "#/components/schemas/MemberStatus"}
    assert status["description"] == "Only those in this status."
    assert document["components"]["schemas"]["MemberStatus"]["enum"][0] == "prospect"


def test_the_order_in_which_routes_are_registered_does_not_show() -> None:
    first, second = route(query=ThingQuery), route(method="POST", body=Thing, idempotent=True)
    assert openapi_document([first, second]) == openapi_document([second, first])


@pytest.fixture
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.web.docs_page.root", lambda: "")


@pytest.mark.usefixtures("at_the_root")
def test_the_page_shows_texts_as_text() -> None:
    page = docs_page(openapi_document([route(summary="<script>alert(1)</script>")]))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "A &lt;b&gt;thing&lt;/b&gt;." in page


@pytest.mark.usefixtures("at_the_root")
def test_the_page_says_which_routes_are_public() -> None:
    assert "needs no token" in docs_page(openapi_document([route(public=True)]))
    assert "needs no token" not in docs_page(openapi_document([route()]))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date"}, "string (date)"),
        ({"$ref": "#/components/schemas/Thing"}, "Thing"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, "array of Thing"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"enum": ["a", "b"]}, '"a" or "b"'),
        ({"const": "a"}, '"a"'),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_named_in_a_few_words(schema: dict[str, Any], words: str) -> None:
    assert type_name(schema) == words
