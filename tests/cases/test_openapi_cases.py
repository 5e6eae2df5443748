"""What the OpenAPI document calls valid is accepted, and what is answered is of a content type that it names.

Thousands of requests made from the document by schemathesis, sent in process: `make cases`. Requests that the state of
things refuses (an id of nothing, a cursor that was not given out) are no faults of the document.
"""

import json
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.web.openapi import openapi_document
from chalicelib.web.routing import ROUTES
from tests import gateway
from tests.harness import World

schemathesis = pytest.importorskip("schemathesis", reason="installed by `make cases`")

import app  # noqa: E402, F401  (registers every route)

# Formats are notes to people: not every text of theirs is taken.
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "UTC"]))
schemathesis.openapi.format("email", st.from_regex(r"[a-z0-9]{1,20}@[a-z]{1,10}\.(com|example\.org)", fullmatch=True))
_LOCAL = st.datetimes(datetime(2000, 1, 1), datetime(2999, 12, 31))  # noqa: DTZ001 - local
schemathesis.openapi.format("local-date-time", _LOCAL.map(lambda local: local.strftime("%Y-%m-%dT%H:%M")))

# Refused by the state, or by a rule between fields that JSON Schema cannot say.
BY_STATE = {"before_from", "invalid_cursor", "unknown_course", "wrong_code", "not_entitled"}

_KEYS = (f"key {number}" for number in count())

OPERATIONS = [result.ok() for result in schemathesis.openapi.from_dict(openapi_document(ROUTES)).get_all_operations()]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_valid_requests_are_taken_and_answers_are_as_documented(world: World, operation: Any) -> None:
    account = world.account()

    @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    @settings(max_examples=60, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    def send(case: Any) -> None:
        answer = _send(case, account)
        responses = operation.definition.raw["responses"]
        documented = responses.get(str(answer.status)) or responses["default"]
        kind = answer.headers.get("content-type", "").split(";")[0]
        assert kind in documented.get("content", {"": None, "application/json": None, "text/html": None}), answer
        assert answer.status not in (400, 415, 500), f"{case.body!r}: {answer.text}"
        if answer.status == 422 and answer.json:
            codes = {error["code"] for error in answer.json["errors"]}
            wrong = {code for code in codes - BY_STATE if not code.startswith("password_")}
            assert not wrong, f"{case.query!r} {case.body!r}: {answer.text}"

    send()


def _send(case: Any, account: str) -> gateway.Answer:
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    query = {
        name: str(value).lower() if isinstance(value, bool) else value for name, value in (case.query or {}).items()
    }
    # Each request is one of its own.
    headers = {"idempotency-key": next(_KEYS)}
    body = None
    if case.media_type:
        headers["content-type"] = case.media_type
        if case.media_type == "application/json":
            body = json.dumps(case.body).encode()
        elif "form" in case.media_type:
            body = urlencode(case.body).encode()
        else:
            body = b"email,first name\nann@example.com,Ann\n"
    claims = {"sub": account, "token_use": "id"}
    return gateway.send(
        case.method, path + (f"?{urlencode(query)}" if query else ""), claims=claims, body=body, headers=headers
    )
