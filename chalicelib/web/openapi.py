"""The OpenAPI 3.1 document, built from the routes and their pydantic models."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.web.problems import CONTENT_TYPE, Problem
from chalicelib.web.routing import FORM, HTML, JSON, MAX_KEY_LENGTH, Empty, Route

_REF = "#/components/schemas/{model}"


def openapi_document(routes: Sequence[Route]) -> dict[str, Any]:
    """The same routes give the same document, whatever their order."""
    ordered = sorted(routes, key=lambda route: (route.path, route.method))
    inputs = {route.body for route in ordered if route.body}
    answers = {route.answer for route in ordered if route.answer} | {Problem}
    models: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in inputs]
    models += [(model, "serialization") for model in answers]
    models.sort(key=lambda pair: (pair[0].__module__, pair[0].__name__, pair[1]))
    refs, definitions = models_json_schema(models, ref_template=_REF)
    schemas: dict[str, Any] = definitions.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for route in ordered:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Muster",
            "version": "1",
            "description": "Training assignments for the clients of a managed service provider.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "account": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "A Cognito ID token, without a prefix.",
                }
            },
        },
        "tags": [{"name": tag} for tag in sorted({route.tag for route in ordered})],
    }


def _operation(route: Route, refs: dict[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [route.tag],
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, refs),
        "security": [] if route.public else [{"account": []}],
    }
    if route.description:
        operation["description"] = route.description
    if route.body:
        schema = refs[(route.body, "validation")]
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in route.takes}}
    elif route.takes not in (JSON, FORM):
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": {}} for kind in route.takes}}
    return operation


def _parameters(route: Route, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Adds the schemas that the parameters refer to to `schemas`."""
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not Empty:
        schema = route.query.model_json_schema(ref_template=_REF)
        schemas |= schema.get("$defs", {})
        for name, field in schema.get("properties", {}).items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", []),
                    "description": field.get("description", ""),
                    "schema": _without_null(field),
                }
            )
    if route.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": route.needs_key,
                "description": "The same key and body answer as the first time, for 24 hours.",
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
            }
        )
    return parameters


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A parameter without a value is left out, not null."""
    others = [schema for schema in field.get("anyOf", ()) if schema != {"type": "null"}]
    if len(others) == 1:
        return dict(others[0])
    return {name: value for name, value in field.items() if name not in ("title", "description")}


def _responses(route: Route, refs: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done"}
    if route.answer and route.is_page:
        answer = refs[(route.answer, "serialization")]
        success["content"] = {HTML: {"schema": {}}, **{kind: {"schema": answer} for kind in route.also_answers}}
    elif route.answer:
        success["content"] = {route.content_type: {"schema": refs[(route.answer, "serialization")]}}
    elif route.status != 204:
        success["content"] = {kind: {"schema": {}} for kind in (route.content_type, *route.also_answers)}
    content: dict[str, Any] = {CONTENT_TYPE: {"schema": refs[(Problem, "serialization")]}}
    if not route.is_page:
        return {str(route.status): success, "default": {"description": "What is wrong", "content": content}}
    # A page says itself what is wrong; what API Gateway refuses is answered with problem details on every route.
    content = {HTML: {"schema": {}}, **content}
    location = {"Location": {"schema": {"type": "string"}, "description": "May be relative to the page's own address."}}
    elsewhere = {"description": "Go on at another page", "headers": location}
    responses = {str(route.status): success, "default": {"description": "What is wrong, as a page", "content": content}}
    return responses if route.method == "GET" else responses | {"303": elsewhere}
