"""Lambda: runs another function of the stage, and waits for its answer."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.aws.clients import client
from chalicelib.aws.failures import translated
from chalicelib.core.errors import Unavailable


def invoke(name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the function answers. Raises Unavailable when it could not be run, or raised."""
    with translated():
        answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload).encode())
        content = answer["Payload"].read()
    if "FunctionError" in answer:
        raise Unavailable("function_failed", "A part of Muster failed; trying again may help.")
    result: dict[str, Any] = json.loads(content)
    return result
